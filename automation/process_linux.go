package automation

import "syscall"

// dieWithParent asks the kernel to kill the child when the thread that starts
// it, and so this process, ends.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
