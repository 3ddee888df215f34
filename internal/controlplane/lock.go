package controlplane

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/tenantform/tenantform/tenants"
)

// hold takes a file of a directory for this process, until the function that it
// gives is called or the process ends in whatever way. CodeConflict, with the
// other's process id, when another has it; why says what to do then.
func hold(dir, name, why string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "the directory %s cannot be made: %w", dir, err)
	}
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "%s cannot be opened: %w", path, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		data, _ := os.ReadFile(path)
		_ = f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "%s cannot be locked: %w", path, err)
		}
		return nil, tenants.Errorf(tenants.CodeConflict, "the process %s has %s: %s", strings.TrimSpace(string(data)), dir, why)
	}
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return func() { _ = f.Close() }, nil
}
