package pgtest

import (
	"os/exec"
	"runtime"
	"syscall"
)

// run holds the server's process until it ends. The kernel ends the server when
// this process ends, however that happens: it watches the thread that started it.
func (s *Server) run(server *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.ended)
	server.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	err := server.Start()
	if err == nil {
		s.pid = server.Process.Pid
	}
	started <- err
	if err == nil {
		// How it ended is in its log.
		_ = server.Wait()
	}
}
