//go:build unix && !linux

package pgtest

import "os/exec"

// run holds the server's process until it ends.
func (s *Server) run(server *exec.Cmd, started chan<- error) {
	defer close(s.ended)
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
