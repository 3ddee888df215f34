//go:build !linux

package proxy

import "syscall"

// Only Linux ties a process to its parent; elsewhere the bridge's own way of
// ending its children has to do.
func endsWithParent() *syscall.SysProcAttr { return nil }

func tieToParent() error { return nil }
