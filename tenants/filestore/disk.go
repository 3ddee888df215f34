package filestore

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tenantform/tenantform/internal/atomicfile"
	"github.com/tenantform/tenantform/tenants"
)

const (
	lockName = "lock"
	// A waiter asks again after firstWait, and then ever more slowly.
	firstWait = time.Millisecond
	lastWait  = 50 * time.Millisecond
)

// exclusively runs change while no other goroutine and no other process changes
// the store. It waits as long as ctx lets it; then the error is
// CodeUnavailable, and change did not run.
func (s *Store) exclusively(ctx context.Context, change func() error) error {
	if err := s.alive(ctx); err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return s.busy(ctx)
	}
	file, err := os.OpenFile(s.path(lockName), os.O_RDWR|os.O_CREATE|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return s.failed("be opened", s.path(lockName), err)
	}
	defer file.Close() // lets go of the lock
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return change()
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return s.failed("be locked", s.path(lockName), err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return s.busy(ctx)
		}
	}
}

func (s *Store) busy(ctx context.Context) error {
	return tenants.Errorf(tenants.CodeUnavailable, "the store in %s is being changed by another process and did not get free in time: %w; try again", s.dir, ctx.Err())
}

// read decodes a file. A missing file is fs.ErrNotExist.
func (s *Store) read(path string, into any) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil {
		return s.failed("be read", path, err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return damaged(path, err)
	}
	return nil
}

// write replaces a file as a whole, durably. The caller holds the lock.
func (s *Store) write(path string, data []byte) error {
	if err := atomicfile.Replace(path, data, 0o600); err != nil {
		return s.failed("be written", path, err)
	}
	return nil
}

// makeDir makes a directory below one that exists, durably.
func (s *Store) makeDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return s.failed("be made", dir, err)
	}
	if err := atomicfile.SyncDir(filepath.Dir(dir)); err != nil {
		return s.failed("be made", dir, err)
	}
	return nil
}

// sweep takes away the temporary files of processes that were killed while they
// wrote. The caller holds the lock, so nobody writes.
func (s *Store) sweep() error {
	return filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return s.failed("be read", path, err)
		}
		if !e.IsDir() && atomicfile.Temporary(e.Name()) {
			if err := os.Remove(path); err != nil {
				return s.failed("be removed", path, err)
			}
		}
		return nil
	})
}
