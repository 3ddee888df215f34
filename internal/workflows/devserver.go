package workflows

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tenantform/tenantform/tenants"
)

// DevServer is a Temporal development server, a process of its own with its state
// in a file. It is for one machine: development, demonstrations and tests.
type DevServer struct {
	Address string // host and port, for client.Options.HostPort
	cmd     *exec.Cmd
	ended   chan struct{}
	err     error // of the process, once ended
}

// DevServerOptions are what a development server may be told. The zero value of
// each field has a meaning.
type DevServerOptions struct {
	Path       string    // of the temporal command; FindTemporal's when empty
	Port       int       // on 127.0.0.1; a free one when 0
	Namespaces []string  // beside "default"
	Output     io.Writer // what the server says; nowhere when nil
}

// FindTemporal gives the path of the temporal command: TENANTFORM_TEMPORAL, then
// PATH, then the candidates. CodeFailedPrecondition when there is none.
func FindTemporal(candidates ...string) (string, error) {
	if path := os.Getenv("TENANTFORM_TEMPORAL"); path != "" {
		return path, nil
	}
	if path, err := exec.LookPath("temporal"); err == nil {
		return path, nil
	}
	for _, c := range candidates {
		if info, err := os.Stat(c); err == nil && !info.IsDir() {
			return filepath.Abs(c)
		}
	}
	return "", tenants.Errorf(tenants.CodeFailedPrecondition,
		"there is no temporal command: install it, name it in TENANTFORM_TEMPORAL, or build it with \"tools/ensure.sh temporal\"")
}

// startTime bounds how long a development server may take to answer.
const startTime = time.Minute

// StartDevServer starts a development server that keeps its state in a file, and
// waits until it answers. It ends with Stop. A process that is killed leaves it
// behind, and with it nothing but a port: the state is in the file.
func StartDevServer(ctx context.Context, file string, options *DevServerOptions) (*DevServer, error) {
	o := DevServerOptions{}
	if options != nil {
		o = *options
	}
	var err error
	if o.Path == "" {
		if o.Path, err = FindTemporal(); err != nil {
			return nil, err
		}
	}
	if o.Port == 0 {
		if o.Port, err = freePort(ctx); err != nil {
			return nil, tenants.Errorf(tenants.CodeUnavailable, "no port for the Temporal server: %w", err)
		}
	}
	args := []string{
		"server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", strconv.Itoa(o.Port), "--db-filename", file,
		"--log-level", "error",
		// Places are shared between tiers by fairness keys, which this server has behind a switch.
		"--dynamic-config-value", "matching.useNewMatcher=true", "--dynamic-config-value", "matching.enableFairness=true",
		// Each partition of a queue is fair for itself; for one machine one is enough.
		"--dynamic-config-value", "matching.numTaskqueueReadPartitions=1", "--dynamic-config-value", "matching.numTaskqueueWritePartitions=1",
	}
	for _, n := range o.Namespaces {
		args = append(args, "--namespace", n)
	}
	s := &DevServer{Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)), ended: make(chan struct{})}
	s.cmd = exec.Command(o.Path, args...) //nolint:gosec // the path is the operator's choice
	s.cmd.Stdout, s.cmd.Stderr = o.Output, o.Output
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C at the terminal is for us
	if err := s.cmd.Start(); err != nil {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "cannot start the Temporal server %s: %w", o.Path, err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	if err := s.answers(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// answers waits until the server does.
func (s *DevServer) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		c, err := client.DialContext(ctx, client.Options{HostPort: s.Address, Logger: silent{}})
		if err == nil {
			c.Close()
			return nil
		}
		select {
		case <-s.ended:
			return tenants.Errorf(tenants.CodeUnavailable, "the Temporal server ended before it answered: %w", s.err)
		case <-ctx.Done():
			return tenants.Errorf(tenants.CodeUnavailable, "the Temporal server did not answer at %s within %s: %w", s.Address, startTime, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Ended is closed when the server's process has ended.
func (s *DevServer) Ended() <-chan struct{} { return s.ended }

// PID gives the id of the server's process.
func (s *DevServer) PID() int { return s.cmd.Process.Pid }

// Stop ends the server, and waits until it has ended. The state stays in the file.
func (s *DevServer) Stop() error {
	select {
	case <-s.ended:
		return nil
	default:
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
		return nil
	case <-time.After(10 * time.Second):
	}
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("the Temporal server cannot be ended: %w", err)
	}
	<-s.ended
	return nil
}

func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// silent is a logger that says nothing.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
