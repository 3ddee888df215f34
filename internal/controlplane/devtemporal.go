package controlplane

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
)

// startTemporal starts dev's Temporal server. None that a killed dev has left behind
// may be there any more: two on one file would harm it.
func (d *dev) startTemporal(ctx context.Context) error {
	server, err := workflows.StartDevServer(ctx, d.file("temporal.db"), &workflows.DevServerOptions{Path: d.path, Port: d.home.temporal})
	if err != nil {
		return err
	}
	d.temporal = server
	return writePrivate(d.file("temporal.pid"), []byte(strconv.Itoa(server.PID())+"\n"))
}

// keepTemporal starts the Temporal server again when it has ended, and ends it
// when ctx does.
func (d *dev) keepTemporal(ctx context.Context) error {
	for pause := shortPause; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-d.temporal.Ended():
		}
		d.options.Log.WarnContext(ctx, "the Temporal server has ended; it is started again")
		if err := d.startTemporal(ctx); err != nil && ctx.Err() == nil {
			d.options.Log.WarnContext(ctx, "the Temporal server did not start", "again_in", pause.String(), "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
			pause = min(2*pause, longPause)
			continue
		}
		pause = shortPause
	}
}

// endTime is how long an orphan may take to end before it is killed.
const endTime = 10 * time.Second

// endOrphans ends the Temporal servers of a file that are no child of this
// process. The caller holds the directory, so nobody else uses them.
func endOrphans(file, pidFile string) error {
	for _, pid := range orphans(file, pidFile) {
		signal := syscall.SIGTERM
		for began := time.Now(); serves(pid, file); time.Sleep(20 * time.Millisecond) {
			if err := syscall.Kill(pid, signal); err != nil && err != syscall.ESRCH {
				return tenants.Errorf(tenants.CodeFailedPrecondition, "the Temporal server %d of an earlier run cannot be ended: %w; end it", pid, err)
			}
			if time.Since(began) > endTime {
				signal = syscall.SIGKILL
			}
			if time.Since(began) > 2*endTime {
				return tenants.Errorf(tenants.CodeFailedPrecondition, "the Temporal server %d of an earlier run does not end; end it", pid)
			}
		}
	}
	return nil
}

// orphans gives the processes that serve a file, by the process table where there
// is one in /proc and by the file with the last one's id elsewhere.
func orphans(file, pidFile string) []int {
	var found []int
	entries, err := filepath.Glob("/proc/[0-9]*")
	if data, err2 := os.ReadFile(pidFile); err2 == nil && (err != nil || len(entries) == 0) {
		entries = []string{strings.TrimSpace(string(data))}
	}
	for _, entry := range entries {
		if pid, err := strconv.Atoi(filepath.Base(entry)); err == nil && pid > 1 && serves(pid, file) {
			found = append(found, pid)
		}
	}
	return found
}

// serves tells whether a process is a Temporal development server of a file. One
// that has ended and waits for its parent is none.
func serves(pid int, file string) bool {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	args := strings.Split(string(data), "\x00")
	if err != nil {
		if _, there := os.Stat("/proc/self"); there == nil {
			return false
		}
		out, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output() //nolint:gosec // a number
		if err != nil {
			return false
		}
		return strings.Contains(string(out), "start-dev") && strings.Contains(string(out), "--db-filename "+file)
	}
	i := slices.Index(args, "--db-filename")
	return slices.Contains(args, "start-dev") && i >= 0 && i+1 < len(args) && args[i+1] == file
}
