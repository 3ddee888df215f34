package automation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/sig"

	"github.com/tenantform/tenantform/tenants"
)

// A CLI writes down what it is about to create before it asks the provider. If
// the provider goes away in the middle, because it is served by a process that
// was killed, the CLI has a moment, before it is killed too, to record that the
// creation failed; the resource may exist all the same, and then no state knows
// it. So a run keeps, beside the lease, the state as it was when the CLI last
// asked a provider for something. A run that ends takes it away; one that was
// killed leaves it, and the next run finds in it every creation that was under
// way at the end.

// keeper keeps a stack's state from before each request to a provider.
type keeper struct {
	source string // the state
	path   string // where it is kept
	warn   func(error)

	mu   sync.Mutex
	last os.FileInfo // of the state that is kept; nil for none
}

// begunPath is where a stack's state is kept while a run changes it.
func (e *Engine) begunPath(stack string) string {
	return filepath.Join(e.leases.dir, "stack-"+stack+".begun")
}

// keep copies the state if it is another than the one that is kept.
func (k *keeper) keep() {
	k.mu.Lock()
	defer k.mu.Unlock()
	info, err := os.Stat(k.source)
	if err != nil || k.last != nil && os.SameFile(k.last, info) && k.last.ModTime().Equal(info.ModTime()) {
		return // a state that is not there has nothing under way
	}
	data, err := os.ReadFile(k.source)
	if err == nil {
		err = os.WriteFile(k.path+".new", data, 0o600)
	}
	if err == nil {
		err = os.Rename(k.path+".new", k.path)
	}
	if err != nil {
		k.warn(err)
		return
	}
	k.last = info
}

// done takes away what was kept.
func (k *keeper) done() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last != nil {
		_ = os.Remove(k.path)
	}
}

// entry is a resource as a state has it, whole.
type entry map[string]json.RawMessage

// text gives a field that is a string; flag one that is a boolean.
func (e entry) text(field string) string {
	var s string
	_ = json.Unmarshal(e[field], &s)
	return s
}

func (e entry) flag(field string) bool { return bytes.Equal(bytes.TrimSpace(e[field]), []byte("true")) }

// underWay is an operation that is not over, as a state has it, whole.
type underWay struct {
	Resource entry  `json:"resource"`
	Type     string `json:"type"`
}

// stateFile is as much of a DIY backend's state as is asked for here.
type stateFile struct {
	Checkpoint struct {
		Latest struct {
			Resources []entry    `json:"resources"`
			Pending   []underWay `json:"pending_operations"`
		} `json:"latest"`
	} `json:"checkpoint"`
}

// readState reads a file of the backend's form; an empty one where there is none.
func readState(path string) (stateFile, error) {
	var f stateFile
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	if err != nil {
		return f, tenants.Errorf(tenants.CodeFailedPrecondition, "the state %s cannot be read: %w", path, err)
	}
	return f, nil
}

// lost gives the creations that were under way when a run was killed, and that
// the state has neither as under way nor as done.
func (f stateFile) lost(begun string) ([]underWay, error) {
	before, err := readState(begun)
	if err != nil {
		return nil, err
	}
	var lost []underWay
	for _, op := range before.Checkpoint.Latest.Pending {
		if op.Type == "creating" && !f.accounts(op.Resource) {
			lost = append(lost, op)
		}
	}
	return lost, nil
}

// accounts tells whether a state knows what became, or becomes, of a creation.
func (f stateFile) accounts(made entry) bool {
	urn := made.text("urn")
	for _, p := range f.Checkpoint.Latest.Pending {
		if p.Resource.text("urn") == urn {
			return true
		}
	}
	for _, r := range f.Checkpoint.Latest.Resources {
		// What it replaces has its name, and other inputs.
		if r.text("urn") == urn && !r.flag("delete") && !r.flag("pendingReplacement") && sameJSON(r["inputs"], made["inputs"]) {
			return true
		}
	}
	return false
}

// knows tells whether a stack's state has a resource of that type with that id
// and those inputs. The id alone may be that of one in another account.
func (r *run) knows(ctx context.Context, typ, id string, inputs map[string]any) (bool, error) {
	stacks, err := r.recordedStacks(ctx)
	if err != nil {
		return false, err
	}
	for _, stack := range stacks {
		f, err := r.recorded(ctx, stack)
		if err != nil {
			return false, err
		}
		for _, r := range f.Checkpoint.Latest.Resources {
			var theirs any
			if r.text("type") != typ || r.text("id") != id || r.flag("pendingReplacement") || json.Unmarshal(r["inputs"], &theirs) != nil {
				continue
			}
			if sameValue(theirs, any(inputs)) {
				return true, nil
			}
		}
	}
	return false, nil
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	return unmarshal(a, &x) == nil && unmarshal(b, &y) == nil && sameValue(x, y)
}

// sameValue compares values of a state. Secrets are alike: each time one is
// written its cipher is another.
func sameValue(a, b any) bool {
	x, isMap := a.(map[string]any)
	y, too := b.(map[string]any)
	if !isMap || !too {
		l, isList := a.([]any)
		m, too := b.([]any)
		if !isList || !too || len(l) != len(m) {
			return reflect.DeepEqual(a, b)
		}
		for i := range l {
			if !sameValue(l[i], m[i]) {
				return false
			}
		}
		return true
	}
	if x[sig.Key] == sig.Secret && y[sig.Key] == sig.Secret {
		return true
	}
	if len(x) != len(y) {
		return false
	}
	for name, v := range x {
		w, ok := y[name]
		if !ok || !sameValue(v, w) {
			return false
		}
	}
	return true
}

// adopt puts a resource that exists into a list of a state's. One that it
// replaces goes out of the list where it was deleted before, and is marked for
// deletion where it was not. Otherwise the new one stands last: after all that
// it depends on, and nothing can depend on it yet.
func adopt(resources []json.RawMessage, made entry, id string) ([]json.RawMessage, error) {
	quoted, err := json.Marshal(id)
	if err != nil {
		return nil, err
	}
	made["id"], made["outputs"] = quoted, made["inputs"] // the refresh that follows fills the outputs
	whole, err := json.Marshal(made)
	if err != nil {
		return nil, err
	}
	for i, raw := range resources {
		var old entry
		if err := json.Unmarshal(raw, &old); err != nil {
			return nil, err
		}
		if old.text("urn") != made.text("urn") || old.flag("delete") {
			continue
		}
		if old.flag("pendingReplacement") {
			resources[i] = whole
			return resources, nil
		}
		old["delete"] = json.RawMessage("true")
		if resources[i], err = json.Marshal(old); err != nil {
			return nil, err
		}
	}
	return append(resources, whole), nil
}
