package conformance_test

import "syscall"

// endsWithTest has the system kill a child when the test does not get to it.
func endsWithTest() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
