package automation

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
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
	quiet     bool            // answer "stack output" and "stack history" with nothing
	selected  bool            // answer "stack select" with yes: the stack is known to exist
}

var _ auto.PulumiCommand = (*command)(nil)

// Version gives the CLI's version.
func (c *command) Version() semver.Version { return c.cli.Version }

// Run starts the CLI once and waits for it.
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
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(c.cli.Path, args...) //nolint:gosec // the path is the operator's choice
	cmd.Dir = workdir
	cmd.Env = append(slices.Clone(c.env), env...)
	cmd.Stdin = stdin
	cmd.Stdout = io.MultiWriter(append(outs, &stdout)...)
	cmd.Stderr = io.MultiWriter(append(errs, &stderr)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C at the terminal is for us
	if c.lease != nil {
		cmd.ExtraFiles = []*os.File{c.lease.file}
	}
	if err := cmd.Start(); err != nil {
		return "", "", -1, err
	}
	done := make(chan struct{})
	go c.stopWhenTold(ctx, cmd.Process, done)
	err := cmd.Wait()
	close(done)
	code := -1
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err == nil {
		code = 0
	}
	return stdout.String(), stderr.String(), code, err
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
