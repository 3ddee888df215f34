//go:build linux

package controlplane

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what has to come, on a machine that is
// busy with other tests too.
const patience = 3 * time.Minute

// until waits until something holds.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// process is a program that can be killed and started again.
type process struct {
	t    testing.TB
	name string
	path string
	args []string
	env  []string
	log  string // file with what all its lives have said
	at   string // host:port of its monitoring; empty: it has none

	cmd   *exec.Cmd
	ended chan struct{}
	err   error
}

// start starts it.
func (p *process) start() {
	p.t.Helper()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close() // the child has its own
	cmd := exec.Command(p.path, p.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, log, log
	// It ends when the thread does that started it, and so with a test that is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // for as long as the process lives
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		p.t.Fatal(err)
	}
	p.cmd, p.ended = cmd, ended
}

// ready waits until it says that it is.
func (p *process) ready() {
	p.t.Helper()
	client := &http.Client{Timeout: 5 * time.Second}
	until(p.t, p.name+" is ready", func() bool {
		select {
		case <-p.ended:
			p.t.Fatalf("%s ended: %v\n%s", p.name, p.err, p.said(4000))
		default:
		}
		res, err := client.Get("http://" + p.at + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// kill kills it with SIGKILL and waits for its end.
func (p *process) kill() {
	p.t.Helper()
	if p.cmd == nil {
		return
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
	<-p.ended
}

// stop ends it with SIGTERM, as an operator does.
func (p *process) stop() error {
	if p.cmd == nil {
		return nil
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		return p.err
	case <-time.After(time.Minute):
		_ = p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("%s did not end within a minute of SIGTERM", p.name)
	}
}

// pause lets it stand still, or go on.
func (p *process) pause(still bool) {
	p.t.Helper()
	signal := syscall.SIGCONT
	if still {
		signal = syscall.SIGSTOP
	}
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
}

// said gives the end of what it has written.
func (p *process) said(most int) string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-most):])
}

// lines gives the lines of its log that contain all of the words.
func (p *process) lines(words ...string) []string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return nil
	}
	var found []string
	for line := range strings.Lines(string(data)) {
		all := true
		for _, w := range words {
			all = all && strings.Contains(line, w)
		}
		if all {
			found = append(found, line)
		}
	}
	return found
}

// resident gives the bytes of memory that a process has, and that it had at most.
func resident(pid int) (now, peak int64) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(data)) {
		name, rest, _ := strings.Cut(line, ":")
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		switch {
		case err != nil:
		case name == "VmRSS":
			now = kb << 10
		case name == "VmHWM":
			peak = kb << 10
		}
	}
	return now, peak
}

// commands gives the processes below one whose command line has all of the words.
func commands(parent int, words ...string) []int {
	entries, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var found []int
	for _, path := range entries {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		line := string(bytes.ReplaceAll(data, []byte{0}, []byte{' '}))
		fits := true
		for _, w := range words {
			fits = fits && strings.Contains(line, w)
		}
		pid, err := strconv.Atoi(strings.Split(path, "/")[2])
		if fits && err == nil && below(pid, parent) {
			found = append(found, pid)
		}
	}
	return found
}

// below tells whether a process is a child of another, or a child's child.
func below(pid, parent int) bool {
	for range 10 {
		data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			return false
		}
		// The name, in parentheses, may have spaces.
		fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
		if len(fields) < 2 {
			return false
		}
		if pid, err = strconv.Atoi(fields[1]); err != nil || pid <= 1 {
			return false
		}
		if pid == parent {
			return true
		}
	}
	return false
}
