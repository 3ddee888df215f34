// Package atomicfile writes files that are there as a whole or not at all:
// whoever reads while one is written, and whoever reads after the process or the
// machine went down in the middle, finds the old content or the new one.
//
// The content goes to a temporary file in the same directory, is made durable
// with fsync, gets the file's name in one step, and the directory is made durable
// in its turn, since a name is content of its directory. When a function answers
// nil the new content outlives a crash of the machine.
//
// An error leaves what was there, and no temporary file; only a process that is
// killed, and a machine that goes down, leave one, which Sweep removes. An error
// of the file system is an *fs.PathError that names the file asked for.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	prefix = ".tmp-" // of temporary files
	stale  = time.Hour
)

// Replace writes a file, in the place of the one that is there if there is one.
// It has the permissions perm, whatever the umask and the earlier file's. A
// symbolic link is replaced itself, and not what it leads to. The directory must
// exist. Of several who replace a file at once the last one wins.
func Replace(path string, data []byte, perm fs.FileMode) error {
	return write(path, data, perm, os.Rename, (*os.File).Sync)
}

// Create is Replace where there is no file of that name, or anything else. Where
// there is one it answers an error that is fs.ErrExist, and leaves it; that one is
// durable too then. Of several who create a file at once one does. The file system
// must have hard links.
func Create(path string, data []byte, perm fs.FileMode) error {
	if _, err := os.Lstat(path); err == nil {
		err = SyncDir(filepath.Dir(path))
		if err == nil {
			err = fs.ErrExist
		}
		return named(path, err)
	}
	return write(path, data, perm, os.Link, (*os.File).Sync)
}

// SyncDir makes the names in a directory durable: what was created, renamed and
// removed there.
func SyncDir(dir string) error { return syncDir(dir, (*os.File).Sync) }

// Temporary tells whether a file of this name, without its directory, is one that
// a write makes.
func Temporary(name string) bool { return strings.HasPrefix(name, prefix) }

// Sweep removes the temporary files that killed processes left in a directory:
// those in which nothing was written for an hour, since somebody may write just
// now. temporary tells by their names which files are; nil is Temporary, for what
// this package's writes leave. What is below the directory stays, and a directory
// that there is not has nothing to sweep.
func Sweep(dir string, temporary func(name string) bool) error {
	if temporary == nil {
		temporary = Temporary
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if !temporary(e.Name()) || !e.Type().IsRegular() {
			continue
		}
		info, statErr := e.Info()
		if statErr == nil && time.Since(info.ModTime()) > stale {
			statErr = os.Remove(filepath.Join(dir, e.Name()))
		}
		if !errors.Is(statErr, fs.ErrNotExist) { // its writer, or another's sweep
			err = errors.Join(err, statErr)
		}
	}
	return err
}

// write makes a temporary file, and lets place give it the file's name. fsync
// makes an open file durable.
func write(path string, data []byte, perm fs.FileMode, place func(from, to string) error, fsync func(*os.File) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, prefix+"*") // 0600
	if err != nil {
		return named(path, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(perm)
	}
	if err == nil {
		err = fsync(f)
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = place(f.Name(), path)
	}
	// A renamed one is gone already.
	if gone := os.Remove(f.Name()); !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	if err == nil || errors.Is(err, fs.ErrExist) {
		if unsynced := syncDir(dir, fsync); unsynced != nil {
			err = unsynced
		}
	}
	return named(path, err)
}

func syncDir(dir string, fsync func(*os.File) error) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(fsync(d), d.Close())
}

// named says of the file that was asked for what happened to the temporary one.
func named(path string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	} else if e, ok := errors.AsType[*os.LinkError](err); ok {
		err = e.Err
	}
	return &fs.PathError{Op: "write", Path: path, Err: err}
}
