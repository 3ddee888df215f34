package killtest

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const victimDir = "TENANTFORM_TEST_KILLTEST_DIR"

// TestVictim runs itself, and is killed at its moment.
func TestVictim(t *testing.T) {
	if dir := os.Getenv(victimDir); dir != "" {
		BeVictim()
		t.Log("the victim is here")
		if strings.HasSuffix(dir, "short") {
			return
		}
		if err := os.WriteFile(filepath.Join(dir, "here"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		select {}
	}
	dir := t.TempDir()
	here := func() bool {
		_, err := os.Stat(filepath.Join(dir, "here"))
		return err == nil
	}
	v := Start(t, "TestVictim", victimDir+"="+dir)
	v.KillAt("its moment", here, time.Millisecond)
	if !here() || !strings.Contains(v.Said(), "the victim is here") {
		t.Errorf("it was not at its moment, or what it said is not kept:\n%s", v.Said())
	}

	fake := &failing{TB: t}
	short := Start(t, "TestVictim", victimDir+"="+dir+"/short")
	short.t = fake
	fake.run(func() { short.KillAt("a moment that does not come", func() bool { return false }, 0) })
	if !fake.failed {
		t.Error("a victim that ends by itself does not fail the test")
	}
	late := Start(t, "TestVictim", victimDir+"="+dir+"/short")
	<-late.ended
	fake = &failing{TB: t}
	late.t = fake
	fake.run(func() { late.KillAt("a moment that comes too late", func() bool { return true }, 0) })
	if !fake.failed {
		t.Error("a victim that had ended before it was killed does not fail the test")
	}
}

// failing is a test whose failure is what is wanted.
type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Helper() {}

func (f *failing) Fatalf(string, ...any) {
	f.failed = true
	runtime.Goexit()
}

func (f *failing) Errorf(string, ...any) { f.failed = true }

// run calls something that may end its goroutine.
func (f *failing) run(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	<-done
}

// TestLeft reads a directory as an engine keeps it.
func TestLeft(t *testing.T) {
	dir := t.TempDir()
	if all, err := UnderWay(dir, "tenant-acme"); err == nil || len(all) > 0 {
		t.Errorf("without a state: %v, %v", all, err)
	}
	if got := LockedBy(dir, "tenant-acme"); len(got) != 0 {
		t.Errorf("without locks: %v", got)
	}
	locks := filepath.Join(dir, "state", ".pulumi", "locks", "organization", "tenantform", "tenant-acme")
	for path, text := range map[string]string{
		StateFile(dir, "tenant-acme"):      `{"checkpoint":{"latest":{"pending_operations":[{"type":"creating","resource":{"type":"aws:ec2/vpc:Vpc"}}]}}}`,
		filepath.Join(locks, "a.json"):     `{"pid":7}`,
		filepath.Join(locks, "b.json"):     `{"pi`,
		filepath.Join(dir, "leases", "x"):  "",
		filepath.Join(locks, "other.attr"): "",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := UnderWay(dir, "tenant-acme")
	if err != nil || len(all) != 1 || all[0].Type != "creating" || all[0].Resource.Type != "aws:ec2/vpc:Vpc" {
		t.Errorf("under way: %v, %v", all, err)
	}
	if got := LockedBy(dir, "tenant-acme"); len(got) != 2 || got[0] != 7 || got[1] != 0 {
		t.Errorf("locked by %v, want 7 and somebody unknown", got)
	}
	fake := &failing{TB: t}
	if NothingLeft(fake, dir); !fake.failed {
		t.Error("a lease is left, and nobody says so")
	}
	if err := os.Remove(filepath.Join(dir, "leases", "x")); err != nil {
		t.Fatal(err)
	}
	NothingLeft(t, dir)
}

func TestLeave(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	fake := &failing{TB: t}
	gone := Leave(fake, dir, "x")
	if gone(); !fake.failed {
		t.Error("the file is there, and nobody says so")
	}
	fake.failed = false
	if err := os.Remove(filepath.Join(dir, "x")); err != nil {
		t.Fatal(err)
	}
	if gone(); fake.failed {
		t.Error("the file is gone, and the test fails")
	}
}
