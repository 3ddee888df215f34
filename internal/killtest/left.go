package killtest

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// project is project, as the directories are named.
const project = "tenantform"

// Operation is one that a stack's state has as under way.
type Operation struct {
	Type     string `json:"type"` // creating, updating, deleting
	Resource struct {
		Type string `json:"type"`
	} `json:"resource"`
}

// StateFile is where an engine with its state in its directory keeps a stack's.
func StateFile(dir, stack string) string {
	return filepath.Join(dir, "state", ".pulumi", "stacks", project, stack+".json")
}

// UnderWay gives the operations that a stack's state has as under way; an error
// where there is no state, or none that can be read.
func UnderWay(dir, stack string) ([]Operation, error) {
	var state struct {
		Checkpoint struct {
			Latest struct {
				Pending []Operation `json:"pending_operations"`
			} `json:"latest"`
		} `json:"checkpoint"`
	}
	data, err := os.ReadFile(StateFile(dir, stack))
	if err == nil {
		err = json.Unmarshal(data, &state)
	}
	return state.Checkpoint.Latest.Pending, err
}

// LockedBy gives the processes that hold a stack's locks; zero for a lock that is
// being written, or taken away.
func LockedBy(dir, stack string) []int {
	paths, _ := filepath.Glob(filepath.Join(dir, "state", ".pulumi", "locks", "organization", project, stack, "*.json"))
	holders := make([]int, len(paths))
	for i, path := range paths {
		var lock struct {
			PID int `json:"pid"`
		}
		if data, err := os.ReadFile(path); err == nil && json.Unmarshal(data, &lock) == nil {
			holders[i] = lock.PID
		}
	}
	return holders
}

// NothingLeft fails the test when an engine's directory has anything of a run that
// is over.
func NothingLeft(t testing.TB, dir string) {
	t.Helper()
	for _, d := range []string{"runs", "leases"} {
		if left, _ := os.ReadDir(filepath.Join(dir, d)); len(left) > 0 {
			t.Errorf("of runs that are over is left in %s: %v", d, left)
		}
	}
}

// Leave makes a file in a directory, as a process that was killed two hours ago
// left it. gone fails the test when the file is still there.
func Leave(t testing.TB, dir, name string) (gone func()) {
	t.Helper()
	path, then := filepath.Join(dir, name), time.Now().Add(-2*time.Hour)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("what a killed process left is still there: %s, %v", path, err)
		}
	}
}
