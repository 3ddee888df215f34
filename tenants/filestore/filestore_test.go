package filestore_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/filestore"
	"github.com/tenantform/tenantform/tenants/storetest"
)

// TestMain is also the other process of the tests that need one.
func TestMain(m *testing.M) {
	if dir := os.Getenv("FILESTORE_TEST_DIR"); dir != "" {
		if err := otherProcess(dir, os.Getenv("FILESTORE_TEST_NAME")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const (
	counts     = 25 // times that each other process counts up
	operations = 5
)

// otherProcess counts in tenant acme, records operations, and tries to create
// tenant contested; it prints "created" when it was the one.
func otherProcess(dir, name string) error {
	s, err := filestore.Open(dir)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if _, err := s.Create(ctx, storetest.Tenant("contested")); err == nil {
		fmt.Println("created")
	} else if tenants.CodeOf(err) != tenants.CodeConflict {
		return err
	}
	limit := counts
	if name == "endless" {
		limit = 1 << 30
		fmt.Println("begun")
	}
	for done := 0; done < limit; {
		v, err := s.Get(ctx, "acme")
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(v.CostCenter)
		if err != nil {
			return err
		}
		v.CostCenter = strconv.Itoa(n + 1)
		if _, err = s.Update(ctx, v); err == nil {
			done++
		} else if tenants.CodeOf(err) != tenants.CodeConflict {
			return err
		}
	}
	for i := range operations {
		if err := s.Record(ctx, storetest.Operation(fmt.Sprintf("%s-%d", name, i), "acme", time.Unix(int64(i), 0).UTC())); err != nil {
			return err
		}
	}
	return nil
}

func open(t *testing.T) *filestore.Store {
	t.Helper()
	return openIn(t, filepath.Join(t.TempDir(), "state"))
}

func openIn(t *testing.T, dir string) *filestore.Store {
	t.Helper()
	s, err := filestore.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	storetest.RunStore(t, func(t *testing.T) tenants.Store { return open(t) })
	storetest.RunJournal(t, func(t *testing.T) tenants.Journal { return open(t) })
}

func start(t *testing.T, dir, name string) (*exec.Cmd, *strings.Builder) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "FILESTORE_TEST_DIR="+dir, "FILESTORE_TEST_NAME="+name)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &out
}

func counter(t *testing.T, s *filestore.Store) {
	t.Helper()
	v := storetest.Tenant("acme")
	v.CostCenter = "0"
	if _, err := s.Create(t.Context(), v); err != nil {
		t.Fatal(err)
	}
}

// TestProcessesAtOnce lets real processes change one tenant, the journal and a
// name that only one of them can have.
func TestProcessesAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	counter(t, s)
	const processes = 4
	var cmds []*exec.Cmd
	var outs []*strings.Builder
	for i := range processes {
		cmd, out := start(t, dir, "p"+strconv.Itoa(i))
		cmds, outs = append(cmds, cmd), append(outs, out)
	}
	created := 0
	for i, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v\n%s", i, err, outs[i])
		}
		created += strings.Count(outs[i].String(), "created")
	}
	if created != 1 {
		t.Errorf("%d processes created the same tenant", created)
	}
	v, err := s.Get(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	if want := processes * counts; v.CostCenter != strconv.Itoa(want) || v.Version != int64(want+1) {
		t.Errorf("counted to %s in version %d, want %d", v.CostCenter, v.Version, want)
	}
	ops, err := s.Operations(t.Context(), "acme")
	if err != nil || len(ops) != processes*operations {
		t.Errorf("%d operations, %v, want %d", len(ops), err, processes*operations)
	}
}

// TestKilledProcess kills a process while it writes, again and again: the lock
// is free, the tenant is whole, and nothing temporary stays.
func TestKilledProcess(t *testing.T) {
	dir := t.TempDir()
	counter(t, openIn(t, dir))
	last := 0
	for i := range 10 {
		cmd, out := start(t, dir, "endless")
		time.Sleep(time.Duration(30+7*i) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("the process ended by itself: %v\n%s", err, out)
		}
		s := openIn(t, dir)
		v, err := s.Get(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(v.CostCenter)
		if err != nil || int64(n) != v.Version-1 || n < last {
			t.Fatalf("counter %q in version %d after %d", v.CostCenter, v.Version, last)
		}
		last = n
		if left := find(t, dir, ".tmp-"); len(left) > 0 {
			t.Fatalf("left: %v", left)
		}
	}
	if last == 0 {
		t.Error("no process ever wrote: the test shows nothing")
	}
}

func find(t *testing.T, dir, part string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(path, part) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestOpenSweeps(t *testing.T) {
	dir := t.TempDir()
	openIn(t, dir)
	left := filepath.Join(dir, "tenants", ".tmp-123")
	if err := os.WriteFile(left, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	openIn(t, dir)
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", left, err)
	}
}

func TestKeptAcrossOpen(t *testing.T) {
	dir := t.TempDir()
	want, err := openIn(t, dir).Create(t.Context(), storetest.Tenant("acme"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := openIn(t, dir).Get(t.Context(), "acme"); err != nil || got.Version != want.Version || !got.CreatedAt.Equal(want.CreatedAt) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := openIn(t, dir)
	if _, err := s.Create(t.Context(), storetest.Tenant("acme")); err != nil {
		t.Fatal(err)
	}
	if err := s.Record(t.Context(), storetest.Operation("a", "acme", time.Now())); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		} else {
			files++
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil || files != 3 {
		t.Errorf("%d files, %v", files, err)
	}
}

// TestDamagedFiles checks that a damaged file is named, and neither overwritten
// nor passed over.
func TestDamagedFiles(t *testing.T) {
	tests := map[string]struct {
		content string
		code    tenants.Code
		says    string
	}{
		"cut":        {`{"format":1,"tenant":{"id":"ac`, tenants.CodeInternal, "is damaged"},
		"empty":      {``, tenants.CodeInternal, "is damaged"},
		"two values": {`{"format":1,"tenant":{"id":"acme","version":1}}{}`, tenants.CodeInternal, "is damaged"},
		"other id":   {`{"format":1,"tenant":{"id":"birch","version":1}}`, tenants.CodeInternal, `holds tenant "birch"`},
		"no version": {`{"format":1,"tenant":{"id":"acme"}}`, tenants.CodeInternal, `version 0`},
		"newer":      {`{"format":2,"tenant":{"id":"acme","version":1}}`, tenants.CodeFailedPrecondition, "format 2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openIn(t, dir)
			path := filepath.Join(dir, "tenants", "acme.json")
			if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			v := storetest.Tenant("acme")
			_, getErr := s.Get(t.Context(), "acme")
			_, listErr := s.List(t.Context())
			_, createErr := s.Create(t.Context(), v)
			_, updateErr := s.Update(t.Context(), v)
			for call, err := range map[string]error{"get": getErr, "list": listErr, "create": createErr, "update": updateErr} {
				if tenants.CodeOf(err) != tt.code || !strings.Contains(fmt.Sprint(err), tt.says) || !strings.Contains(fmt.Sprint(err), path) {
					t.Errorf("%s: %v", call, err)
				}
			}
			if data, err := os.ReadFile(path); err != nil || string(data) != tt.content {
				t.Errorf("the file is now %q, %v", data, err)
			}
		})
	}
	t.Run("operation", func(t *testing.T) {
		dir := t.TempDir()
		s := openIn(t, dir)
		op := storetest.Operation("a", "acme", time.Now())
		if err := s.Record(t.Context(), op); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "operations", "acme", "a.json")
		if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := s.Operations(t.Context(), "acme")
		for _, err := range []error{err, s.Record(t.Context(), op)} {
			if tenants.CodeOf(err) != tenants.CodeInternal || !strings.Contains(fmt.Sprint(err), path) {
				t.Errorf("%v", err)
			}
		}
	})
}

// TestLockedElsewhere holds the lock as another process would: who waits gives
// up with its context, and changes nothing.
func TestLockedElsewhere(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = s.Create(ctx, storetest.Tenant("acme"))
	if tenants.CodeOf(err) != tenants.CodeUnavailable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if all, err := s.List(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("listed %v, %v", all, err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context(), storetest.Tenant("acme")); err != nil {
		t.Error(err)
	}
}

func TestOpenWhereItCannot(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := filestore.Open(filepath.Join(file, "state"))
	if tenants.CodeOf(err) != tenants.CodeUnavailable || !strings.Contains(fmt.Sprint(err), file) {
		t.Errorf("%v", err)
	}
}
