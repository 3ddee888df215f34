package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/killtest"
)

func want(t *testing.T, path, content string, perm fs.FileMode) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || string(data) != content {
		t.Errorf("%s holds %.40q, %v; want %.40q", path, data, err, content)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != perm {
		t.Errorf("%s has the mode %v, %v; want %v", path, info.Mode(), err, perm)
	}
}

// names gives what a directory holds.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func wantNames(t *testing.T, dir string, all ...string) {
	t.Helper()
	if got := names(t, dir); !slices.Equal(got, all) {
		t.Errorf("the directory holds %q, want %q", got, all)
	}
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for i, perm := range []fs.FileMode{0o600, 0o666, 0o640, 0o400, 0o644} { // the umask would take from the second
		content := strings.Repeat(fmt.Sprint(i), 3*i)
		if err := Replace(path, []byte(content), perm); err != nil {
			t.Fatal(err)
		}
		want(t, path, content, perm)
	}
	wantNames(t, dir, "file")
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := Replace(link, []byte("own"), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, link, "own", 0o600)
	want(t, path, strings.Repeat("4", 12), 0o644)
}

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	var wins atomic.Int32
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			err := Create(path, bytes.Repeat([]byte{byte('a' + i)}, 10000), 0o644)
			if err == nil {
				wins.Add(1)
			} else if !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if wins.Load() != 1 {
		t.Errorf("%d created one file", wins.Load())
	}
	data, err := os.ReadFile(path)
	if err != nil || len(data) != 10000 {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	want(t, path, strings.Repeat(string(data[:1]), 10000), 0o644)
	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Fatal(err)
	}
	if err := Create(dangling, nil, 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("where a link is that leads nowhere: %v", err)
	}
	wantNames(t, dir, "dangling", "file")
}

// TestErrors holds errors to what they name, and to what they leave.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := Replace(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing, taken := filepath.Join(dir, "missing", "file"), filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		err  error
		path string
		is   error
	}{
		"no directory":        {Replace(missing, nil, 0o600), missing, fs.ErrNotExist},
		"no directory either": {Create(missing, nil, 0o600), missing, fs.ErrNotExist},
		"a directory there":   {Replace(taken, nil, 0o600), taken, nil},
		"a file there":        {Create(path, []byte("new"), 0o600), path, fs.ErrExist},
	} {
		e, ok := errors.AsType[*fs.PathError](c.err)
		if !ok || e.Path != c.path || strings.Contains(c.err.Error(), prefix) || c.is != nil && !errors.Is(c.err, c.is) {
			t.Errorf("%s: %v, want an error of %s", name, c.err, c.path)
		}
	}
	want(t, path, "old", 0o600)
	wantNames(t, dir, "file", "taken")
}

// TestOrder holds writes to the order in which things are made durable, and fails
// each step in turn: what was there stays, and nothing else is left.
func TestOrder(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name  string
		place func(from, to string) error
		old   string
	}{{"replace", os.Rename, "old"}, {"create", os.Link, ""}} {
		for fails, after := range []string{"old", "old", "new", "new"} { // the third is that of the directory
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			if c.old != "" {
				if err := os.WriteFile(path, []byte(c.old), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var steps []string
			step := func(name string, do func() error) error {
				if steps = append(steps, name); len(steps) == fails+1 {
					return broken
				}
				return do()
			}
			fsync := func(f *os.File) error {
				info, err := f.Stat()
				if err != nil {
					t.Fatal(err)
				}
				name := "sync the directory"
				if info.Mode().IsRegular() {
					if name = "sync the file"; info.Size() != int64(len("new")) || info.Mode() != 0o640 {
						t.Errorf("%s: what is synced has %d bytes and the mode %v", c.name, info.Size(), info.Mode())
					}
				}
				return step(name, f.Sync)
			}
			err := write(path, []byte("new"), 0o640, func(from, to string) error {
				return step("place", func() error { return c.place(from, to) })
			}, fsync)
			if got, all := steps, []string{"sync the file", "place", "sync the directory"}; !slices.Equal(got, all[:min(fails+1, 3)]) {
				t.Errorf("%s: the steps are %q", c.name, got)
			}
			if failed := err != nil; failed != (fails < 3) || failed && !errors.Is(err, broken) {
				t.Errorf("%s whose step %d fails: %v", c.name, fails, err)
			}
			if after == "old" && c.old == "" {
				wantNames(t, dir)
				continue
			}
			wantNames(t, dir, "file")
			if data, err := os.ReadFile(path); err != nil || string(data) != after {
				t.Errorf("%s whose step %d fails leaves %q, %v; want %q", c.name, fails, data, err, after)
			}
		}
	}
}

// TestNotDurable has a file that is there, and is perhaps gone after a crash.
func TestNotDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := write(path, []byte("new"), 0o600, os.Link, func(f *os.File) error {
		if info, err := f.Stat(); err != nil || info.IsDir() {
			return errors.Join(err, syscall.EIO)
		}
		return nil
	})
	if errors.Is(err, fs.ErrExist) || !errors.Is(err, syscall.EIO) {
		t.Errorf("%v, want that it could not be made durable", err)
	}
	want(t, path, "old", 0o600)
}

const (
	victimDir = "TENANTFORM_TEST_ATOMICFILE_DIR"
	size      = 4 << 20
)

// TestKilledWriter kills a process that replaces a file again and again, at times
// that nobody chose: the file is always whole, and what is left is swept.
func TestKilledWriter(t *testing.T) {
	if dir := os.Getenv(victimDir); dir != "" {
		killtest.BeVictim()
		for i := 0; ; i++ {
			if err := Replace(filepath.Join(dir, "file"), bytes.Repeat([]byte{byte('a' + i%26)}, size), 0o640); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	left := 0
	for i := range 12 {
		v := killtest.Start(t, "TestKilledWriter", victimDir+"="+dir)
		began := time.Now()
		v.KillAt("its first write", func() bool {
			info, err := os.Stat(path)
			return err == nil && (info.ModTime().After(began) || time.Since(began) > time.Second)
		}, time.Duration(i)*3*time.Millisecond)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want(t, path, strings.Repeat(string(data[:1]), size), 0o640)
		left = len(names(t, dir)) - 1
	}
	if left == 0 {
		t.Error("no kill met a write")
	}
	if err := Sweep(dir, nil); err != nil {
		t.Fatal(err)
	}
	if now := len(names(t, dir)) - 1; now != left {
		t.Errorf("of %d temporary files of which somebody may write one, %d are left", left, now)
	}
	long := time.Now().Add(-2 * stale)
	for _, name := range names(t, dir) {
		if err := os.Chtimes(filepath.Join(dir, name), long, long); err != nil {
			t.Fatal(err)
		}
	}
	if err := Sweep(dir, nil); err != nil {
		t.Fatal(err)
	}
	wantNames(t, dir, "file")
	if err := Sweep(dir, func(name string) bool { return name == "file" }); err != nil {
		t.Fatal(err)
	}
	wantNames(t, dir)
	if err := Sweep(filepath.Join(dir, "missing"), nil); err != nil {
		t.Errorf("a directory that there is not: %v", err)
	}
}

// TestFullDisk lets a process write less than the file needs.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv(victimDir); dir != "" {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 16, Max: 1 << 16}); err != nil {
			t.Fatal(err)
		}
		err := Replace(filepath.Join(dir, "file"), make([]byte, size), 0o600)
		t.Logf("the write says: %v", err)
		if e, ok := errors.AsType[*fs.PathError](err); !ok || !errors.Is(err, syscall.EFBIG) || e.Path != filepath.Join(dir, "file") {
			t.Fatalf("%v, want that the file is too large", err)
		}
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := Replace(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	v := killtest.Start(t, "TestFullDisk", victimDir+"="+dir)
	if said := v.Said(); !strings.Contains(said, "the write says:") || !strings.HasSuffix(said, "PASS\n") {
		t.Errorf("%s", said)
	}
	want(t, path, "old", 0o600)
	wantNames(t, dir, "file")
}
