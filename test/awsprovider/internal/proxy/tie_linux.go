package proxy

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// endsWithParent has the system kill a child when this process ends.
func endsWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// tieToParent has the system kill this process when its parent ends; what it
// executes next inherits that, from this thread.
func tieToParent() error {
	runtime.LockOSThread()
	parent := os.Getppid()
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0); errno != 0 {
		return errno
	}
	if os.Getppid() != parent {
		return errors.New("the parent ended first")
	}
	return nil
}
