package direct

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// operation is one operation under way: the tenant as it is in the store, the
// journal's entry, and what ran.
type operation struct {
	*Runner
	tenant  tenants.Tenant
	before  tenants.Tenant // as it was when the operation began
	entry   tenants.Operation
	outcome Outcome
	refused bool // the gate refused a run, which then changed nothing
}

// step is one step of an operation. It may be run again after it was cut off
// at any point, and then ends as if it had run once.
type step struct {
	name  string
	title string
	run   func(ctx context.Context, op *operation) error
}

// begin opens the journal's entry, of which the caller, who holds the tenant,
// gives kind, tiers and reason, and brings the tenant into a status in
// progress. The first done of the steps are taken as done by an earlier try.
//
// The entry comes first: a status in progress without an entry would not tell
// how to go on.
func (r *Runner) begin(ctx context.Context, t tenants.Tenant, entry tenants.Operation, status tenants.Status, steps []step, done int) (*operation, error) {
	if err := tenants.Transition(t.Status, status); err != nil {
		return nil, err
	}
	op := &operation{Runner: r, before: t, entry: entry}
	op.entry.ID, op.entry.TenantID, op.entry.Initiator = strings.ToLower(rand.Text()), t.ID, r.Initiator
	op.entry.Progress, op.entry.StartedAt = tenants.ProgressRunning, r.now()
	for i, s := range steps {
		mark := tenants.Step{Name: s.name}
		if i < done {
			mark.Progress = tenants.ProgressSucceeded
		}
		op.entry.Steps = append(op.entry.Steps, mark)
	}
	if err := r.Journal.Record(ctx, op.entry); err != nil {
		return nil, err
	}
	t.Status, t.UpdatedAt = status, r.now()
	stored, err := r.Store.Update(ctx, t)
	if err != nil {
		op.tenant = t
		_, err = op.end(ctx, "", err)
		return nil, err
	}
	op.tenant = stored
	return op, nil
}

// run does the steps from the first one that is not done, and records each as
// it begins and ends. It ends in done, or in the status that records failure.
func (op *operation) run(ctx context.Context, steps []step, done tenants.Status) (Outcome, error) {
	// What was begun is recorded to its end, also when the caller goes away.
	ctx = context.WithoutCancel(ctx)
	for i, s := range steps {
		if op.entry.Steps[i].Progress == tenants.ProgressSucceeded {
			continue
		}
		if err := op.one(ctx, i, s); err != nil {
			if op.refused && len(op.outcome.Runs) == 1 {
				return op.revert(ctx, err)
			}
			next, _ := op.tenant.Status.Failed()
			return op.end(ctx, next, err)
		}
	}
	return op.end(ctx, done, nil)
}

// revert ends an operation whose first run was refused before it changed
// anything: the tenant is again as it was.
func (op *operation) revert(ctx context.Context, refusal error) (Outcome, error) {
	status, _ := op.tenant.Status.Failed()
	if tenants.Transition(op.tenant.Status, op.before.Status) == nil {
		status = op.before.Status
	}
	err := op.change(ctx, func(t *tenants.Tenant) {
		t.Tier, t.Placements, t.Functions, t.NetworkCIDR = op.before.Tier, op.before.Placements, op.before.Functions, op.before.NetworkCIDR
	})
	return op.end(ctx, status, errors.Join(refusal, err))
}

// one does a step and records how it went.
func (op *operation) one(ctx context.Context, i int, s step) error {
	mark := &op.entry.Steps[i]
	mark.Progress, mark.StartedAt = tenants.ProgressRunning, op.now()
	if err := op.Journal.Record(ctx, op.entry); err != nil {
		return err
	}
	op.tell(*mark)
	err := s.run(ctx, op)
	mark.Progress, mark.EndedAt = tenants.ProgressSucceeded, op.now()
	if err != nil {
		mark.Progress, mark.Error = tenants.ProgressFailed, err.Error()
	}
	op.tell(*mark)
	return errors.Join(err, op.Journal.Record(ctx, op.entry))
}

func (op *operation) tell(s tenants.Step) {
	if op.Step != nil {
		op.Step(op.entry, s)
	}
}

// end records the outcome in the store and in the journal.
func (op *operation) end(ctx context.Context, status tenants.Status, failed error) (Outcome, error) {
	op.entry.Progress, op.entry.EndedAt = tenants.ProgressSucceeded, op.now()
	if failed != nil {
		op.entry.Progress, op.entry.Error = tenants.ProgressFailed, failed.Error()
	}
	err := failed
	if status != "" {
		if serr := op.change(ctx, func(t *tenants.Tenant) { t.Status = status }); serr != nil {
			err = errors.Join(err, serr)
		}
	}
	if jerr := op.Journal.Record(ctx, op.entry); jerr != nil {
		err = errors.Join(err, jerr)
	}
	op.outcome.Operation, op.outcome.Tenant = op.entry, op.tenant
	return op.outcome, err
}

// change writes the tenant.
func (op *operation) change(ctx context.Context, f func(*tenants.Tenant)) error {
	t := op.tenant
	f(&t)
	t.UpdatedAt = op.now()
	stored, err := op.Store.Update(ctx, t)
	if err != nil {
		return err
	}
	op.tenant = stored
	return nil
}

// up runs a stack and keeps its result.
func (op *operation) up(ctx context.Context, name, title string, s automation.Stack) error {
	res, err := op.Engine.Up(ctx, s)
	op.outcome.Runs = append(op.outcome.Runs, StepRun{Step: name, Title: title, Result: res})
	op.refused = tenants.CodeOf(err) == tenants.CodeForbidden && !res.Report.Allowed()
	return err
}

// after gives next as it will be once prev has run, with the gate's word on it.
func (r *Runner) after(ctx context.Context, prev plan.Plan, next automation.Result, subject policies.Subject) (automation.Result, error) {
	next.Plan = plan.Relative(prev, next.Plan)
	next.Changes = next.Plan.Changes()
	var err error
	next.Report, err = r.Gate.Evaluate(ctx, policies.NewInput(next.Plan, subject, r.Catalogue))
	return next, err
}

// recover ends the journal's entry of an operation that was killed, and brings
// the tenant from its status in progress to the one that records failure, from
// where it can be tried again. The caller holds the tenant, so nobody is at it
// any more.
func (r *Runner) recover(ctx context.Context, t tenants.Tenant) (tenants.Tenant, error) {
	ops, err := r.Journal.Operations(ctx, t.ID)
	if err != nil {
		return t, err
	}
	for _, op := range ops {
		if op.Progress != tenants.ProgressRunning {
			continue
		}
		op.Progress, op.EndedAt, op.Error = tenants.ProgressFailed, r.now(), interrupted
		for i := range op.Steps {
			if op.Steps[i].Progress == tenants.ProgressRunning {
				op.Steps[i].Progress, op.Steps[i].EndedAt, op.Steps[i].Error = tenants.ProgressFailed, r.now(), interrupted
			}
		}
		if err := r.Journal.Record(ctx, op); err != nil {
			return t, err
		}
	}
	failed, inProgress := t.Status.Failed()
	if !inProgress {
		return t, nil
	}
	t.Status, t.UpdatedAt = failed, r.now()
	return r.Store.Update(ctx, t)
}

// interrupted is what the journal says of an operation whose process ended.
const interrupted = "the process that ran it ended before the operation did"

// hold takes the tenant for one operation.
func (r *Runner) hold(id string) (func(), error) { return r.Holder.Hold(id) }

// held gives the tenant as it is, for an operation on it, with a hold on it.
func (r *Runner) held(ctx context.Context, id string) (tenants.Tenant, func(), error) {
	if _, err := r.Store.Get(ctx, id); err != nil {
		return tenants.Tenant{}, nil, err
	}
	release, err := r.hold(id)
	if err != nil {
		return tenants.Tenant{}, nil, err
	}
	t, err := r.Store.Get(ctx, id)
	if err == nil {
		t, err = r.recover(ctx, t)
	}
	if err != nil {
		release()
		return tenants.Tenant{}, nil, err
	}
	return t, release, nil
}
