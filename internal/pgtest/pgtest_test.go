package pgtest_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/pgtest"
)

// TestMain is also the process that is killed while it has a server.
func TestMain(m *testing.M) {
	if os.Getenv("PGTEST_HOLD") != "" {
		s, err := pgtest.Start(false)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		connection, err := s.Create()
		fmt.Println(connection, err)
		select {}
	}
	os.Exit(m.Run())
}

// socket gives the socket of the server that a connection string names.
func socket(t *testing.T, connection string) string {
	t.Helper()
	u, err := url.Parse(connection)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432")
}

func TestServerLeavesNothing(t *testing.T) {
	s, err := pgtest.Start(false)
	if errors.Is(err, pgtest.ErrMissing) && os.Getenv(pgtest.Environment) != "required" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.Create()
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Create()
	if err != nil {
		t.Fatal(err)
	}
	if first == second {
		t.Errorf("both databases are %s", first)
	}
	if _, err := os.Stat(socket(t, first)); err != nil {
		t.Error(err)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(socket(t, first))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
}

// TestServerEndsWithItsProcess kills the process that started a server.
func TestServerEndsWithItsProcess(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "PGTEST_HOLD=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	kill := func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // it says that it was killed
	}
	if err != nil || !strings.HasSuffix(line, " <nil>\n") {
		kill()
		if strings.Contains(line, pgtest.ErrMissing.Error()) && os.Getenv(pgtest.Environment) != "required" {
			t.Skip(line)
		}
		t.Fatal(line, err)
	}
	dir := filepath.Dir(socket(t, strings.TrimSuffix(line, " <nil>\n")))
	t.Cleanup(func() { os.RemoveAll(dir) })
	pid := postmaster(t, dir)
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("process %d is not there while the server runs: %v", pid, err)
	}
	kill()
	for deadline := time.Now().Add(20 * time.Second); syscall.Kill(pid, 0) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = syscall.Kill(pid, syscall.SIGQUIT)
			t.Fatalf("PostgreSQL (process %d) outlived the process that started it", pid)
		}
	}
}

// postmaster reads the process id of the server in a directory.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscan(string(data), &pid); err != nil {
		t.Fatal(err)
	}
	return pid
}
