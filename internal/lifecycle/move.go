package lifecycle

import (
	"context"
	"slices"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

// PlanMove says what a move to a tier would do: its steps, what each changes, and what the
// gate says to it. It changes nothing.
func (l *Lifecycle) PlanMove(ctx context.Context, id, tier string) (Outcome, error) {
	t, err := l.Store.Get(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	if t.Status == tenants.StatusMoving {
		return Outcome{}, tenants.Transition(t.Status, tenants.StatusMoving)
	}
	m, err := l.planMove(ctx, t, tenants.Operation{TenantID: id, Kind: tenants.OperationMove, ToTier: tier})
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Tenant: t, Operation: tenants.Operation{
		TenantID: id, Kind: tenants.OperationMove, FromTier: m.from.Tier.Name, ToTier: m.to.Tier.Name,
	}}
	placed := t
	placed.Placements = append(slices.Clone(t.Placements), m.to.Placement)
	if t, err = l.addressed(ctx, t, placed); err != nil {
		return out, err
	}
	var last *plan.Plan
	for _, s := range m.steps[min(m.done, len(m.steps)):] {
		out.Operation.Steps = append(out.Operation.Steps, tenants.Step{Name: string(s.Kind)})
		if s.Kind == automation.MoveTransfer {
			continue
		}
		stack := l.tenant(t, s.Placements, releaseOf(t.ID, s.Retiring))
		if last == nil { // this step is the next to run: it is shown as it will
			var needed bool
			if stack, needed, err = l.stackOf(ctx, t, s); err != nil {
				return out, err
			} else if !needed {
				continue
			}
		}
		res, err := l.Engine.Preview(ctx, stack)
		if err != nil {
			return out, err
		}
		whole := res.Plan
		if last != nil {
			if res, err = l.after(ctx, *last, res, stack.Subject); err != nil {
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
	stack, err := l.functions(t)
	if err != nil {
		return out, err
	}
	res, err := l.Engine.Preview(ctx, stack)
	out.Operation.Steps = append(out.Operation.Steps, tenants.Step{Name: functionsStep})
	out.Runs = append(out.Runs, StepRun{Step: functionsStep, Title: m.functionsTitle(), Result: res})
	return out, err
}

// move is a planned move, with how far an earlier try of it came.
type move struct {
	from, to  stacks.Placement
	steps     []automation.MoveStep
	functions bool // the tenant's functions take the new tier's limits in a last step
	dataMoved bool // users and data have been taken over by somebody else
	done      int  // steps that an earlier try has done
}

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

// planMove plans the move that the operation asks for, from what the store and
// the journal say of the tenant. A move that failed goes on at the step where
// it stopped when the same tier is asked for again; asked for the tier that it
// came from, it is taken back, as long as users and data have not gone over.
func (l *Lifecycle) planMove(ctx context.Context, t tenants.Tenant, op tenants.Operation) (move, error) {
	request, err := requestOf(op)
	if err != nil {
		return move{}, err
	}
	target, err := l.Catalogue.Tier(op.ToTier)
	if err != nil {
		return move{}, err
	}
	to := stacks.Placement{Placement: target.Placement(), Tier: target}
	last, halfway, err := l.halfway(ctx, t, op)
	if err != nil {
		return move{}, err
	}
	var m move
	if halfway {
		m, err = l.resumeMove(t, last, to)
	} else {
		m, err = l.freshMove(t, to)
	}
	if err == nil {
		err = l.transferable(m, request)
	}
	return m, err
}

// freshMove plans a move of a tenant that lives in one place.
func (l *Lifecycle) freshMove(t tenants.Tenant, to stacks.Placement) (move, error) {
	if t.Status != tenants.StatusMoving { // an operation that has begun was allowed to
		if err := tenants.Transition(t.Status, tenants.StatusMoving); err != nil {
			return move{}, err
		}
	}
	own, err := l.Catalogue.Tier(t.Tier)
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
	if n := len(t.Functions); n > to.Tier.FunctionCount {
		return move{}, tenants.Errorf(tenants.CodeFailedPrecondition,
			"tenant %s has %d functions and tier %s allows %d; take some away first, see \"tenantform function list %s\"", t.ID, n, to.Tier.Name, to.Tier.FunctionCount, t.ID)
	}
	return m, nil
}

// halfway gives the move that failed and left the tenant somewhere between its
// source and its target, and whether there is one. Where the tenant's status no
// longer tells, because the operation has begun, what the failed move left does.
func (l *Lifecycle) halfway(ctx context.Context, t tenants.Tenant, op tenants.Operation) (tenants.Operation, bool, error) {
	if t.Status != tenants.StatusMoveFailed && t.Status != tenants.StatusMoving {
		return tenants.Operation{}, false, nil
	}
	last, found, err := l.lastMove(ctx, op)
	switch {
	case err != nil:
		return last, false, err
	case t.Status == tenants.StatusMoveFailed && !found:
		return last, false, tenants.Errorf(tenants.CodeInternal, "tenant %s: its status says that a move failed, but the journal has none", t.ID)
	case t.Status == tenants.StatusMoveFailed:
		return last, true, nil
	case !found || last.Progress != tenants.ProgressFailed:
		return last, false, nil
	}
	begun := slices.ContainsFunc(last.Steps, func(s tenants.Step) bool { return s.Progress == tenants.ProgressSucceeded && moving(s.Name) })
	inPlace := last.ToTier == op.ToTier || last.FromTier == op.ToTier
	return last, begun || len(t.Placements) > 1 || (inPlace && slices.ContainsFunc(last.Steps, func(s tenants.Step) bool {
		return s.Name == string(automation.MoveUpdate) && s.Progress == tenants.ProgressFailed
	})), nil
}

// moving tells whether a step of that name is one of a move's own.
func moving(name string) bool {
	switch automation.MoveStepKind(name) {
	case automation.MoveUpdate, automation.MovePrepare, automation.MoveTransfer, automation.MoveRelease, automation.MoveRetire:
		return true
	}
	return name == functionsStep
}

// resumeMove goes on with the move that failed last, or takes it back; what
// failed may itself have been the taking back of a move.
func (l *Lifecycle) resumeMove(t tenants.Tenant, last tenants.Operation, to stacks.Placement) (move, error) {
	// Only a move forward has a transfer, or leaves the tenant in the tier that it comes from.
	back := t.Tier == last.ToTier && !slices.ContainsFunc(last.Steps, func(s tenants.Step) bool { return s.Name == string(automation.MoveTransfer) })
	source, aim := last.FromTier, last.ToTier
	if back {
		source, aim = aim, source
	}
	fromTier, err := l.Catalogue.Tier(source)
	if err != nil {
		return move{}, err
	}
	toTier, err := l.Catalogue.Tier(aim)
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
		return m, nil
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
		if !moving(s.Name) {
			continue // of whoever ran the operation
		}
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

// lastMove gives the journal's last move of a tenant before the operation, and
// whether there is one.
func (l *Lifecycle) lastMove(ctx context.Context, op tenants.Operation) (tenants.Operation, bool, error) {
	ops, err := l.Journal.Operations(ctx, op.TenantID)
	if err != nil {
		return tenants.Operation{}, false, err
	}
	for _, earlier := range slices.Backward(ops) {
		if earlier.Kind == tenants.OperationMove && earlier.ID != op.ID {
			return earlier, true, nil
		}
		if earlier.Kind == tenants.OperationCreate {
			break // what was before it happened to a tenant of the same id that is no more
		}
	}
	return tenants.Operation{}, false, nil
}

// transferable refuses a move between two places when nothing can take the
// tenant's users and data along.
func (l *Lifecycle) transferable(m move, request Request) error {
	if l.Transfer != nil || request.DataMoved {
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

// recordedMove gives the move that an operation's record says, whatever of it is done.
func (l *Lifecycle) recordedMove(t tenants.Tenant, op tenants.Operation) (move, error) {
	request, err := requestOf(op)
	if err != nil {
		return move{}, err
	}
	source, err := l.Catalogue.Tier(op.FromTier)
	if err != nil {
		return move{}, err
	}
	target, err := l.Catalogue.Tier(op.ToTier)
	if err != nil {
		return move{}, err
	}
	m := move{
		from:      stacks.Placement{Placement: source.Placement(), Tier: source},
		to:        stacks.Placement{Placement: target.Placement(), Tier: target},
		dataMoved: request.DataMoved,
	}
	// A tenant may live in another cell than its tier says today.
	if i := slices.IndexFunc(t.Placements, func(p tenants.Placement) bool { return p != m.to.Placement }); i >= 0 {
		m.from.Placement = t.Placements[i]
	}
	has := func(kind automation.MoveStepKind) bool { return Find(&op, string(kind)) != nil }
	switch {
	case has(automation.MoveUpdate):
		m.from.Placement = m.to.Placement
		m.steps, err = automation.PlanMove(m.from, m.to)
	case has(automation.MovePrepare):
		m.steps, err = automation.PlanMove(m.from, m.to)
	default:
		m = rollBack(move{from: m.to, to: m.from})
	}
	m.functions = Find(&op, functionsStep) != nil
	return m, err
}

// bind makes the move's steps into an operation's. Once users and data have
// gone over, the move can only be finished.
func (m move) bind(l *Lifecycle) []step {
	out := make([]step, 0, len(m.steps)+1)
	for i, s := range m.steps {
		run := func(ctx context.Context, w *work) error { return m.place(ctx, w, s) }
		if s.Kind == automation.MoveTransfer {
			run = m.transfer
		}
		safe := i == 0 || s.Kind == automation.MoveTransfer
		out = append(out, step{Step: Step{Name: string(s.Kind), Title: s.Title, Cancellable: safe, Account: l.Settings.AccountID}, run: run})
	}
	if m.functions {
		f := Step{Name: functionsStep, Title: m.functionsTitle(), Account: l.Settings.FunctionsAccountID}
		out = append(out, step{Step: f, run: func(ctx context.Context, w *work) error { return w.functionsUp(ctx, f) }})
	}
	return out
}

// place brings the tenant's placements to what the step says.
func (m move) place(ctx context.Context, w *work, s automation.MoveStep) error {
	if err := w.place(ctx, func(t *tenants.Tenant) { t.Placements = placementsOf(s, t.Placements) }); err != nil {
		return err
	}
	stack, needed, err := w.stackOf(ctx, w.tenant, s)
	if err != nil {
		return err
	}
	if needed {
		if err := w.up(ctx, Step{Name: string(s.Kind), Title: s.Title}, stack); err != nil {
			return err
		}
	}
	settings := w.tenant.Settings
	if s.Retiring != nil { // from here on the other one is the tenant's own
		for _, p := range s.Placements {
			if p.Placement != s.Retiring.Placement {
				settings = w.settings(p.Placement)
			}
		}
	}
	return w.change(ctx, func(t *tenants.Tenant) {
		if s.Kind == automation.MoveRetire || s.Kind == automation.MoveUpdate {
			t.Tier = m.to.Tier.Name
		}
		t.Placements = nil
		for _, p := range s.Placements {
			t.Placements = append(t.Placements, p.Placement)
		}
		t.Settings = settings
		vacated(t)
	})
}

// stackOf gives the tenant's stack in a step, and whether the step has anything
// to do. A release changes nothing but what would refuse to be taken away:
// what is missing of a placement is not made just to be taken away.
func (l *Lifecycle) stackOf(ctx context.Context, t tenants.Tenant, s automation.MoveStep) (automation.Stack, bool, error) {
	release := releaseOf(t.ID, s.Retiring)
	stack := l.tenant(t, s.Placements, release)
	if s.Kind != automation.MoveRelease {
		return stack, true, nil
	}
	kept := slices.DeleteFunc(slices.Clone(s.Placements), func(p stacks.Placement) bool { return p.Placement == s.Retiring.Placement })
	res, err := l.Engine.Preview(ctx, l.tenant(t, kept, release))
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
func (m move) transfer(ctx context.Context, w *work) error {
	if !m.dataMoved {
		if err := w.Transfer(ctx, w.tenant.ID, m.from.Placement, m.to.Placement); err != nil {
			return err
		}
	}
	return w.change(ctx, func(t *tenants.Tenant) { t.Tier = m.to.Tier.Name })
}
