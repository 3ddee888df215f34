package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
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

// clearDeadLocks takes away the file backend's locks whose owner is dead. Those
// of another backend are cleared when they are met; see unlock.
//
// The run holds the stack's lease, so no run of this directory is alive. What
// is left to tell apart is a lock of somebody who runs pulumi by hand, here or
// on another machine that shares the directory.
func (r *run) clearDeadLocks() error {
	s := r.engine.state
	if s == nil {
		return nil
	}
	locks, err := r.deadLocks()
	if err != nil {
		return err
	}
	for _, l := range locks {
		if err := s.removeLock(l); err != nil {
			return err
		}
		r.cleared(l)
	}
	return nil
}

// cleared counts and tells that a lock was taken away.
func (r *run) cleared(l stackLock) {
	r.repaired().Locks++
	r.emit(Event{Phase: PhaseRepair, Kind: EventDiagnostic, Severity: "warning",
		Message: fmt.Sprintf("cleared the lock of process %d, which is dead", l.PID)})
}

// deadLocks gives the stack's locks in a directory when all of their owners are
// dead, and the error of held when one may be alive.
func (r *run) deadLocks() ([]stackLock, error) {
	locks, err := r.engine.state.locks(r.spec.Name)
	if err != nil {
		return nil, err
	}
	for _, l := range locks {
		if !l.dead() {
			return nil, r.engine.held(PhaseRepair, r.spec.Name, l)
		}
	}
	return locks, nil
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
	p, err := readProcess(l.PID)
	return err == nil && (p.ended || p.began.After(l.Timestamp.Add(2*time.Second)))
}

// process is what /proc says of one.
type process struct {
	began time.Time // to the second
	ended bool      // it only waits for its parent to notice
}

// readProcess reads /proc; an error where there is none.
func readProcess(pid int) (process, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, err
	}
	// The command's name, in parentheses, may hold anything; after it come, as
	// proc(5) says, the state and, as the 22nd field of all, the start in clock
	// ticks (100 a second) since boot.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 {
		return process{}, errors.New("unexpected form of /proc/PID/stat")
	}
	ticks, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return process{}, err
	}
	p := process{ended: fields[0] == "Z" || fields[0] == "X"}
	all, err := os.ReadFile("/proc/stat")
	if err != nil {
		return process{}, err
	}
	for line := range strings.Lines(string(all)) {
		if boot, ok := strings.CutPrefix(line, "btime "); ok {
			sec, err := strconv.ParseInt(strings.TrimSpace(boot), 10, 64)
			p.began = time.Unix(sec, 0).Add(time.Duration(ticks) * 10 * time.Millisecond)
			return p, err
		}
	}
	return process{}, errors.New("no boot time in /proc/stat")
}

// settlePending ends the operations that the state says are under way, and
// finds those that it should have as under way: a killed run's creations which
// its CLI recorded as failed when the provider went. A creation is adopted when
// its resource is found and dropped when there certainly is none; a change or
// deletion is settled by reading the resource from the cloud again.
func (r *run) settlePending(ctx context.Context) error {
	left, err := r.cutOff(ctx)
	if err != nil {
		return err
	}
	if left.count() > 0 && r.engine.state == nil {
		// It may be under way, on another machine: what holds a lock is not cut off.
		// Once nobody does, what was read before may be past.
		if err := r.free(ctx); err != nil {
			return err
		}
		if left, err = r.cutOff(ctx); err != nil {
			return err
		}
	}
	if left.count() > 0 {
		if err := r.settle(ctx, left); err != nil {
			return err
		}
	}
	if err := os.Remove(r.engine.begunPath(r.spec.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return tenants.Errorf(tenants.CodeFailedPrecondition, "stack %s: %w", r.spec.Name, err)
	}
	return nil
}

// cutOff is what a killed run of a stack left under way.
type cutOff struct {
	pending []pendingOperation // what the state says
	lost    []underWay         // creations that the state should say and does not
	unread  []string           // URNs that an earlier repair adopted and did not come to read
}

func (c cutOff) count() int { return len(c.pending) + len(c.lost) + len(c.unread) }

// cutOff reads what was left under way.
func (r *run) cutOff(ctx context.Context) (c cutOff, err error) {
	now, err := r.recorded(ctx, r.spec.Name)
	if err != nil {
		return c, err
	}
	for _, op := range now.Checkpoint.Latest.Pending {
		p, err := op.decoded()
		if err != nil {
			return c, tenants.Errorf(tenants.CodeFailedPrecondition, "stack %s: its state cannot be read: %w", r.spec.Name, err)
		}
		c.pending = append(c.pending, p)
	}
	if c.lost, err = now.lost(r.engine.begunPath(r.spec.Name)); err != nil {
		return c, err
	}
	c.unread, err = r.engine.unread(r.spec.Name)
	return c, err
}

// settle does what settlePending says.
func (r *run) settle(ctx context.Context, left cutOff) error {
	r.emit(Event{Phase: PhaseRepair, Kind: EventStarted, Message: fmt.Sprintf("%d operations were cut off", left.count())})
	adopted := map[string]string{} // ids by URN
	var dropped, settled []string
	look := func(p pendingOperation) error {
		id, found, err := r.locate(ctx, p)
		if found {
			adopted[p.Resource.URN] = id
		} else {
			dropped = append(dropped, p.Resource.URN)
		}
		return err
	}
	for _, p := range left.pending {
		switch p.Type {
		case "creating":
			if err := look(p); err != nil {
				return err
			}
		case "updating", "deleting":
			settled = append(settled, p.Resource.URN)
		}
	}
	for _, l := range left.lost {
		p, err := l.decoded()
		if err == nil {
			err = look(p)
		}
		if err != nil {
			return err
		}
	}
	// What is adopted has no outputs until it is read. If that is cut off, the
	// next run knows from this note what it has to read.
	unread := slices.Concat(left.unread, slices.Collect(maps.Keys(adopted)))
	if err := r.engine.noteUnread(r.spec.Name, unread); err != nil {
		return err
	}
	if len(left.pending)+len(adopted) > 0 {
		if err := r.editState(ctx, adopted, left.lost); err != nil {
			return err
		}
	}
	now, err := r.recorded(ctx, r.spec.Name)
	if err != nil {
		return err
	}
	again := now.having(slices.Concat(unread, settled))
	if len(again) > 0 {
		if err := r.refresh(ctx, optrefresh.Target(again)); err != nil {
			return err
		}
	}
	if err := r.engine.noteUnread(r.spec.Name, nil); err != nil {
		return err
	}
	if len(adopted)+len(dropped)+len(settled) > 0 {
		rep := r.repaired()
		rep.Adopted, rep.Dropped, rep.Settled = slices.Sorted(maps.Keys(adopted)), dropped, settled
	}
	r.result.Changes = nil // what was mended is not what the run changed
	r.emit(Event{Phase: PhaseRepair, Kind: EventFinished})
	return nil
}

// decoded gives an operation in the form in which it is looked for.
func (o underWay) decoded() (pendingOperation, error) {
	p := pendingOperation{Type: o.Type}
	data, err := json.Marshal(o.Resource)
	if err == nil {
		err = json.Unmarshal(data, &p.Resource)
	}
	return p, err
}

// editState makes resources of the cut-off creations whose ids are given, of
// those in the state and of the lost ones, and forgets the other ones.
//
// "pulumi refresh --import-pending-creates" is meant for this, but only turns
// the creation into an import under way, which the same refresh then drops;
// the resource would be an orphan.
func (r *run) editState(ctx context.Context, adopted map[string]string, lost []underWay) error {
	exported, err := r.stack.Export(ctx)
	if err != nil {
		return r.failure(PhaseRepair, err, nil)
	}
	edited, err := settleCreations(exported.Deployment, adopted, lost)
	if err != nil {
		return tenants.Errorf(tenants.CodeFailedPrecondition, "stack %s: its state cannot be mended: %w", r.spec.Name, err)
	}
	exported.Deployment = edited
	if err := r.stack.Import(ctx, exported); err != nil {
		return r.failure(PhaseRepair, err, nil)
	}
	return nil
}

// settleCreations edits a deployment in JSON. Only the two lists are touched;
// everything else stays as the CLI wrote it.
func settleCreations(deployment json.RawMessage, adopted map[string]string, lost []underWay) (json.RawMessage, error) {
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(deployment, &whole); err != nil {
		return nil, err
	}
	var resources []json.RawMessage
	var pending []underWay
	if err := errors.Join(unmarshal(whole["resources"], &resources), unmarshal(whole["pending_operations"], &pending)); err != nil {
		return nil, err
	}
	left := []underWay{}
	for _, p := range slices.Concat(pending, lost) {
		switch p.Type {
		case "updating", "deleting":
			left = append(left, p)
			continue
		case "creating":
		default: // a read or an import that was cut off made nothing
			continue
		}
		id, ok := adopted[p.Resource.text("urn")]
		if !ok {
			continue
		}
		var err error
		if resources, err = adopt(resources, p.Resource, id); err != nil {
			return nil, err
		}
	}
	var err1, err2 error
	whole["resources"], err1 = json.Marshal(resources)
	whole["pending_operations"], err2 = json.Marshal(left)
	out, err3 := json.Marshal(whole)
	return out, errors.Join(err1, err2, err3)
}

// unmarshal takes a missing value for an empty one.
func unmarshal(data json.RawMessage, v any) error {
	if len(data) == 0 {
		return nil
	}
	return json.Unmarshal(data, v)
}

// locate asks whether a creation that was cut off had come to a resource.
func (r *run) locate(ctx context.Context, p pendingOperation) (string, bool, error) {
	if !p.Resource.Custom || strings.HasPrefix(p.Resource.Type, "pulumi:") {
		return "", false, nil // a component, a provider or a stack reference is nothing in a cloud
	}
	if id, ok := r.spec.Settle[p.Resource.URN]; ok {
		return id, id != "", nil
	}
	var why error
	if r.engine.opts.Locator == nil {
		why = errors.New("nothing here can search the cloud for it")
	} else {
		id, found, err := r.engine.opts.Locator.Locate(ctx, p.Resource.Type, p.Resource.Inputs)
		if err == nil && found {
			// What a stack has already was not made by this creation.
			known, err := r.knows(ctx, p.Resource.Type, id, p.Resource.Inputs)
			return id, !known, err
		}
		if err == nil {
			return "", false, nil
		}
		why = err
	}
	return "", false, tenants.Errorf(tenants.CodeFailedPrecondition,
		"stack %s: the creation of %s was cut off and it is not known whether the resource exists (%w); look for it in the cloud, then run \"tenantform stack repair %s\" with --adopt '%s=<id>' if it is there, or --drop '%s' if it is not",
		r.spec.Name, p.Resource.URN, why, r.spec.Name, p.Resource.URN, p.Resource.URN)
}
