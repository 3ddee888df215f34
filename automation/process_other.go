//go:build !linux

package automation

import "syscall"

// dieWithParent does nothing where the kernel cannot be asked. A CLI that
// outlives the process then ends by itself, and may leave a resource that its
// state does not know.
func dieWithParent(*syscall.SysProcAttr) {}
