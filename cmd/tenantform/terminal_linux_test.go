package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal opens a pseudo-terminal: what a person's side sees, and the
// command's side. Nobody answers the questions that are put to it.
func terminal(t *testing.T) (person, command *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal can be had: %v", err)
	}
	t.Cleanup(func() { _ = person.Close() })
	var number, unlocked uint32
	control := func(request uintptr, arg *uint32) {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, person.Fd(), request, uintptr(unsafe.Pointer(arg))); errno != 0 {
			t.Skipf("no pseudo-terminal can be had: %v", errno)
		}
	}
	control(syscall.TIOCSPTLCK, &unlocked)
	control(syscall.TIOCGPTN, &number)
	command, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal can be had: %v", err)
	}
	return person, command
}

// onTerminal runs the command on a terminal, with what the person types, and
// gives what the terminal shows and the exit code.
func onTerminal(t *testing.T, dir, typed string, args ...string) (string, int) {
	t.Helper()
	return onTerminalWith(t, []string{"TENANTFORM_DIR=" + dir, "TENANTFORM_DIRECT=true"}, typed, args...)
}

// onTerminalWith runs it with these variables beside those of the test.
func onTerminalWith(t *testing.T, env []string, typed string, args ...string) (string, int) {
	t.Helper()
	person, tty := terminal(t)
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), asCommand+"=1", "TERM=xterm-256color", "CI="), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = tty.Close()
	if _, err := io.WriteString(person, typed); err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(&shown, person) // ends with an error when the command's side is closed
	}()
	_ = cmd.Wait()
	select {
	case <-read:
	case <-time.After(10 * time.Second):
		t.Fatal("the terminal is still open")
	}
	return shown.String(), cmd.ProcessState.ExitCode()
}

func TestNothingQuestionsTheTerminal(t *testing.T) {
	began := time.Now()
	shown, code := onTerminal(t, t.TempDir(), "", "version")
	if code != exitDone || strings.Contains(shown, "\x1b") {
		t.Errorf("exit code %d, shown: %q", code, shown)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestDeletionAsksOnATerminal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	settled(t, dir, "acme")
	before := tree(t, dir)
	shown, code := onTerminal(t, dir, "no\n", "tenant", "delete", "acme")
	if code != exitInvalid || !strings.Contains(shown, "Delete tenant acme (Acme Ltd; standard, pool/a)") || !strings.Contains(shown, "nothing was changed") {
		t.Errorf("exit code %d, shown: %q", code, shown)
	}
	if tree(t, dir) != before {
		t.Error("something changed")
	}
}

func TestProgressAndConfirmationOnATerminal(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	shown, code := onTerminal(t, dir, "", "stack", "up", "pool-a")
	if code != exitDone || !strings.Contains(shown, "pool-a: preview 0s") || !strings.Contains(shown, "\x1b[32mpool-a  create   kms.Key") {
		t.Errorf("exit code %d, shown: %q", code, shown)
	}
	shown, code = onTerminal(t, dir, "pool-a\n", "stack", "destroy", "pool-a")
	if code != exitDone || !strings.Contains(shown, "Delete everything in the stack pool-a?") || !strings.Contains(shown, "stack pool-a is gone") {
		t.Errorf("exit code %d, shown: %q", code, shown)
	}
}
