package automation

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// leases are exclusive holds on stacks, one file a stack under an flock. The
// kernel ends a hold with the last process that has the file open: the holder,
// or the CLI that it started and handed the open file to. So a hold that can
// be taken proves that no run of that stack is alive on this machine, however
// the last one ended.
type leases struct{ dir string }

// lease is one hold.
type lease struct{ file *os.File }

// holder is what a lease's file says of whoever holds it, for people.
type holder struct {
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

// take holds a name, or says at once who does: CodeConflict. Errors call it
// what; holders of different things have different names.
func (l leases) take(name, what string) (*lease, error) {
	path := filepath.Join(l.dir, name+".lease")
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "%s: cannot open its lease %s: %w", what, path, err)
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			defer f.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, tenants.Errorf(tenants.CodeConflict, "%s: another operation is running%s; wait for it to end and try again", what, describeHolder(f))
			}
			return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "%s: cannot lock its lease %s: %w", what, path, err)
		}
		if !current(f, path) { // released, and so removed, between our open and our lock
			f.Close()
			continue
		}
		note, err := json.Marshal(holder{PID: os.Getpid(), Since: time.Now().UTC()})
		if err == nil {
			_ = f.Truncate(0)
			_, err = f.WriteAt(note, 0)
		}
		if err != nil {
			f.Close()
			return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "%s: cannot write its lease %s: %w", what, path, err)
		}
		return &lease{file: f}, nil
	}
}

// current tells whether the open file is still the one of that name.
func current(f *os.File, path string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(opened, named)
}

func describeHolder(f *os.File) string {
	data, err := io.ReadAll(io.LimitReader(f, 4096))
	var h holder
	if err != nil || json.Unmarshal(data, &h) != nil || h.PID == 0 {
		return ""
	}
	return fmt.Sprintf(" (process %d, since %s)", h.PID, h.Since.Local().Format("15:04:05"))
}

// release ends the hold and removes its file, in this order for whoever waits
// to open it: removed while still locked, so that nobody locks a file that is
// about to go without noticing (see current).
func (l *lease) release() {
	_ = os.Remove(l.file.Name())
	_ = l.file.Close()
}
