package workflows

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/tenants"
)

// Activities are what the steps of workflows do. Those fields without a comment
// on their zero value are required.
type Activities struct {
	Ledger    Ledger
	Steps     Steps
	Holder    Holder
	Publisher Publisher
	Notifier  Notifier
	Services  tenants.ServiceCatalogue // none when zero
	Broker    *Broker                  // told of everything that is recorded; may be nil
	Timing    Timing                   // pauses and heartbeats are those of operations planned from now on
	// Weights are the shares of the tiers in the places for infrastructure steps,
	// in proportion to each other, from 0.001 to 1000; 1 for a tier without one.
	Weights map[string]float32
	Slots   *Slots           // places for infrastructure steps in this process; without limit when nil
	Now     func() time.Time // time.Now when nil
	Log     *slog.Logger     // nothing is logged when nil
}

// stepOf names a step.
type stepOf struct {
	Input
	Step string `json:"step"`
	// Missed says, to the last step, why the tenant's administrator was not told.
	Missed string `json:"missed,omitempty"`
}

// failed is what there is to record of an operation that has failed.
type failed struct {
	Input
	Cause  cause           `json:"cause"`
	Before *tenants.Tenant `json:"before,omitempty"`
}

func (a *Activities) now() time.Time {
	if a.Now != nil {
		return a.Now().UTC()
	}
	return time.Now().UTC()
}

// log gives a logger that names the operation in every line.
func (a *Activities) log(op tenants.Operation) *slog.Logger {
	l := a.Log
	if l == nil {
		l = slog.New(slog.DiscardHandler)
	}
	return l.With("operation", op.ID, "tenant", op.TenantID, "kind", string(op.Kind), "correlation_id", op.CorrelationID)
}

// advances is how often a change of the ledger is made anew because somebody
// else was faster.
const advances = 5

// advance changes the operation and its tenant in one transaction, as f does to
// what the ledger has of them; f says whether the tenant is among what changed.
// An operation that has ended is left alone.
func (a *Activities) advance(ctx context.Context, id string, f func(op *tenants.Operation, t *tenants.Tenant) (tenant bool, audit *tenants.AuditEntry)) (tenants.Operation, error) {
	for try := 1; ; try++ {
		op, err := a.Ledger.Operation(ctx, id)
		if err != nil || op.Progress.Ended() {
			return op, err
		}
		t, err := a.Ledger.Get(ctx, op.TenantID)
		if err != nil {
			return op, err
		}
		op.Steps, op.Services, t.Services = slices.Clone(op.Steps), slices.Clone(op.Services), slices.Clone(t.Services)
		tenant, audit := f(&op, &t)
		change := tenants.Advance{Operation: op, Audit: audit}
		if tenant {
			change.Tenant = &t
		}
		if _, err = a.Ledger.Advance(ctx, change); err == nil {
			a.Broker.recorded(op)
			return op, nil
		}
		if tenants.CodeOf(err) != tenants.CodeConflict || try == advances {
			return op, err
		}
	}
}

// Plan records which steps the operation has, and gives them. An operation whose
// steps are recorded already goes on with those.
func (a *Activities) Plan(ctx context.Context, in Input) (planned, error) {
	ctx, cancel := briefly(ctx)
	defer cancel()
	p, err := a.plan(ctx, in)
	if err != nil {
		return p, lightly(ctx, err, a.now(), detail{Unchanged: true})
	}
	return p, nil
}

func (a *Activities) plan(ctx context.Context, in Input) (out planned, err error) {
	op, err := a.Ledger.Operation(ctx, in.OperationID)
	if err != nil {
		return planned{}, err
	}
	if op.Progress.Ended() {
		return planned{Ended: true}, nil
	}
	t, err := a.Ledger.Get(ctx, op.TenantID)
	if err != nil {
		return planned{}, err
	}
	out = planned{Timing: a.Timing.filled(), Tier: cmp.Or(op.ToTier, t.Tier), Weight: 1, CancelRequested: op.CancelRequested}
	if w, ok := a.Weights[out.Tier]; ok {
		out.Weight = w
	}
	if len(op.Steps) == 0 {
		plan, err := a.Steps.Plan(ctx, t, op)
		if err != nil {
			return planned{}, err
		}
		earlier, err := a.takenUp(ctx, op, t)
		if err != nil {
			return planned{}, err
		}
		op, err = a.advance(ctx, op.ID, func(op *tenants.Operation, _ *tenants.Tenant) (bool, *tenants.AuditEntry) {
			op.FromTier, op.ToTier = cmp.Or(plan.FromTier, op.FromTier), cmp.Or(plan.ToTier, op.ToTier)
			op.Steps = marks(op.Kind, plan, earlier)
			op.Services, op.TenantHash = succeededOf(earlier), hashOf(t)
			return false, nil
		})
		if err != nil {
			return planned{}, err
		}
		a.log(op).InfoContext(ctx, "operation planned", "steps", len(op.Steps))
	} else if out.Touched = touched(op); !out.Touched {
		// Nothing has happened since the plan was made, so it would be made again.
		if _, err := a.Steps.Plan(ctx, t, op); err != nil {
			return planned{}, err
		}
	}
	before := lifecycle.Before(t, op)
	out.Before = &before
	infrastructure, err := a.Steps.Recorded(t, op)
	if err != nil {
		return planned{}, err
	}
	out.Steps = steps(op, infrastructure)
	return out, nil
}

// begin records that a step is under way.
func (a *Activities) begin(ctx context.Context, in stepOf) (tenants.Operation, error) {
	return a.beginning(ctx, in, func(*tenants.Step) {})
}

// beginning is begin, and does f to the record of the step.
func (a *Activities) beginning(ctx context.Context, in stepOf, f func(*tenants.Step)) (tenants.Operation, error) {
	op, err := a.advance(ctx, in.OperationID, func(op *tenants.Operation, _ *tenants.Tenant) (bool, *tenants.AuditEntry) {
		if mark := lifecycle.Find(op, in.Step); mark != nil && mark.Progress != tenants.ProgressSucceeded {
			lifecycle.Begin(op, in.Step, a.now())
			f(mark)
		}
		return false, nil
	})
	switch {
	case err != nil:
		return op, err
	case op.Progress.Ended():
		return op, tenants.Errorf(tenants.CodeFailedPrecondition, "operation %s of tenant %s has ended; its step %s is not run", op.ID, op.TenantID, in.Step)
	case lifecycle.Find(&op, in.Step) == nil:
		return op, tenants.Errorf(tenants.CodeFailedPrecondition, "operation %s of tenant %s has no step %s", op.ID, op.TenantID, in.Step)
	}
	return op, nil
}

// end records that a step has ended.
func (a *Activities) end(ctx context.Context, in stepOf, err error) (tenants.Operation, error) {
	return a.advance(ctx, in.OperationID, func(op *tenants.Operation, _ *tenants.Tenant) (bool, *tenants.AuditEntry) {
		lifecycle.End(op, in.Step, err, a.now())
		return false, nil
	})
}

// Notify tells the tenant's administrator what was done. That it does is recorded
// before: who comes after a crash knows by it that somebody may have heard.
func (a *Activities) Notify(ctx context.Context, in stepOf) error {
	ctx, cancel := briefly(ctx)
	defer cancel()
	op, err := a.begin(ctx, in)
	if err != nil || lifecycle.Find(&op, in.Step).Progress == tenants.ProgressSucceeded {
		return err
	}
	n, heard, err := a.notice(ctx, op, in.Step)
	if err != nil {
		return err
	}
	if !heard {
		if n, err = a.handOver(ctx, in, n); err != nil {
			return err
		}
		if err := a.Notifier.Notify(ctx, n); err != nil {
			if wasNotTold(err) {
				a.takeBack(context.WithoutCancel(ctx), in, n)
			}
			return lightly(ctx, err, a.now(), detail{})
		}
	}
	_, err = a.end(context.WithoutCancel(ctx), in, nil)
	return err
}

// Finish records that the operation has succeeded, and with what error the tenant's
// administrator was not told.
func (a *Activities) Finish(ctx context.Context, in stepOf) error {
	op, err := a.advance(ctx, in.OperationID, func(op *tenants.Operation, t *tenants.Tenant) (bool, *tenants.AuditEntry) {
		now := a.now()
		if in.Missed != "" {
			lifecycle.Begin(op, NotifyStep, now)
			lifecycle.End(op, NotifyStep, errors.New(in.Missed), now)
		}
		lifecycle.Begin(op, in.Step, now)
		lifecycle.End(op, in.Step, nil, now)
		op.Progress, op.EndedAt = tenants.ProgressSucceeded, now
		*t = lifecycle.Succeeded(*t, op.Kind)
		return true, audit(*op, "succeeded", "")
	})
	if err != nil {
		return err
	}
	if in.Missed != "" {
		a.log(op).WarnContext(ctx, "the tenant's administrator was not told", "step", NotifyStep, "error", in.Missed)
	}
	a.log(op).InfoContext(ctx, "operation succeeded")
	return nil
}

// Fail records that the operation has failed, on the tenant, on the services that
// were not heard of, and on the step that was under way.
func (a *Activities) Fail(ctx context.Context, in failed) error {
	op, err := a.advance(ctx, in.OperationID, func(op *tenants.Operation, t *tenants.Tenant) (bool, *tenants.AuditEntry) {
		in.mark(op, t, a.now())
		return true, audit(*op, "failed", in.Cause.Message)
	})
	if err == nil {
		a.log(op).ErrorContext(ctx, "operation failed", "step", in.Cause.Step, "error", in.Cause.Message)
	}
	return err
}

// mark makes an operation that was under way, and its tenant, say that it has failed.
func (in failed) mark(op *tenants.Operation, t *tenants.Tenant, now time.Time) {
	op.Progress, op.EndedAt, op.Error = tenants.ProgressFailed, now, in.Cause.Message
	for i := range op.Steps {
		if s := &op.Steps[i]; s.Progress == tenants.ProgressRunning {
			s.Progress, s.EndedAt, s.Error = tenants.ProgressFailed, now, in.Cause.Message
		}
	}
	for i := range op.Services {
		if s := &op.Services[i]; s.Progress == tenants.ProgressRunning {
			s.Progress, s.EndedAt, s.Error = tenants.ProgressFailed, now, "the operation failed before it answered"
			t.Services = withState(t.Services, *s)
		}
	}
	switch {
	case in.Cause.Unchanged && in.Before != nil:
		*t = lifecycle.Undone(*t, *in.Before)
	case in.Cause.Unchanged && !touched(*op): // it could not even be planned
		*t = lifecycle.Undone(*t, lifecycle.Before(*t, *op))
	default:
		*t = lifecycle.Failed(*t)
	}
}

// DeadLetter tells the dead-letter topic what failed, with the state that led
// there and what was asked for.
func (a *Activities) DeadLetter(ctx context.Context, in failed) error {
	op, err := a.Ledger.Operation(ctx, in.OperationID)
	if err != nil {
		return err
	}
	if !op.Progress.Ended() { // it is told first and recorded then
		t, err := a.Ledger.Get(ctx, op.TenantID)
		if err != nil {
			return err
		}
		op.Steps, op.Services, t.Services = slices.Clone(op.Steps), slices.Clone(op.Services), slices.Clone(t.Services)
		in.mark(&op, &t, a.now())
	}
	return a.Publisher.DeadLetter(ctx, in.letter(op))
}

func (in failed) letter(op tenants.Operation) Failure {
	f := Failure{Operation: op, Before: in.Before, Code: in.Cause.Code, Message: in.Cause.Message, Step: in.Cause.Step}
	if op.Kind == tenants.OperationCreate {
		f.Before = nil
	}
	return f
}

// audit makes the entry of an operation's end.
func audit(op tenants.Operation, outcome, why string) *tenants.AuditEntry {
	return &tenants.AuditEntry{
		Actor: op.Initiator, Action: "operation." + outcome, TenantID: op.TenantID, OperationID: op.ID, CorrelationID: op.CorrelationID,
		Reason: cut(why, maxReason),
	}
}

// maxReason is how many bytes of a cause an audit entry repeats; the operation
// has the whole.
const maxReason = 2000

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 { // not in the middle of a character
		n--
	}
	return s[:n]
}

// tryOf gives which try of the activity this is; 1 outside an activity.
func tryOf(ctx context.Context) int {
	if !activity.IsActivity(ctx) {
		return 1
	}
	return int(activity.GetInfo(ctx).Attempt)
}
