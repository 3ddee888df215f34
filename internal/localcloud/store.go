package localcloud

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// errTaken says that a name is in use by another resource.
var errTaken = errors.New("name is taken")

// claimSettles is how long a claim may stand without its resource's file: the
// time between the two writes of a create in another process, with room.
const claimSettles = time.Second

// store keeps one JSON file a resource:
//
//	<dir>/resources/<account>/<region>/<package.Type>/<key>.json
//	<dir>/names/<package.Type>/<second name that must be unique>.json
//
// A file appears complete (written under another name, then linked) and only
// if none of that name was there, so that several processes may share dir.
// What was read is kept and used again while the file's time and size are the
// same.
type store struct {
	dir   string
	mu    sync.RWMutex
	cache map[string]cached
}

type cached struct {
	info fs.FileInfo
	rec  *record
}

func (c cached) fresh(now fs.FileInfo) bool {
	return c.info.Size() == now.Size() && c.info.ModTime().Equal(now.ModTime()) && os.SameFile(c.info, now)
}

// claim is the content of a file under names.
type claim struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Key     string `json:"key"`
}

func (r *record) claim() claim { return claim{Account: r.Account, Region: r.Region, Key: r.key()} }

func newStore(dir string) *store { return &store{dir: dir, cache: map[string]cached{}} }

func (s *store) path(at place, short, key string) string {
	return filepath.Join(s.dir, "resources", fileName(at.account), fileName(at.region), short, fileName(key)+".json")
}

func (s *store) claimPath(short, unique string) string {
	return filepath.Join(s.dir, "names", short, fileName(unique)+".json")
}

// create writes a new record. With exclusive an existing one of that key is
// errTaken; otherwise it is written over, as AWS's Put calls do.
func (s *store) create(rec *record, short string, exclusive bool) error {
	if rec.Unique != "" {
		if err := s.claim(rec, short); err != nil {
			return err
		}
	}
	path := s.path(place{rec.Account, rec.Region}, short, rec.key())
	err := s.write(path, rec, exclusive)
	if err != nil && rec.Unique != "" {
		_ = os.Remove(s.claimPath(short, rec.Unique))
	}
	return err
}

// replace writes a record that exists.
func (s *store) replace(rec *record) error {
	return s.write(s.path(place{rec.Account, rec.Region}, shortName(rec.Type), rec.key()), rec, false)
}

// remove takes a record away; one that is gone already is no error.
func (s *store) remove(rec *record) error {
	short := shortName(rec.Type)
	path := s.path(place{rec.Account, rec.Region}, short, rec.key())
	err := os.Remove(path)
	s.mu.Lock()
	delete(s.cache, path)
	s.mu.Unlock()
	if c, _ := s.holder(short, rec.Unique); rec.Unique != "" && c == rec.claim() {
		_ = os.Remove(s.claimPath(short, rec.Unique))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return unavailable(err)
}

// get reads a record; nil when there is none.
func (s *store) get(at place, short, key string) (*record, error) {
	return s.read(s.path(at, short, key))
}

// holder tells who has claimed a unique name; false for nobody.
func (s *store) holder(short, unique string) (claim, bool) {
	var c claim
	data, err := os.ReadFile(s.claimPath(short, unique))
	if err != nil || json.Unmarshal(data, &c) != nil {
		return claim{}, false
	}
	if _, err := os.Stat(s.path(place{c.Account, c.Region}, short, c.Key)); err != nil {
		return c, false
	}
	return c, true
}

// list reads the records of an account, a region and a type, each of which may
// be empty for all, in the order of account, region, type and key.
func (s *store) list(account, region, short string) ([]*record, error) {
	pattern := func(part string) string {
		if part == "" {
			return "*"
		}
		return fileName(part)
	}
	root := filepath.Join(s.dir, "resources")
	dirs := []string{filepath.Join(root, pattern(account), pattern(region), pattern(short))}
	if account == "" || region == "" || short == "" {
		var err error
		if dirs, err = globDirs(root, pattern(account), pattern(region), pattern(short)); err != nil {
			return nil, unavailable(err)
		}
	}
	var records []*record
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, unavailable(err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), ".json") {
				continue
			}
			rec, err := s.read(filepath.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			if rec != nil {
				records = append(records, rec)
			}
		}
	}
	return records, nil
}

// globDirs gives root/a/b/c for the parts given, "*" being every directory.
func globDirs(root string, parts ...string) ([]string, error) {
	dirs := []string{root}
	for _, part := range parts {
		var next []string
		for _, dir := range dirs {
			if part != "*" {
				next = append(next, filepath.Join(dir, part))
				continue
			}
			entries, err := os.ReadDir(dir)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			for _, e := range entries {
				if e.IsDir() {
					next = append(next, filepath.Join(dir, e.Name()))
				}
			}
		}
		dirs = next
	}
	return dirs, nil
}

func (s *store) read(path string) (*record, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable(err)
	}
	s.mu.RLock()
	hit, ok := s.cache[path]
	s.mu.RUnlock()
	if ok && hit.fresh(info) {
		return hit.rec, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable(err)
	}
	rec := &record{}
	if err := json.Unmarshal(data, rec); err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "%s is not the JSON of a resource; mend or remove it: %w", path, err)
	}
	if err := s.locate(rec, path); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.cache[path] = cached{info: info, rec: rec}
	s.mu.Unlock()
	return rec, nil
}

// locate refuses a file whose content belongs elsewhere: a copy, or one whose
// account, region, type or key was edited.
func (s *store) locate(rec *record, path string) error {
	if s.path(place{rec.Account, rec.Region}, shortName(rec.Type), rec.key()) == path {
		return nil
	}
	return tenants.Errorf(tenants.CodeInvalid, "%s says that it is %s %s in account %s, region %s, whose file is another; mend or remove it",
		path, rec.Type, rec.key(), rec.Account, rec.Region)
}

func (s *store) write(path string, rec *record, exclusive bool) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(rec); err != nil {
		return tenants.Errorf(tenants.CodeInternal, "cannot write %s: %w", path, err)
	}
	s.mu.Lock()
	delete(s.cache, path)
	s.mu.Unlock()
	return putFile(path, buf.Bytes(), exclusive)
}

// claim takes a record's unique name.
func (s *store) claim(rec *record, short string) error {
	path := s.claimPath(short, rec.Unique)
	data, err := json.Marshal(rec.claim())
	if err != nil {
		return tenants.Errorf(tenants.CodeInternal, "cannot write %s: %w", path, err)
	}
	for deadline := time.Now().Add(claimSettles); ; {
		err := putFile(path, data, true)
		if !errors.Is(err, errTaken) {
			return err
		}
		if _, held := s.holder(short, rec.Unique); held {
			return errTaken
		}
		// Its resource was removed behind our back, or is being written now.
		if time.Now().After(deadline) {
			return putFile(path, data, false)
		}
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > claimSettles {
			return putFile(path, data, false)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// putFile puts a complete file at path in one step.
func putFile(path string, data []byte, exclusive bool) error {
	temp := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%016x", rand.Uint64()))
	err := os.WriteFile(temp, data, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			err = os.WriteFile(temp, data, 0o600)
		}
	}
	if err != nil {
		return unavailable(err)
	}
	if !exclusive {
		return unavailable(os.Rename(temp, path))
	}
	err = os.Link(temp, path)
	_ = os.Remove(temp)
	if errors.Is(err, fs.ErrExist) {
		return errTaken
	}
	return unavailable(err)
}

func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return tenants.Errorf(tenants.CodeUnavailable, "the local cloud's files: %w", err)
}

// maxFileName leaves room for ".json" in the 255 bytes of common file systems.
const maxFileName = 200

// fileName gives a name that every file system takes: what is not a letter, a
// digit, a dot, a dash or an underscore is written %XX. A name that gets too
// long ends in a digest.
func fileName(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if b.Len() <= maxFileName {
		return b.String()
	}
	sum := sha256.Sum256([]byte(s))
	return b.String()[:maxFileName-33] + "%" + hex.EncodeToString(sum[:16])
}
