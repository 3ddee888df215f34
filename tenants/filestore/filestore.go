package filestore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// format is the version of the files' layout.
const format = 1

const (
	tenantsDir    = "tenants"
	operationsDir = "operations"
	extension     = ".json"
)

// Store is a tenants.Store and a tenants.Journal. It is made by Open, holds no
// open files between calls, and may be used by several goroutines at once.
type Store struct {
	dir  string
	turn chan struct{} // holds one value while a goroutine of this process changes something
	now  func() time.Time
}

var (
	_ tenants.Store   = (*Store)(nil)
	_ tenants.Journal = (*Store)(nil)
)

// Open makes the directory where it does not exist and gives its store. What a
// process left unfinished when it was killed is taken away.
func Open(dir string) (*Store, error) {
	s := &Store{dir: dir, turn: make(chan struct{}, 1), now: time.Now}
	for _, d := range []string{dir, s.path(tenantsDir), s.path(operationsDir)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, s.failed("be opened", d, err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.exclusively(ctx, s.sweep); err != nil {
		return nil, err
	}
	return s, nil
}

// tenantFile and operationFile are the files' contents.
type tenantFile struct {
	Format int            `json:"format"`
	Tenant tenants.Tenant `json:"tenant"`
}

type operationFile struct {
	Format    int               `json:"format"`
	Operation tenants.Operation `json:"operation"`
}

// Create adds a tenant.
func (s *Store) Create(ctx context.Context, t tenants.Tenant) (tenants.Tenant, error) {
	if err := tenants.Invalid(tenants.ValidateID("id", t.ID)...); err != nil {
		return tenants.Tenant{}, err
	}
	var stored tenants.Tenant
	err := s.exclusively(ctx, func() error {
		old, err := s.tenant(t.ID)
		switch {
		case tenants.CodeOf(err) == tenants.CodeNotFound:
		case err != nil:
			return err
		case old.Status != tenants.StatusDeleted:
			return tenants.Errorf(tenants.CodeConflict, "tenant %s exists already, with status %s; choose another id", t.ID, old.Status)
		}
		if err := s.alone(t); err != nil {
			return err
		}
		t.Version = old.Version + 1
		t.CreatedAt = s.time()
		t.UpdatedAt = t.CreatedAt
		stored, err = s.writeTenant(t)
		return err
	})
	return stored, err
}

// Get gives a tenant.
func (s *Store) Get(ctx context.Context, id string) (tenants.Tenant, error) {
	if err := s.alive(ctx); err != nil {
		return tenants.Tenant{}, err
	}
	if tenants.ValidateID("id", id) != nil {
		return tenants.Tenant{}, notFound(id)
	}
	return s.tenant(id)
}

// List gives all tenants that are not deleted, by id.
func (s *Store) List(ctx context.Context) ([]tenants.Tenant, error) {
	if err := s.alive(ctx); err != nil {
		return nil, err
	}
	return s.present()
}

// present reads all tenants that are not deleted.
func (s *Store) present() ([]tenants.Tenant, error) {
	ids, err := s.names(s.path(tenantsDir))
	if err != nil {
		return nil, err
	}
	all := make([]tenants.Tenant, 0, len(ids))
	for _, id := range ids {
		t, err := s.tenant(id)
		if err != nil {
			return nil, err
		}
		if t.Status != tenants.StatusDeleted {
			all = append(all, t)
		}
	}
	return all, nil
}

// Update replaces a tenant.
func (s *Store) Update(ctx context.Context, t tenants.Tenant) (tenants.Tenant, error) {
	if tenants.ValidateID("id", t.ID) != nil {
		return tenants.Tenant{}, notFound(t.ID)
	}
	var stored tenants.Tenant
	err := s.exclusively(ctx, func() error {
		old, err := s.tenant(t.ID)
		if err != nil {
			return err
		}
		if old.Version != t.Version {
			return tenants.Errorf(tenants.CodeConflict, "tenant %s was changed meanwhile (version %d is stored, the change is based on %d); read it again and retry",
				t.ID, old.Version, t.Version)
		}
		if t.NetworkCIDR != old.NetworkCIDR {
			if err := s.alone(t); err != nil {
				return err
			}
		}
		t.Version++
		t.CreatedAt = old.CreatedAt
		t.UpdatedAt = s.time()
		stored, err = s.writeTenant(t)
		return err
	})
	return stored, err
}

// alone refuses a tenant whose range of addresses is, or overlaps with, another's.
func (s *Store) alone(t tenants.Tenant) error {
	if t.NetworkCIDR == "" {
		return nil
	}
	if err := tenants.Invalid(tenants.ValidateNetwork("networkCidr", t.NetworkCIDR)...); err != nil {
		return err
	}
	all, err := s.present()
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != t.ID && tenants.NetworksOverlap(other.NetworkCIDR, t.NetworkCIDR) {
			return tenants.Errorf(tenants.CodeConflict, "the range %s of tenant %s overlaps with %s, which tenant %s has; take another",
				t.NetworkCIDR, t.ID, other.NetworkCIDR, other.ID)
		}
	}
	return nil
}

// Record adds an operation, or replaces it.
func (s *Store) Record(ctx context.Context, op tenants.Operation) error {
	if err := tenants.Invalid(op.Validate()...); err != nil {
		return err
	}
	return s.exclusively(ctx, func() error {
		dir := s.path(operationsDir, op.TenantID)
		path := filepath.Join(dir, op.ID+extension)
		old, err := s.operation(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if err := s.makeDir(dir); err != nil {
				return err
			}
		case err != nil:
			return err
		case old.Kind != op.Kind || !old.StartedAt.Equal(op.StartedAt):
			return tenants.Errorf(tenants.CodeConflict, "operation %s of tenant %s is another one: a %s that began at %s; give the new one an id of its own",
				op.ID, op.TenantID, old.Kind, old.StartedAt.Format(time.RFC3339))
		}
		op.CancelRequested = op.CancelRequested || old.CancelRequested
		data, err := encode(operationFile{Format: format, Operation: op})
		if err != nil {
			return err
		}
		if old.Progress.Ended() {
			if before, err := encode(operationFile{Format: format, Operation: old}); err != nil || !bytes.Equal(before, data) {
				return tenants.Errorf(tenants.CodeConflict, "operation %s of tenant %s has ended (%s); its record cannot be changed", op.ID, op.TenantID, old.Progress)
			}
			return nil
		}
		return s.write(path, data)
	})
}

// Operations gives a tenant's operations, oldest first; none is no error.
func (s *Store) Operations(ctx context.Context, tenantID string) ([]tenants.Operation, error) {
	if err := s.alive(ctx); err != nil {
		return nil, err
	}
	if err := tenants.Invalid(tenants.ValidateID("tenantId", tenantID)...); err != nil {
		return nil, err
	}
	dir := s.path(operationsDir, tenantID)
	ids, err := s.names(dir)
	if err != nil {
		return nil, err
	}
	all := make([]tenants.Operation, 0, len(ids))
	for _, id := range ids {
		op, err := s.operation(filepath.Join(dir, id+extension))
		if err != nil {
			return nil, err
		}
		all = append(all, op)
	}
	slices.SortStableFunc(all, func(a, b tenants.Operation) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// tenant reads one tenant; CodeNotFound when there is none.
func (s *Store) tenant(id string) (tenants.Tenant, error) {
	path := s.path(tenantsDir, id+extension)
	var file tenantFile
	err := s.read(path, &file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return tenants.Tenant{}, notFound(id)
	case err != nil:
		return tenants.Tenant{}, err
	case file.Format != format:
		return tenants.Tenant{}, wrongFormat(path, file.Format)
	case file.Tenant.ID != id || file.Tenant.Version < 1:
		return tenants.Tenant{}, damaged(path, fmt.Errorf("it holds tenant %q in version %d", file.Tenant.ID, file.Tenant.Version))
	}
	return file.Tenant, nil
}

// operation reads one operation; the error is fs.ErrNotExist when there is none.
func (s *Store) operation(path string) (tenants.Operation, error) {
	var file operationFile
	if err := s.read(path, &file); err != nil {
		return tenants.Operation{}, err
	}
	if file.Format != format {
		return tenants.Operation{}, wrongFormat(path, file.Format)
	}
	op := file.Operation
	if filepath.Base(path) != op.ID+extension || filepath.Base(filepath.Dir(path)) != op.TenantID {
		return tenants.Operation{}, damaged(path, fmt.Errorf("it holds operation %q of tenant %q", op.ID, op.TenantID))
	}
	if op.Request != nil {
		var compact bytes.Buffer // the file has it with the file's indentation
		if err := json.Compact(&compact, op.Request); err != nil {
			return tenants.Operation{}, damaged(path, err)
		}
		op.Request = compact.Bytes()
	}
	return op, nil
}

// writeTenant writes a tenant and gives what a reader will see.
func (s *Store) writeTenant(t tenants.Tenant) (tenants.Tenant, error) {
	data, err := encode(tenantFile{Format: format, Tenant: t})
	if err != nil {
		return tenants.Tenant{}, err
	}
	if err := s.write(s.path(tenantsDir, t.ID+extension), data); err != nil {
		return tenants.Tenant{}, err
	}
	var file tenantFile
	if err := json.Unmarshal(data, &file); err != nil {
		return tenants.Tenant{}, err
	}
	return file.Tenant, nil
}

// names gives the ids that a directory has files for, sorted.
func (s *Store) names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, s.failed("be read", dir, err)
	}
	var ids []string
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), extension); ok && !strings.HasPrefix(id, ".") && !e.IsDir() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// time gives now in the precision that every store keeps.
func (s *Store) time() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

func (s *Store) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// alive refuses a call whose caller has gone.
func (s *Store) alive(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return tenants.Errorf(tenants.CodeUnavailable, "the store in %s was not asked: %w", s.dir, err)
	}
	return nil
}

func (s *Store) failed(what, path string, err error) error {
	return tenants.Errorf(tenants.CodeUnavailable, "%s cannot %s: %w; check that the disk has room and that the directory belongs to this user", path, what, err)
}

func notFound(id string) error {
	return tenants.Errorf(tenants.CodeNotFound, "there is no tenant %q", id)
}

func damaged(path string, err error) error {
	return tenants.Errorf(tenants.CodeInternal, "%s is damaged: %w; restore it from a backup, or move it away and look into what it should hold", path, err)
}

func wrongFormat(path string, got int) error {
	return tenants.Errorf(tenants.CodeFailedPrecondition, "%s has format %d, and this version reads format %d; use the version of tenantform that wrote it", path, got, format)
}

func encode(v any) ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeInternal, "cannot encode a record: %w", err)
	}
	return append(data, '\n'), nil
}
