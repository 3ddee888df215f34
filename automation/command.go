package automation

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// stopGrace is how long a CLI that was told to stop may take to finish the
// operations under way before it is killed. A single AWS call seldom takes
// longer; what is cut off then is for the next run's repair.
const stopGrace = 5 * time.Minute

// command is the auto.PulumiCommand of one run. It differs from the one that
// comes with the Automation API in four ways: the environment is the given one
// and not inherited; the lease stays held for as long as the CLI lives, also
// when this process is killed; a preview answers in JSON; and the questions
// that the Automation API asks after each update (three CLI starts) are
// answered without one, because the event stream already told.
type command struct {
	cli       CLI
	env       []string
	lease     *lease          // nil when the run holds none
	interrupt <-chan struct{} // closed: tell the CLI to stop
	dieWithUs bool            // the CLI is killed with this process
	// unlock is told what a CLI said that failed, and tells whether to run it
	// again; nil for never.
	unlock   func(ctx context.Context, said string) bool
	quiet    bool // answer "stack output" and "stack history" with nothing
	selected bool // answer "stack select" with yes: the stack is known to exist
}

var _ auto.PulumiCommand = (*command)(nil)

// Version gives the CLI's version.
func (c *command) Version() semver.Version { return c.cli.Version }

// Run starts the CLI and waits for it; twice when it met a lock that unlock took
// away.
func (c *command) Run(ctx context.Context, workdir string, stdin io.Reader, outs, errs []io.Writer, env []string, args ...string) (string, string, int, error) {
	if out, ok := c.known(args); ok {
		return out, "", 0, nil
	}
	if isPreview(args) {
		// Without --show-sames what stays is left out, and a rule about two
		// resources would see one of them.
		args = append(slices.Clone(args), "--json", "--show-sames")
	}
	if len(args) > 1 && args[0] == "stack" && args[1] == "init" {
		// Every command names its stack; a selection would leave a file behind.
		args = append(slices.Clone(args), "--no-select")
	}
	args = append(slices.Clone(args), "--non-interactive")
	stdout, stderr, err := c.once(ctx, workdir, stdin, env, args...)
	if err != nil && c.unlock != nil && strings.Contains(stderr, lockedText) && c.unlock(ctx, stderr) {
		// It had met the lock before it did anything else.
		stdout, stderr, err = c.once(ctx, workdir, stdin, env, args...)
	}
	for _, w := range outs {
		_, _ = io.WriteString(w, stdout)
	}
	for _, w := range errs {
		_, _ = io.WriteString(w, stderr)
	}
	code := -1
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err == nil {
		code = 0
	}
	return stdout, stderr, code, err
}

// once runs the CLI with just these arguments, and gives what it said.
func (c *command) once(ctx context.Context, workdir string, stdin io.Reader, env []string, args ...string) (stdout, stderr string, err error) {
	cmd := exec.Command(c.cli.Path, args...) //nolint:gosec // the path is the operator's choice
	cmd.Dir = workdir
	cmd.Env = append(slices.Clone(c.env), env...)
	cmd.Stdin = stdin
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C at the terminal is for us
	if c.dieWithUs {
		dieWithParent(cmd.SysProcAttr)
	}
	if c.lease != nil {
		cmd.ExtraFiles = []*os.File{c.lease.file}
	}
	return c.wait(ctx, cmd, workdir)
}

// wait runs the CLI and gives what it said. It says it into files: a pipe
// would kill it in the middle of its work when this process is gone.
func (c *command) wait(ctx context.Context, cmd *exec.Cmd, dir string) (stdout, stderr string, err error) {
	out, err := os.CreateTemp(dir, "stdout.*")
	if err != nil {
		return "", "", err
	}
	defer func() { _ = out.Close() }()
	errOut, err := os.CreateTemp(dir, "stderr.*")
	if err != nil {
		return "", "", err
	}
	defer func() { _ = errOut.Close() }()
	cmd.Stdout, cmd.Stderr = out, errOut

	// See dieWithParent: nobody else may have, and end, the thread until then.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return "", "", err
	}
	done := make(chan struct{})
	go c.stopWhenTold(ctx, cmd.Process, done)
	err = cmd.Wait()
	close(done)
	stdout, outErr := said(out)
	stderr, errErr := said(errOut)
	return stdout, stderr, errors.Join(err, outErr, errErr)
}

// said reads a file from its beginning.
func said(f *os.File) (string, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	data, err := io.ReadAll(f)
	return string(data), err
}

// stopWhenTold sends the CLI an interrupt when its context ends or the engine
// is told to stop, and kills its process group after the grace.
func (c *command) stopWhenTold(ctx context.Context, p *os.Process, done <-chan struct{}) {
	select {
	case <-done:
		return
	case <-ctx.Done():
	case <-c.interrupt:
	}
	_ = p.Signal(os.Interrupt)
	select {
	case <-done:
	case <-time.After(stopGrace):
		_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	}
}

// known answers what needs no CLI.
func (c *command) known(args []string) (string, bool) {
	if len(args) < 2 || args[0] != "stack" {
		return "", false
	}
	switch {
	case c.quiet && args[1] == "output":
		return "{}", true
	case c.quiet && args[1] == "history":
		return "[]", true
	case c.selected && args[1] == "select":
		return "", true
	}
	return "", false
}

// isPreview tells whether a command only looks.
func isPreview(args []string) bool {
	return len(args) > 0 && (args[0] == "preview" || slices.Contains(args, "--preview-only"))
}
