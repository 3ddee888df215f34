//go:build !linux

package conformance_test

import "syscall"

func endsWithTest() *syscall.SysProcAttr { return nil }
