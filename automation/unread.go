package automation

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tenantform/tenantform/internal/atomicfile"
	"github.com/tenantform/tenantform/tenants"
)

// unreadPath is where it is noted which adopted resources of a stack were not
// read yet.
func (e *Engine) unreadPath(stack string) string {
	return filepath.Join(e.leases.dir, "stack-"+stack+".unread")
}

// unread gives the URNs that a repair adopted and was killed before it had read
// them from the cloud.
func (e *Engine) unread(stack string) ([]string, error) {
	data, err := os.ReadFile(e.unreadPath(stack))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var urns []string
	if err == nil {
		err = json.Unmarshal(data, &urns)
	}
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition,
			"stack %s: the note of what a repair adopted cannot be read: %w; remove %s and run \"tenantform stack refresh %s\"", stack, err, e.unreadPath(stack), stack)
	}
	return urns, nil
}

// noteUnread notes what is adopted and not yet read; nothing takes the note away.
func (e *Engine) noteUnread(stack string, urns []string) error {
	path := e.unreadPath(stack)
	if len(urns) == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return tenants.Errorf(tenants.CodeFailedPrecondition, "stack %s: %w", stack, err)
		}
		return nil
	}
	slices.Sort(urns)
	data, err := json.Marshal(slices.Compact(urns))
	if err == nil {
		err = atomicfile.Replace(path, data, 0o600)
	}
	if err != nil {
		return tenants.Errorf(tenants.CodeFailedPrecondition, "stack %s: %w", stack, err)
	}
	return nil
}

// having gives those of the URNs that a state has, sorted and each once.
func (f stateFile) having(urns []string) []string {
	var have []string
	for _, r := range f.Checkpoint.Latest.Resources {
		if urn := r.text("urn"); slices.Contains(urns, urn) {
			have = append(have, urn)
		}
	}
	slices.Sort(have)
	return slices.Compact(have)
}
