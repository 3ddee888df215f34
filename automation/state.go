package automation

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// fileState reads what Pulumi's file backend keeps: "stack ls" and the like
// cost a CLI start each, and who holds a lock is told by no command.
type fileState struct{ root string }

// newFileState gives nil for a backend that is not a directory.
func newFileState(backendURL string) *fileState {
	path, ok := strings.CutPrefix(backendURL, "file://")
	if !ok {
		return nil
	}
	path, _, _ = strings.Cut(path, "?")
	if rest, home := strings.CutPrefix(path, "~"); home {
		dir, err := os.UserHomeDir()
		if err != nil {
			return nil
		}
		path = dir + rest
	}
	return &fileState{root: path}
}

// withoutSidecars makes a file backend keep no file of attributes beside each
// of its files. They are not written in one piece, unlike the files themselves:
// a CLI that is killed while it writes one leaves a state that cannot be read
// for want of attributes that nobody needs.
func withoutSidecars(backendURL string) string {
	if !strings.HasPrefix(backendURL, "file://") || strings.Contains(backendURL, "metadata=") {
		return backendURL
	}
	if strings.Contains(backendURL, "?") {
		return backendURL + "&metadata=skip"
	}
	return backendURL + "?metadata=skip"
}

func (s *fileState) stackFile(stack string) string {
	return filepath.Join(s.root, ".pulumi", "stacks", Project, stack+".json")
}

func (s *fileState) lockDir(stack string) string {
	return filepath.Join(s.root, ".pulumi", "locks", "organization", Project, stack)
}

func (s *fileState) exists(stack string) bool {
	_, err := os.Stat(s.stackFile(stack))
	return err == nil
}

// removeBackups removes what the backend, or a CLI that was killed while it
// wrote, keeps of a stack that was removed.
func (s *fileState) removeBackups(stack string) error {
	paths, err := filepath.Glob(s.stackFile(stack) + ".*")
	for _, path := range paths {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

func (s *fileState) stacks() ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(s.stackFile("x")))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "cannot list the stacks: %w", err)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".json"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// tags gives the tags of a stack; nil when it has none.
func (s *fileState) tags(stack string) (map[string]string, error) {
	data, err := os.ReadFile(strings.TrimSuffix(s.stackFile(stack), ".json") + ".pulumi-tags")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var kept struct {
		Tags map[string]string `json:"tags"`
	}
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	return kept.Tags, err
}

// stackLock is one lock of the file backend, as the CLI writes it.
type stackLock struct {
	PID       int       `json:"pid"`
	Username  string    `json:"username"`
	Hostname  string    `json:"hostname"`
	Timestamp time.Time `json:"timestamp"`
	path      string
}

func (s *fileState) locks(stack string) ([]stackLock, error) {
	entries, err := os.ReadDir(s.lockDir(stack))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "stack %s: cannot read its locks: %w", stack, err)
	}
	var locks []stackLock
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".json" {
			continue
		}
		path := filepath.Join(s.lockDir(stack), e.Name())
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) { // released since
			continue
		}
		l := stackLock{path: path}
		if err != nil || json.Unmarshal(data, &l) != nil {
			return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "stack %s: cannot read the lock %s, so nobody can tell whether its owner is alive; if you know that no pulumi runs on this stack, remove the file", stack, path)
		}
		locks = append(locks, l)
	}
	return locks, nil
}

// removeLock takes a lock away, with the attributes file that the backend
// keeps beside it.
func (s *fileState) removeLock(l stackLock) error {
	_ = os.Remove(l.path + ".attrs")
	if err := os.Remove(l.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return tenants.Errorf(tenants.CodeFailedPrecondition, "cannot remove the dead lock %s: %w", l.path, err)
	}
	return nil
}

// pendingOperation is an operation that the state says is under way.
type pendingOperation struct {
	Resource struct {
		URN    string         `json:"urn"`
		Type   string         `json:"type"`
		ID     string         `json:"id"`
		Custom bool           `json:"custom"` // a provider manages it; false for a component
		Inputs map[string]any `json:"inputs"`
	} `json:"resource"`
	Type string `json:"type"` // creating, updating, deleting, reading, importing
}
