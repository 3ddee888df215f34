package direct

import (
	"context"
	"slices"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

// Move takes a tenant to another tier. A move that failed, or was killed, goes
// on at the step where it stopped when the same tier is asked for again; asked
// for the tier it came from, it is rolled back, as long as the users and data
// have not gone over.
func (r *Runner) Move(ctx context.Context, id, tier, reason string) (Outcome, error) {
	t, release, err := r.held(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	defer release()
	m, err := r.planMove(ctx, t, tier)
	if err != nil {
		return Outcome{}, err
	}
	steps := m.bind(r)
	entry := tenants.Operation{Kind: tenants.OperationMove, FromTier: m.from.Tier.Name, ToTier: m.to.Tier.Name, Reason: reason}
	op, err := r.begin(ctx, t, entry, tenants.StatusMoving, steps)
	if err != nil {
		return Outcome{}, err
	}
	for i := range m.done {
		op.entry.Steps[i].Progress = tenants.ProgressSucceeded
	}
	return op.run(ctx, steps, tenants.StatusActive)
}

// PlanMove says what Move would do: its steps, what each changes, and what the
// gate says to it. It changes nothing.
func (r *Runner) PlanMove(ctx context.Context, id, tier string) (Outcome, error) {
	t, err := r.Store.Get(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	m, err := r.planMove(ctx, t, tier)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Tenant: t, Operation: tenants.Operation{
		TenantID: id, Kind: tenants.OperationMove, FromTier: m.from.Tier.Name, ToTier: m.to.Tier.Name,
	}}
	var last *plan.Plan
	for _, s := range m.steps[m.done:] {
		out.Operation.Steps = append(out.Operation.Steps, tenants.Step{Name: string(s.Kind)})
		if s.Kind == automation.MoveTransfer {
			continue
		}
		stack := r.tenant(t, s.Placements, releaseOf(t.ID, s.Retiring))
		res, err := r.Engine.Preview(ctx, stack)
		if err != nil {
			return out, err
		}
		whole := res.Plan
		if last != nil {
			if res, err = r.after(ctx, *last, res, stack.Subject); err != nil {
				return out, err
			}
		}
		last = &whole
		out.Runs = append(out.Runs, StepRun{Step: string(s.Kind), Title: s.Title, Result: res})
	}
	return out, nil
}

// move is a planned move, with how far an earlier try of it came.
type move struct {
	from, to stacks.Placement
	steps    []automation.MoveStep
	done     int
}

// planMove plans from what the store and the journal say of the tenant.
func (r *Runner) planMove(ctx context.Context, t tenants.Tenant, tier string) (move, error) {
	target, err := r.Catalogue.Tier(tier)
	if err != nil {
		return move{}, err
	}
	to := stacks.Placement{Placement: target.Placement(), Tier: target}
	if t.Status == tenants.StatusMoveFailed {
		return r.resumeMove(ctx, t, to)
	}
	if err := tenants.Transition(t.Status, tenants.StatusMoving); err != nil {
		return move{}, err
	}
	own, err := r.Catalogue.Tier(t.Tier)
	if err != nil {
		return move{}, err
	}
	from := stacks.Placement{Placement: own.Placement(), Tier: own}
	if len(t.Placements) == 1 {
		from.Placement = t.Placements[0]
	}
	m := move{from: from, to: to}
	if m.steps, err = automation.PlanMove(from, to); err != nil {
		return move{}, err
	}
	return m, r.transferable(m)
}

// resumeMove goes on with the move that failed last, or takes it back.
func (r *Runner) resumeMove(ctx context.Context, t tenants.Tenant, to stacks.Placement) (move, error) {
	last, err := r.lastMove(ctx, t.ID)
	if err != nil {
		return move{}, err
	}
	source, err := r.Catalogue.Tier(last.FromTier)
	if err != nil {
		return move{}, err
	}
	aim, err := r.Catalogue.Tier(last.ToTier)
	if err != nil {
		return move{}, err
	}
	m := move{
		from: stacks.Placement{Placement: source.Placement(), Tier: source},
		to:   stacks.Placement{Placement: aim.Placement(), Tier: aim},
	}
	switch to.Tier.Name {
	case last.ToTier:
		if m.steps, err = automation.PlanMove(m.from, m.to); err != nil {
			return move{}, err
		}
		for _, s := range last.Steps {
			if s.Progress == tenants.ProgressSucceeded {
				m.done++
			}
		}
		if len(last.Steps) != len(m.steps) {
			m.done = 0
		}
		return m, r.transferable(m)
	case last.FromTier:
		if t.Tier != last.FromTier {
			return move{}, tenants.Errorf(tenants.CodeFailedPrecondition,
				"tenant %s: its users and data have gone over to tier %s, so the move cannot be taken back; finish it with \"tenantform tenant move %s --tier %s\"", t.ID, last.ToTier, t.ID, last.ToTier)
		}
		return rollBack(m), nil
	}
	return move{}, tenants.Errorf(tenants.CodeFailedPrecondition,
		"tenant %s: its move from %s to %s failed half way; ask for %s to go on or for %s to take it back", t.ID, last.FromTier, last.ToTier, last.ToTier, last.FromTier)
}

// rollBack plans the way back of a move whose users and data have not gone
// over: the target, which nobody uses yet, is released and taken away.
func rollBack(m move) move {
	back := move{from: m.to, to: m.from}
	if m.from.Placement == m.to.Placement {
		back.steps = []automation.MoveStep{{Kind: automation.MoveUpdate, Placements: []stacks.Placement{m.from}, Title: "go back to the limits of tier " + m.from.Tier.Name}}
		return back
	}
	released := m.to
	released.Released = true
	back.steps = []automation.MoveStep{
		{Kind: automation.MoveRelease, Placements: []stacks.Placement{m.from, released}, Retiring: &released, Title: "take the deletion protection off " + m.to.String()},
		{Kind: automation.MoveRetire, Placements: []stacks.Placement{m.from}, Retiring: &released, Title: "take away " + m.to.String() + "; " + m.from.String() + " alone is left"},
	}
	return back
}

// lastMove gives the journal's last move of a tenant.
func (r *Runner) lastMove(ctx context.Context, id string) (tenants.Operation, error) {
	ops, err := r.Journal.Operations(ctx, id)
	if err != nil {
		return tenants.Operation{}, err
	}
	for _, op := range slices.Backward(ops) {
		if op.Kind == tenants.OperationMove {
			return op, nil
		}
	}
	return tenants.Operation{}, tenants.Errorf(tenants.CodeInternal, "tenant %s: its status says that a move failed, but the journal has none", id)
}

// transferable refuses a move between two places when nothing can take the
// tenant's users and data along.
func (r *Runner) transferable(m move) error {
	if r.Transfer != nil {
		return nil
	}
	for _, s := range m.steps[m.done:] {
		if s.Kind == automation.MoveTransfer {
			return tenants.Errorf(tenants.CodeFailedPrecondition,
				"a move from %s to %s takes users and data along, and nothing here can do that on this target; when you have moved them yourself, say so with --data-moved", m.from, m.to)
		}
	}
	return nil
}

// bind makes the move's steps into an operation's.
func (m move) bind(r *Runner) []step {
	out := make([]step, 0, len(m.steps))
	for _, s := range m.steps {
		name := string(s.Kind)
		out = append(out, step{name: name, title: s.Title, run: func(ctx context.Context, op *operation) error {
			if s.Kind == automation.MoveTransfer {
				return m.transfer(ctx, op)
			}
			if err := op.change(ctx, func(t *tenants.Tenant) { t.Placements = placementsOf(s, t.Placements) }); err != nil {
				return err
			}
			if err := op.up(ctx, name, s.Title, r.tenant(op.tenant, s.Placements, releaseOf(op.tenant.ID, s.Retiring))); err != nil {
				return err
			}
			return op.change(ctx, func(t *tenants.Tenant) {
				if s.Kind == automation.MoveRetire || s.Kind == automation.MoveUpdate {
					t.Tier = m.to.Tier.Name
				}
				t.Placements = nil
				for _, p := range s.Placements {
					t.Placements = append(t.Placements, p.Placement)
				}
			})
		}})
	}
	return out
}

// placementsOf gives where parts of a tenant may be while a step runs: where
// they were and where the step brings them.
func placementsOf(s automation.MoveStep, now []tenants.Placement) []tenants.Placement {
	out := slices.Clone(now)
	for _, p := range s.Placements {
		if !slices.Contains(out, p.Placement) {
			out = append(out, p.Placement)
		}
	}
	return out
}

// transfer takes users and data over; from then on the tenant's tier is the new one.
func (m move) transfer(ctx context.Context, op *operation) error {
	if err := op.Transfer(ctx, op.tenant.ID, m.from.Placement, m.to.Placement); err != nil {
		return err
	}
	return op.change(ctx, func(t *tenants.Tenant) { t.Tier = m.to.Tier.Name })
}
