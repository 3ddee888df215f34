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
	op, err := r.begin(ctx, t, entry, tenants.StatusMoving, steps, m.done)
	if err != nil {
		return Outcome{}, err
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
	placed := t
	placed.Placements = append(slices.Clone(t.Placements), m.to.Placement)
	if t, err = r.addressed(ctx, t, placed); err != nil {
		return out, err
	}
	var last *plan.Plan
	for _, s := range m.steps[min(m.done, len(m.steps)):] {
		out.Operation.Steps = append(out.Operation.Steps, tenants.Step{Name: string(s.Kind)})
		if s.Kind == automation.MoveTransfer {
			continue
		}
		stack := r.tenant(t, s.Placements, releaseOf(t.ID, s.Retiring))
		if last == nil { // this step is the next to run: it is shown as it will
			var needed bool
			if stack, needed, err = r.stackOf(ctx, t, s); err != nil {
				return out, err
			} else if !needed {
				continue
			}
		}
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
	if !m.functions {
		return out, nil
	}
	t.Tier = m.to.Tier.Name
	stack, err := r.functions(t)
	if err != nil {
		return out, err
	}
	res, err := r.Engine.Preview(ctx, stack)
	out.Operation.Steps = append(out.Operation.Steps, tenants.Step{Name: functionsStep})
	out.Runs = append(out.Runs, StepRun{Step: functionsStep, Title: m.functionsTitle(), Result: res})
	return out, err
}

// move is a planned move, with how far an earlier try of it came.
type move struct {
	from, to  stacks.Placement
	steps     []automation.MoveStep
	functions bool // the tenant's functions take the new tier's limits in a last step
	done      int  // steps that an earlier try has done
}

// functionsStep is the name of the step after those of the placements.
const functionsStep = "functions"

func (m move) functionsTitle() string {
	return "give the tenant's functions the limits of tier " + m.to.Tier.Name
}

// names gives the names of all steps, in order.
func (m move) names() []string {
	var names []string
	for _, s := range m.steps {
		names = append(names, string(s.Kind))
	}
	if m.functions {
		names = append(names, functionsStep)
	}
	return names
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
	m := move{from: from, to: to, functions: len(t.Functions) > 0}
	if m.steps, err = automation.PlanMove(from, to); err != nil {
		return move{}, err
	}
	if n := len(t.Functions); n > target.FunctionCount {
		return move{}, tenants.Errorf(tenants.CodeFailedPrecondition,
			"tenant %s has %d functions and tier %s allows %d; take some away first, see \"tenantform function list %s\"", t.ID, n, tier, target.FunctionCount, t.ID)
	}
	return m, r.transferable(m)
}

// resumeMove goes on with the move that failed last, or takes it back; what
// failed may itself have been the taking back of a move.
func (r *Runner) resumeMove(ctx context.Context, t tenants.Tenant, to stacks.Placement) (move, error) {
	last, err := r.lastMove(ctx, t.ID)
	if err != nil {
		return move{}, err
	}
	// Only a move forward has a transfer, or leaves the tenant in the tier that it comes from.
	back := t.Tier == last.ToTier && !slices.ContainsFunc(last.Steps, func(s tenants.Step) bool { return s.Name == string(automation.MoveTransfer) })
	source, aim := last.FromTier, last.ToTier
	if back {
		source, aim = aim, source
	}
	fromTier, err := r.Catalogue.Tier(source)
	if err != nil {
		return move{}, err
	}
	toTier, err := r.Catalogue.Tier(aim)
	if err != nil {
		return move{}, err
	}
	m := move{
		from:      stacks.Placement{Placement: fromTier.Placement(), Tier: fromTier},
		to:        stacks.Placement{Placement: toTier.Placement(), Tier: toTier},
		functions: len(t.Functions) > 0,
	}
	switch to.Tier.Name {
	case aim:
		if m.steps, err = automation.PlanMove(m.from, m.to); err != nil {
			return move{}, err
		}
		m.done = doneOf(last, m)
		return m, r.transferable(m)
	case source:
		if t.Tier == aim {
			return move{}, tenants.Errorf(tenants.CodeFailedPrecondition,
				"tenant %s: its move from %s to %s is past the point from which it can be taken back; finish it with \"tenantform tenant move %s --tier %s\"", t.ID, source, aim, t.ID, aim)
		}
		m = rollBack(m)
		m.done = doneOf(last, m)
		return m, nil
	}
	return move{}, tenants.Errorf(tenants.CodeFailedPrecondition,
		"tenant %s: its move from %s to %s failed half way; ask for %s to go on or for %s to take it back", t.ID, source, aim, aim, source)
}

// doneOf counts the steps that an earlier try of the same move has done; none
// when what was tried last is another.
func doneOf(last tenants.Operation, m move) int {
	var names []string
	done := 0
	for _, s := range last.Steps {
		names = append(names, s.Name)
		if s.Progress == tenants.ProgressSucceeded {
			done++
		}
	}
	if last.ToTier != m.to.Tier.Name || !slices.Equal(names, m.names()) {
		return 0
	}
	return done
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
	for _, s := range m.steps[min(m.done, len(m.steps)):] {
		if s.Kind == automation.MoveTransfer {
			return tenants.Errorf(tenants.CodeFailedPrecondition,
				"a move from %s to %s takes users and data along, and nothing here can do that on this target; when you have moved them yourself, say so with --data-moved", m.from, m.to)
		}
	}
	return nil
}

// bind makes the move's steps into an operation's.
func (m move) bind(r *Runner) []step {
	out := make([]step, 0, len(m.steps)+1)
	for _, s := range m.steps {
		run := func(ctx context.Context, op *operation) error { return m.place(ctx, op, s) }
		if s.Kind == automation.MoveTransfer {
			run = m.transfer
		}
		out = append(out, step{name: string(s.Kind), title: s.Title, run: run})
	}
	if m.functions {
		out = append(out, step{name: functionsStep, title: m.functionsTitle(), run: func(ctx context.Context, op *operation) error {
			s, err := r.functions(op.tenant)
			if err != nil {
				return err
			}
			return op.up(ctx, functionsStep, m.functionsTitle(), s)
		}})
	}
	return out
}

// place brings the tenant's placements to what the step says.
func (m move) place(ctx context.Context, op *operation, s automation.MoveStep) error {
	if err := op.place(ctx, func(t *tenants.Tenant) { t.Placements = placementsOf(s, t.Placements) }); err != nil {
		return err
	}
	stack, needed, err := op.stackOf(ctx, op.tenant, s)
	if err != nil {
		return err
	}
	if needed {
		if err := op.up(ctx, string(s.Kind), s.Title, stack); err != nil {
			return err
		}
	}
	return op.change(ctx, func(t *tenants.Tenant) {
		if s.Kind == automation.MoveRetire || s.Kind == automation.MoveUpdate {
			t.Tier = m.to.Tier.Name
		}
		t.Placements = nil
		for _, p := range s.Placements {
			t.Placements = append(t.Placements, p.Placement)
		}
		vacated(t)
	})
}

// stackOf gives the tenant's stack in a step, and whether the step has anything
// to do. A release changes nothing but what would refuse to be taken away:
// what is missing of a placement is not made just to be taken away.
func (r *Runner) stackOf(ctx context.Context, t tenants.Tenant, s automation.MoveStep) (automation.Stack, bool, error) {
	release := releaseOf(t.ID, s.Retiring)
	stack := r.tenant(t, s.Placements, release)
	if s.Kind != automation.MoveRelease {
		return stack, true, nil
	}
	kept := slices.DeleteFunc(slices.Clone(s.Placements), func(p stacks.Placement) bool { return p.Placement == s.Retiring.Placement })
	res, err := r.Engine.Preview(ctx, r.tenant(t, kept, release))
	stack.Targets = protectedIn(res)
	return stack, len(stack.Targets) > 0, err
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
