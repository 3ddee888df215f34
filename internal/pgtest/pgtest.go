// Package pgtest runs a PostgreSQL server of the machine's own for tests: in a
// directory of its own, on a Unix socket that only this machine reaches, for as
// long as the test's process lives.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Environment names the variable that says what a test without a server does:
// with "required" it fails, otherwise it is skipped.
const Environment = "TENANTFORM_POSTGRES"

// ErrMissing is the error of Start on a machine without PostgreSQL's programs.
var ErrMissing = errors.New("no initdb and postgres were found on PATH or in /usr/lib/postgresql/*/bin, /usr/pgsql-*/bin and /opt/homebrew/opt/postgresql*/bin")

// Testing is what Database needs of a test or a benchmark.
type Testing interface {
	Helper()
	Fatal(args ...any)
	Skip(args ...any)
}

// Server is a running PostgreSQL server.
type Server struct {
	dir    string // holds the data, the socket and the log
	bin    string
	as     *account
	ended  chan struct{} // closed when the server's process has ended
	pid    int
	number atomic.Int64
}

// account is the user that the server runs as: PostgreSQL refuses to run as root.
type account struct{ uid, gid uint32 }

// Shared starts one server for all the tests of a process, when it is first asked.
// The zero value is ready.
type Shared struct {
	// Durable has the server wait for the disk, as it does in production. Tests
	// that measure nothing are several times faster without.
	Durable bool

	once   sync.Once
	server *Server
	err    error
}

// Database gives the connection string of a new, empty database. Where the
// machine has no PostgreSQL the test is skipped, or fails as Environment says.
func (s *Shared) Database(t Testing) string {
	t.Helper()
	s.once.Do(func() { s.server, s.err = Start(s.Durable) })
	if errors.Is(s.err, ErrMissing) && os.Getenv(Environment) != "required" {
		t.Skip("PostgreSQL is not tested: " + s.err.Error())
	}
	if s.err != nil {
		t.Fatal(s.err)
	}
	connection, err := s.server.Create()
	if err != nil {
		t.Fatal(err)
	}
	return connection
}

// Stop ends the server, if there is one, and removes what it left; it belongs
// into TestMain, after the tests.
func (s *Shared) Stop() error {
	if s.server == nil {
		return nil
	}
	return s.server.Stop()
}

// Start makes a database cluster and starts a server on it, which waits for the
// disk where durable says so. The error is ErrMissing where PostgreSQL is not
// installed.
func Start(durable bool) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	as, err := runAs()
	if err != nil {
		return nil, err
	}
	// A socket's path has at most 107 bytes, and that of a test's own directory is longer.
	dir, err := os.MkdirTemp("/tmp", "tenantform-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin, as: as, ended: make(chan struct{})}
	if as != nil {
		if err := os.Chown(dir, int(as.uid), int(as.gid)); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	if err := s.start(durable); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// programs finds the directory with the newest initdb and postgres.
func programs() (string, error) {
	var found []string
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb", "/opt/homebrew/opt/postgresql*/bin/initdb"} {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		slices.Reverse(matches)
		found = append(found, matches...)
	}
	for _, initdb := range found {
		path, err := filepath.EvalSymlinks(initdb)
		if err != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "postgres")); err == nil {
			return filepath.Dir(path), nil
		}
	}
	return "", ErrMissing
}

// runAs gives the user that the server runs as; nil: the user of this process.
func runAs() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uerr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gerr := strconv.ParseUint(u.Gid, 10, 32)
		if uerr == nil && gerr == nil {
			return &account{uid: uint32(uid), gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")
}

func (s *Server) data() string    { return filepath.Join(s.dir, "data") }
func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

// command gives a command that runs as the server's user, with nothing of this
// process's environment but the way to programs.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC", "HOME=" + s.dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if s.as != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: s.as.uid, Gid: s.as.gid}
	}
	return cmd
}

const (
	startTimeout = 60 * time.Second
	role         = "tenantform"
)

func (s *Server) start(durable bool) error {
	initdb := s.command("initdb", "--pgdata="+s.data(), "--username="+role, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	log, err := os.Create(s.logFile())
	if err != nil {
		return err
	}
	defer log.Close()
	server := s.command("postgres", "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "unix_socket_permissions=0777", "-c", "max_connections=200")
	if !durable {
		server.Args = append(server.Args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	server.Stdout, server.Stderr = log, log
	started := make(chan error, 1)
	go s.run(server, started)
	if err := <-started; err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		if s.command("pg_isready", "--quiet", "--host="+s.dir, "--username="+role, "--dbname=postgres").Run() == nil {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
			continue
		case <-s.ended:
			return s.failed("PostgreSQL ended while it started")
		case <-ctx.Done():
			return s.failed("PostgreSQL did not answer in " + startTimeout.String())
		}
	}
}

func (s *Server) failed(what string) error {
	log, err := os.ReadFile(s.logFile())
	return errors.Join(fmt.Errorf("%s:\n%s", what, bytes.TrimSpace(log)), err)
}

// Create makes a database and gives its connection string.
func (s *Server) Create() (string, error) {
	name := "test_" + strconv.FormatInt(s.number.Add(1), 10)
	if out, err := s.command("createdb", "--host="+s.dir, "--username="+role, name).CombinedOutput(); err != nil {
		return "", fmt.Errorf("createdb: %w\n%s", err, out)
	}
	query := url.Values{"host": {s.dir}, "user": {role}, "sslmode": {"disable"}}
	return "postgres:///" + name + "?" + query.Encode(), nil
}

// Stop ends the server at once, without a checkpoint, and removes its files.
func (s *Server) Stop() error {
	if s.pid != 0 {
		// SIGQUIT is PostgreSQL's immediate shutdown; it takes its children along.
		if err := syscall.Kill(s.pid, syscall.SIGQUIT); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
		select {
		case <-s.ended:
		case <-time.After(startTimeout):
			return fmt.Errorf("PostgreSQL (process %d) did not end in %s", s.pid, startTimeout)
		}
	}
	return os.RemoveAll(s.dir)
}
