package alarm

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/tenants"
)

// Lines is a Publisher that writes each event as a line of JSON.
type Lines struct{ W io.Writer }

var _ Publisher = Lines{}

// Publish writes a line in one piece. The error is CodeUnavailable.
func (l Lines) Publish(_ context.Context, e events.Event) error {
	body, err := e.Bytes()
	if err != nil {
		return err
	}
	if _, err := l.W.Write(append(body, '\n')); err != nil {
		return tenants.Errorf(tenants.CodeUnavailable, "the event %s could not be written: %w", e.ID, err)
	}
	return nil
}

// DefaultTimeout is how long a Command may take where it says nothing else.
const DefaultTimeout = 30 * time.Second

// Command is a Publisher that runs a command line, which gets the event as JSON
// on its standard input.
type Command struct {
	Line    string        // for /bin/sh
	Env     []string      // NAME=value; nothing else is in its environment
	Out     io.Writer     // what it says on both of its outputs; io.Discard when nil
	Timeout time.Duration // after which it and what it started are killed; DefaultTimeout when zero
}

var _ Publisher = Command{}

// Publish runs the command. One that ends with another code than 0, is killed, or
// cannot be started is CodeUnavailable; an end of ctx kills it too.
func (c Command) Publish(ctx context.Context, e events.Event) error {
	body, err := e.Bytes()
	if err != nil {
		return err
	}
	timeout := c.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", c.Line) //nolint:gosec // the operator's own command line
	cmd.Env = append([]string{}, c.Env...)
	cmd.Stdin = bytes.NewReader(body)
	var last tail
	out := c.Out
	if out == nil {
		out = io.Discard
	}
	cmd.Stdout = io.MultiWriter(out, &last)
	cmd.Stderr = cmd.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return tenants.Errorf(tenants.CodeUnavailable, "the command %q was killed after %s without having ended: %w", c.Line, timeout, ctx.Err())
	}
	if said := last.text(); said != "" {
		return tenants.Errorf(tenants.CodeUnavailable, "the command %q failed: %w: %s", c.Line, err, said)
	}
	return tenants.Errorf(tenants.CodeUnavailable, "the command %q failed: %w", c.Line, err)
}

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

const tailSize = 300 // bytes

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailSize; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

// text gives it in one line.
func (t *tail) text() string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(t.kept), "")), " ")
}
