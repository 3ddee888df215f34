package direct

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/tenants"
)

// operation is one operation under way: the journal's entry, the tenant as it
// was when it began, and what ran.
type operation struct {
	*Runner
	before tenants.Tenant
	entry  tenants.Operation
	runs   []StepRun
}

// run takes a tenant, which the caller holds, through an operation, of which the
// caller gives kind, reason and request, from the first step that is not done.
func (r *Runner) run(ctx context.Context, t tenants.Tenant, entry tenants.Operation, status tenants.Status) (Outcome, error) {
	entry.TenantID = t.ID
	planned, err := r.Plan(ctx, t, entry)
	if err != nil {
		return Outcome{}, err
	}
	op, err := r.begin(ctx, t, entry, status, planned)
	if err != nil {
		return Outcome{}, err
	}
	// What was begun is recorded to its end, also when the caller goes away.
	ctx = context.WithoutCancel(ctx)
	for _, s := range planned.Steps[min(planned.Done, len(planned.Steps)):] {
		res, err := op.one(ctx, s.Name)
		op.runs = append(op.runs, res.Runs...)
		switch {
		case err == nil:
		case res.Refused && len(op.runs) == 1: // nothing was changed
			return op.end(ctx, err, func(t tenants.Tenant) tenants.Tenant { return lifecycle.Undone(t, op.before) })
		default:
			return op.end(ctx, err, lifecycle.Failed)
		}
	}
	return op.end(ctx, nil, func(t tenants.Tenant) tenants.Tenant { return lifecycle.Succeeded(t, entry.Kind) })
}

// begin opens the journal's entry and brings the tenant into a status in
// progress. The entry comes first: a status in progress without an entry would
// not tell how to go on.
func (r *Runner) begin(ctx context.Context, t tenants.Tenant, entry tenants.Operation, status tenants.Status, planned lifecycle.Plan) (*operation, error) {
	if err := tenants.Transition(t.Status, status); err != nil {
		return nil, err
	}
	op := &operation{Runner: r, before: t, entry: entry}
	op.entry.ID, op.entry.Initiator = strings.ToLower(rand.Text()), r.Initiator
	op.entry.FromTier, op.entry.ToTier, op.entry.FromStatus = planned.FromTier, planned.ToTier, t.Status
	op.entry.Progress, op.entry.StartedAt = tenants.ProgressRunning, r.Time()
	for i, s := range planned.Steps {
		mark := tenants.Step{Name: s.Name}
		if i < planned.Done {
			mark.Progress = tenants.ProgressSucceeded
		}
		op.entry.Steps = append(op.entry.Steps, mark)
	}
	if err := r.Journal.Record(ctx, op.entry); err != nil {
		return nil, err
	}
	t.Status, t.UpdatedAt = status, r.Time()
	if _, err := r.Store.Update(ctx, t); err != nil {
		op.entry.Progress, op.entry.EndedAt, op.entry.Error = tenants.ProgressFailed, r.Time(), err.Error()
		return nil, errors.Join(err, r.Journal.Record(ctx, op.entry))
	}
	return op, nil
}

// one does a step and records how it went.
func (op *operation) one(ctx context.Context, name string) (lifecycle.Result, error) {
	lifecycle.Begin(&op.entry, name, op.Time())
	if err := op.Journal.Record(ctx, op.entry); err != nil {
		return lifecycle.Result{}, err
	}
	op.tell(name)
	res, err := op.Run(ctx, op.entry, name)
	lifecycle.End(&op.entry, name, err, op.Time())
	op.tell(name)
	return res, errors.Join(err, op.Journal.Record(ctx, op.entry))
}

func (op *operation) tell(name string) {
	if op.Step != nil {
		op.Step(op.entry, *lifecycle.Find(&op.entry, name))
	}
}

// end records the outcome in the store and in the journal.
func (op *operation) end(ctx context.Context, failed error, leave func(tenants.Tenant) tenants.Tenant) (Outcome, error) {
	op.entry.Progress, op.entry.EndedAt = tenants.ProgressSucceeded, op.Time()
	if failed != nil {
		op.entry.Progress, op.entry.Error = tenants.ProgressFailed, failed.Error()
	}
	t, err := op.Store.Get(ctx, op.entry.TenantID)
	if err == nil {
		t = leave(t)
		t.UpdatedAt = op.Time()
		t, err = op.Store.Update(ctx, t)
	}
	err = errors.Join(err, op.Journal.Record(ctx, op.entry))
	if failed != nil && err == nil {
		err = failed // as it is: its code and its fields
	} else if failed != nil {
		err = errors.Join(failed, err)
	}
	return Outcome{Operation: op.entry, Tenant: t, Runs: op.runs}, err
}

// reserve adds the tenant to the store, or gives the one whose creation is to
// be gone on with, in a status from which it can be.
func (r *Runner) reserve(ctx context.Context, t tenants.Tenant) (tenants.Tenant, error) {
	known, err := r.Store.Get(ctx, t.ID)
	if tenants.CodeOf(err) == tenants.CodeNotFound || (err == nil && known.Status == tenants.StatusDeleted) {
		t.Status, t.Version, t.CreatedAt, t.UpdatedAt = "", 0, r.Time(), r.Time()
		return r.Store.Create(ctx, t)
	}
	if err != nil {
		return t, err
	}
	if known, err = r.recover(ctx, known); err != nil {
		return t, err
	}
	if known.Status != tenants.StatusCreateFailed && known.Status != "" {
		return t, lifecycle.Exists(t.ID)
	}
	known.Name, known.AdminEmail, known.Tier, known.Region, known.CostCenter = t.Name, t.AdminEmail, t.Tier, t.Region, t.CostCenter
	return known, nil
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
		op.Progress, op.EndedAt, op.Error = tenants.ProgressFailed, r.Time(), interrupted
		for i := range op.Steps {
			if op.Steps[i].Progress == tenants.ProgressRunning {
				op.Steps[i].Progress, op.Steps[i].EndedAt, op.Steps[i].Error = tenants.ProgressFailed, r.Time(), interrupted
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
	t.Status, t.UpdatedAt = failed, r.Time()
	return r.Store.Update(ctx, t)
}

// interrupted is what the journal says of an operation whose process ended.
const interrupted = "the process that ran it ended before the operation did"

// held gives the tenant as it is, for an operation on it, with a hold on it.
func (r *Runner) held(ctx context.Context, id string) (tenants.Tenant, func(), error) {
	if _, err := r.Store.Get(ctx, id); err != nil {
		return tenants.Tenant{}, nil, err
	}
	release, err := r.Holder.Hold(id)
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
