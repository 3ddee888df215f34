package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// A backend that is not a directory, such as s3://, is read through the CLI: it
// has the drivers and the credentials. A lock in it is only heard of when it is
// met, because no command lists locks.

// lockedText is what the CLI says when it meets locks; one line for each follows.
const lockedText = "the stack is currently locked by"

// lockLine is such a line: where the lock is, whose, and since when.
var lockLine = regexp.MustCompile(`(?m)^\s*(\S+): created by (.*)@([^@\s]*) \(pid (\d+)\) at (\S+)\s*$`)

// metLocks reads from what the CLI said which locks it met. It gives none when
// it met none, or when what it said of one of them cannot be read.
func metLocks(said string) []stackLock {
	_, rest, met := strings.Cut(said, lockedText)
	if !met {
		return nil
	}
	var locks []stackLock
	for _, m := range lockLine.FindAllStringSubmatch(rest, -1) {
		pid, err1 := strconv.Atoi(m[4])
		since, err2 := time.Parse(time.RFC3339, m[5])
		if err1 != nil || err2 != nil {
			return nil
		}
		locks = append(locks, stackLock{PID: pid, Username: m[2], Hostname: m[3], Timestamp: since, path: m[1]})
	}
	var count int
	if _, err := fmt.Sscanf(strings.TrimSpace(rest), "%d lock(s)", &count); err != nil || count != len(locks) {
		return nil
	}
	return locks
}

// unlock is told what the CLI said when it failed, takes the locks away that it
// met if the owners of all are dead, and tells whether the CLI can be run again.
//
// A lock of a stack that there is not stays: only for one that there is does the
// CLI take locks away.
//
// No lock of somebody who is alive goes with them: as long as one is there, the
// CLI gives nobody another. Only somebody who removes this one by hand at this
// very moment, and begins at once, could come between.
func (r *run) unlock(ctx context.Context, said string) bool {
	locks := metLocks(said)
	if len(locks) == 0 || slices.ContainsFunc(locks, func(l stackLock) bool { return !l.dead() }) {
		return false
	}
	if _, stderr, err := r.cmd.once(ctx, r.dir, nil, nil, "cancel", "--yes", "--stack", r.spec.Name, "--non-interactive"); err != nil {
		r.engine.log.Warn("a dead lock could not be taken away", "stack", r.spec.Name, "error", err, "pulumi", clean(stderr))
		return false
	}
	for _, l := range locks {
		r.cleared(l)
	}
	return true
}

// free makes sure that nobody holds the stack's lock, after it has taken those
// of the dead away. The CLI takes the lock before it finds out that it cannot
// make a stack that there is already, and changes nothing.
func (r *run) free(ctx context.Context) error {
	_, stderr, _, err := r.cmd.Run(ctx, r.dir, nil, nil, nil, nil, "stack", "init", r.spec.Name)
	switch {
	case err == nil:
		return tenants.Errorf(tenants.CodeConflict, "stack %s: somebody else removed it in the meantime; run the same command again", r.spec.Name)
	case strings.Contains(stderr, "already exists"):
		return nil
	}
	return r.failure(PhaseRepair, fmt.Errorf("%w\nstderr: %s", err, stderr), nil)
}

// recorded gives a stack's state.
func (r *run) recorded(ctx context.Context, stack string) (stateFile, error) {
	if s := r.engine.state; s != nil {
		return readState(s.stackFile(stack))
	}
	var f stateFile
	stdout, stderr, _, err := r.cmd.Run(ctx, r.dir, nil, nil, nil, nil, "stack", "export", "--stack", stack)
	if err != nil {
		return f, r.failure(PhaseRepair, fmt.Errorf("%w\nstderr: %s", err, stderr), nil)
	}
	var exported struct {
		Deployment json.RawMessage `json:"deployment"`
	}
	if err = json.Unmarshal([]byte(stdout), &exported); err == nil {
		err = unmarshal(exported.Deployment, &f.Checkpoint.Latest)
	}
	if err != nil {
		return f, tenants.Errorf(tenants.CodeFailedPrecondition, "stack %s: its state cannot be read: %w", stack, err)
	}
	return f, nil
}

// recordedStacks gives the names of all stacks.
func (r *run) recordedStacks(ctx context.Context) ([]string, error) {
	if s := r.engine.state; s != nil {
		return s.stacks()
	}
	return r.list(ctx)
}

// cancelCommand is what somebody types who knows that a lock's owner is dead.
func (e *Engine) cancelCommand(stack string) string {
	backend := e.backend
	if u, err := url.Parse(backend); err == nil && u.User != nil {
		u.User = url.User("...")
		backend = u.String()
	}
	return fmt.Sprintf("PULUMI_BACKEND_URL='%s' pulumi cancel --yes --stack organization/%s/%s", backend, Project, stack)
}

// elsewherePatience is how long the same lock of another machine counts as that of
// a run that ends. One whose engine was killed ends after what it was at.
const elsewherePatience = 15 * time.Minute

// meetings remembers when the lock that another machine holds of a stack was first
// met. The zero value is ready.
type meetings struct {
	mu    sync.Mutex
	first map[string]meeting // by stack
}

type meeting struct {
	lock string
	at   time.Time
}

// since gives when a lock was first met, which is now for another than the last one.
func (m *meetings) since(stack, lock string, now time.Time) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.first == nil {
		m.first = map[string]meeting{}
	}
	if m.first[stack].lock != lock {
		m.first[stack] = meeting{lock: lock, at: now}
	}
	return m.first[stack].at
}

// held is the error of a stack whose lock's owner may be alive: CodeConflict, which
// passes when they end. Once a lock of another machine is older than a run can be,
// or was met for elsewherePatience, it is CodeFailedPrecondition: somebody has to look.
func (e *Engine) held(phase Phase, stack string, l stackLock) error {
	f := &Failure{
		Stack: stack, Phase: phase,
		Reason: fmt.Sprintf("it is locked by %s@%s (process %d) since %s", l.Username, l.Hostname, l.PID, l.Timestamp.Local().Format(time.DateTime)),
	}
	host, err := os.Hostname()
	f.Elsewhere = err != nil || l.Hostname != host
	end := "remove " + l.path
	if e.state == nil {
		end = "run \"" + e.cancelCommand(stack) + "\""
	}
	f.Advice = "wait for it to end; if you know that it is dead, " + end + " and then the same command again"
	if f.Elsewhere {
		f.Advice = "nobody can tell from this machine whether it is alive; " + f.Advice
	}
	code, now := tenants.CodeConflict, time.Now()
	if f.Elsewhere && (now.Sub(l.Timestamp) > e.opts.Deadline+stopGrace || now.Sub(e.met.since(stack, l.path, now)) >= elsewherePatience) {
		code = tenants.CodeFailedPrecondition
	}
	return &tenants.Error{Code: code, Message: f.Error(), Cause: f}
}
