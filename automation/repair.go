package automation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"

	"github.com/tenantform/tenantform/tenants"
)

// Repair is what was mended before a run.
type Repair struct {
	Locks   int      `json:"locks"`   // locks taken away whose owner is dead
	Adopted []string `json:"adopted"` // URNs whose creation had been cut off and whose resource was found
	Dropped []string `json:"dropped"` // URNs whose creation had been cut off before there was a resource
	Settled []string `json:"settled"` // URNs with another operation under way, read again from the cloud
}

// clearDeadLocks takes away the file backend's locks whose owner is dead. With
// another backend there is nothing to read; its locks are met as a conflict.
//
// The run holds the stack's lease, so no run of this directory is alive. What
// is left to tell apart is a lock of somebody who runs pulumi by hand, here or
// on another machine that shares the directory.
func (r *run) clearDeadLocks() error {
	s := r.engine.state
	if s == nil {
		return nil
	}
	locks, err := s.locks(r.spec.Name)
	if err != nil {
		return err
	}
	for _, l := range locks {
		if !l.dead() {
			return tenants.Errorf(tenants.CodeConflict,
				"stack %s: locked by %s@%s (process %d) since %s; wait for it to end. If you know that it is dead, remove %s",
				r.spec.Name, l.Username, l.Hostname, l.PID, l.Timestamp.Local().Format(time.DateTime), l.path)
		}
	}
	for _, l := range locks {
		if err := s.removeLock(l); err != nil {
			return err
		}
		r.repaired().Locks++
		r.emit(Event{Phase: PhaseRepair, Kind: EventDiagnostic, Severity: "warning",
			Message: fmt.Sprintf("cleared the lock of process %d, which is dead", l.PID)})
	}
	return nil
}

// repaired gives the result's Repair, made at first use.
func (r *run) repaired() *Repair {
	if r.result.Repair == nil {
		r.result.Repair = &Repair{}
	}
	return r.result.Repair
}

// dead tells whether a lock's owner certainly is: it ran on this machine, and
// its process is gone or its number now belongs to one that began later.
func (l stackLock) dead() bool {
	host, err := os.Hostname()
	if err != nil || l.Hostname != host || l.PID <= 0 {
		return false
	}
	if err := syscall.Kill(l.PID, 0); errors.Is(err, syscall.ESRCH) {
		return true
	}
	began, err := processStart(l.PID)
	return err == nil && began.After(l.Timestamp.Add(2*time.Second))
}

// processStart reads from /proc when a process began, to the second; an error
// where there is no /proc.
func processStart(pid int) (time.Time, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return time.Time{}, err
	}
	// The command's name, in parentheses, may hold anything; the 22nd field of
	// proc(5) is the start in clock ticks (100 a second) since boot.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 {
		return time.Time{}, errors.New("unexpected form of /proc/PID/stat")
	}
	ticks, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	all, err := os.ReadFile("/proc/stat")
	if err != nil {
		return time.Time{}, err
	}
	for line := range strings.Lines(string(all)) {
		if boot, ok := strings.CutPrefix(line, "btime "); ok {
			sec, err := strconv.ParseInt(strings.TrimSpace(boot), 10, 64)
			return time.Unix(sec, 0).Add(time.Duration(ticks) * 10 * time.Millisecond), err
		}
	}
	return time.Time{}, errors.New("no boot time in /proc/stat")
}

// settlePending ends the operations that the state says are under way: a
// creation is adopted when its resource is found and dropped when there
// certainly is none; everything else is read again from the cloud.
func (r *run) settlePending(ctx context.Context) error {
	if r.engine.state == nil {
		return nil
	}
	pending, err := r.engine.state.pending(r.spec.Name)
	if err != nil || len(pending) == 0 {
		return err
	}
	r.emit(Event{Phase: PhaseRepair, Kind: EventStarted, Message: fmt.Sprintf("%d operations were cut off", len(pending))})
	rep := r.repaired()
	var adopt []optrefresh.PendingCreate
	for _, p := range pending {
		if p.Type != "creating" {
			rep.Settled = append(rep.Settled, p.Resource.URN)
			continue
		}
		id, found, err := r.locate(ctx, p)
		switch {
		case err != nil:
			return err
		case found:
			adopt = append(adopt, optrefresh.PendingCreate{URN: p.Resource.URN, ID: id})
			rep.Adopted = append(rep.Adopted, p.Resource.URN)
		default:
			rep.Dropped = append(rep.Dropped, p.Resource.URN)
		}
	}
	// The adopted ones first: clearing drops whatever creation is left.
	opts := []optrefresh.Option{optrefresh.ClearPendingCreates()}
	if len(adopt) > 0 {
		if err := r.refresh(ctx, optrefresh.ImportPendingCreates(adopt)); err != nil && len(rep.Dropped) == 0 {
			return err
		}
	}
	if len(adopt) == 0 || len(rep.Dropped) > 0 {
		if err := r.refresh(ctx, opts...); err != nil {
			return err
		}
	}
	left, err := r.engine.state.pending(r.spec.Name)
	if err == nil && len(left) > 0 {
		err = tenants.Errorf(tenants.CodeFailedPrecondition, "stack %s: the operation on %s, which was cut off, could not be settled; see \"pulumi stack export\"", r.spec.Name, left[0].Resource.URN)
	}
	r.emit(Event{Phase: PhaseRepair, Kind: EventFinished})
	return err
}

// locate asks whether a creation that was cut off had come to a resource.
func (r *run) locate(ctx context.Context, p pendingOperation) (string, bool, error) {
	if strings.HasPrefix(p.Resource.Type, "pulumi:") {
		return "", false, nil // a provider or a stack reference is no resource of a cloud
	}
	var why error
	if r.engine.opts.Locator == nil {
		why = errors.New("nothing here can search the cloud for it")
	} else {
		id, found, err := r.engine.opts.Locator.Locate(ctx, p.Resource.Type, p.Resource.Inputs)
		if err == nil {
			return id, found, nil
		}
		why = err
	}
	return "", false, tenants.Errorf(tenants.CodeFailedPrecondition,
		"stack %s: the creation of %s was cut off and it is not known whether the resource exists (%w); look for it in the cloud, then run \"pulumi refresh --import-pending-creates %s <id>\" if it is there or \"pulumi refresh --clear-pending-creates\" if it is not",
		r.spec.Name, p.Resource.URN, why, p.Resource.URN)
}
