// Package killtest is for tests that kill processes which change stacks: it runs
// them, kills them at a chosen moment, and reads what they leave.
package killtest

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"time"
)

const (
	patience = 2 * time.Minute // how long a victim may take to come to its moment
	lifetime = 3 * time.Minute // how long one lives whose killer is gone
)

// Victim is a test that runs in a process of its own, to be killed.
type Victim struct {
	t     testing.TB
	cmd   *exec.Cmd
	said  bytes.Buffer // read once the process has ended
	ended chan struct{}
}

// Start runs the named test of the calling test's binary again in a process of
// its own, with variables ("NAME=value") in its environment by which that test
// knows that it is the victim. The victim calls BeVictim first. It ends with the
// test at the latest.
func Start(t testing.TB, test string, variables ...string) *Victim {
	t.Helper()
	v := &Victim{t: t, cmd: exec.Command(os.Args[0], "-test.run", "^"+test+"$", "-test.v"), ended: make(chan struct{})}
	v.cmd.Env = append(os.Environ(), variables...)
	v.cmd.Stdout, v.cmd.Stderr = &v.said, &v.said
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(v.ended)
		_ = v.cmd.Wait() // it says that it was killed
	}()
	t.Cleanup(func() { v.end() })
	return v
}

// BeVictim ends the calling process some minutes from now: nobody may be left to
// kill it.
func BeVictim() { time.AfterFunc(lifetime, func() { os.Exit(3) }) }

// KillAt kills the victim with SIGKILL a little after it has come to the moment,
// and waits for its end. The test fails when the victim ends by itself, or does
// not come there in two minutes.
func (v *Victim) KillAt(moment string, there func() bool, little time.Duration) {
	v.t.Helper()
	for limit := time.Now().Add(patience); !there(); time.Sleep(20 * time.Millisecond) {
		select {
		case <-v.ended:
			v.t.Fatalf("the victim ended before %s:\n%s", moment, v.Said())
		default:
		}
		if time.Now().After(limit) {
			v.end()
			v.t.Fatalf("the victim did not come to %s:\n%s", moment, v.Said())
		}
	}
	time.Sleep(little)
	v.end()
	if code := v.cmd.ProcessState.ExitCode(); code != -1 {
		v.t.Fatalf("the victim was not killed at %s, and ended with exit code %d:\n%s", moment, code, v.Said())
	}
}

// Said gives what the victim wrote, once it has ended.
func (v *Victim) Said() string {
	<-v.ended
	return v.said.String()
}

// end kills the process, if it has not ended, and waits for its end.
func (v *Victim) end() {
	_ = v.cmd.Process.Kill()
	<-v.ended
}
