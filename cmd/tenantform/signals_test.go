package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// child is the command in a process of its own.
type child struct {
	*exec.Cmd
	lines chan string // of standard error
	seen  strings.Builder
}

func spawn(t *testing.T, dir string, args ...string) *child {
	t.Helper()
	return spawnWith(t, []string{"TENANTFORM_DIR=" + dir, "TENANTFORM_DIRECT=true"}, args...)
}

// spawnWith runs the command with these variables beside those of the test.
func spawnWith(t *testing.T, env []string, args ...string) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0], args...), lines: make(chan string, 1000)}
	c.Env = append(append(os.Environ(), asCommand+"=1"), env...)
	pipe, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	go func() {
		defer close(c.lines)
		for s := bufio.NewScanner(pipe); s.Scan(); {
			c.lines <- s.Text()
		}
	}()
	return c
}

// until waits for a line of standard error that holds a text.
func (c *child) until(t *testing.T, text string) {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case line, ok := <-c.lines:
			c.seen.WriteString(line + "\n")
			if strings.Contains(line, text) {
				return
			}
			if !ok {
				t.Fatalf("%q was never said:\n%s", text, c.seen.String())
			}
		case <-limit:
			t.Fatalf("%q was not said in time:\n%s", text, c.seen.String())
		}
	}
}

// end waits for the process and gives its exit code.
func (c *child) end(t *testing.T) int {
	t.Helper()
	for line := range c.lines {
		c.seen.WriteString(line + "\n")
	}
	if err := c.Wait(); err != nil && c.ProcessState == nil {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode()
}

// slowNetwork makes the creation of the platform's network take a while.
func slowNetwork(t *testing.T, dir string) string {
	t.Helper()
	return write(t, filepath.Join(dir, "cloud", "faults.json"), `[{"type": "ec2.Vpc", "operation": "create", "delay": "3s"}]`)
}

func TestFirstSignalLetsTheChangeEnd(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	slowNetwork(t, dir)
	c := spawn(t, dir, "stack", "up", "platform")
	c.until(t, "create   iam.Role")
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	c.until(t, "finishing what is under way; press Ctrl-C again to interrupt the run")
	if code := c.end(t); code != exitDone {
		t.Errorf("exit code %d:\n%s", code, c.seen.String())
	}
	if got := must(t, dir, "stack", "preview", "platform"); !strings.Contains(got.out, "nothing to change") {
		t.Errorf("the stack is not whole:\n%s", got.out)
	}
}

func TestSecondSignalInterruptsTheRun(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	faults := slowNetwork(t, dir)
	c := spawn(t, dir, "stack", "up", "platform")
	c.until(t, "create   iam.Role")
	for _, said := range []string{"finishing what is under way", "interrupting the run"} {
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		c.until(t, said)
	}
	if code := c.end(t); code != exitInterrupted {
		t.Errorf("exit code %d:\n%s", code, c.seen.String())
	}
	if strings.Contains(c.seen.String(), "create   ec2.Subnet") {
		t.Errorf("the run went on:\n%s", c.seen.String())
	}
	if err := os.Remove(faults); err != nil {
		t.Fatal(err)
	}
	must(t, dir, "stack", "up", "platform")
	if got := must(t, dir, "stack", "preview", "platform"); !strings.Contains(got.out, "nothing to change") {
		t.Errorf("the next run did not converge:\n%s", got.out)
	}
}
