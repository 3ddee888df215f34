package lifecycle

import (
	"context"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// Step is one step of an operation, as it is planned.
type Step struct {
	Name  string `json:"name"`
	Title string `json:"title"` // says to a person what it does
	// Cancellable says that the operation can be given up before this step: what
	// was done until then can be gone on with, or be taken away.
	Cancellable bool `json:"cancellable"`
	// Account is the AWS account in which the step works.
	Account string `json:"account"`
}

// Plan is what an operation will do.
type Plan struct {
	FromTier string // the tier that the tenant leaves; only of a move and a deletion
	ToTier   string // the tier that it takes; only of a creation and a move
	Steps    []Step
	Done     int // that many of the steps, the first ones, were done by an earlier try
}

// step is a step that can be done. It may be done again after it was cut off at
// any point, and then ends as if it had been done once.
type step struct {
	Step
	run func(ctx context.Context, w *work) error
}

// work is a step under way: the tenant as it is in the store, and what ran.
type work struct {
	*Lifecycle
	tenant  tenants.Tenant
	runs    []StepRun
	refused bool
}

// Result is what a step did.
type Result struct {
	Tenant tenants.Tenant // as it is in the store after the step
	Runs   []StepRun
	// Refused says that the gate refused the step's last run, which then changed nothing.
	Refused bool
}

// Plan says which steps take the tenant through the operation, of which kind,
// the tier that a move goes to, and request are known. It changes nothing. What
// is known before the first step to be impossible is an error. The tenant has
// the status that it had before the operation, or the one in progress that the
// operation gave it.
func (l *Lifecycle) Plan(ctx context.Context, t tenants.Tenant, op tenants.Operation) (Plan, error) {
	p := Plan{}
	if op.Kind == tenants.OperationMove {
		m, err := l.planMove(ctx, t, op)
		if err != nil {
			return p, err
		}
		p.FromTier, p.ToTier, p.Done = m.from.Tier.Name, m.to.Tier.Name, m.done
		p.Steps = plain(m.bind(l))
		return p, nil
	}
	switch op.Kind {
	case tenants.OperationCreate:
		p.ToTier = t.Tier
	case tenants.OperationDelete:
		p.FromTier = t.Tier
	}
	steps, err := l.steps(t, op)
	p.Steps = plain(steps)
	return p, err
}

// Recorded gives the steps of an operation that has its plan recorded. Where
// the operation's record has steps that are not the lifecycle's own, they are
// not among these.
func (l *Lifecycle) Recorded(t tenants.Tenant, op tenants.Operation) ([]Step, error) {
	steps, err := l.steps(t, op)
	return plain(steps), err
}

func plain(steps []step) []Step {
	out := make([]Step, 0, len(steps))
	for _, s := range steps {
		out = append(out, s.Step)
	}
	return out
}

// steps gives the steps of an operation whose plan is recorded, or that needs
// no plan.
func (l *Lifecycle) steps(t tenants.Tenant, op tenants.Operation) ([]step, error) {
	switch op.Kind {
	case tenants.OperationCreate:
		return l.createSteps(t)
	case tenants.OperationUpdate:
		return l.updateSteps(t, op)
	case tenants.OperationMove:
		m, err := l.recordedMove(t, op)
		if err != nil {
			return nil, err
		}
		return m.bind(l), nil
	case tenants.OperationDelete:
		return l.deleteSteps(t), nil
	case tenants.OperationReconcile:
		return l.reconcileSteps(t)
	case tenants.OperationDeactivate, tenants.OperationActivate:
		// The infrastructure stays as it is. The status changes at the end, and has to be able to.
		if to := Succeeded(t, op.Kind).Status; to != t.Status {
			return nil, tenants.Transition(t.Status, to)
		}
		return nil, nil
	}
	return nil, tenants.Errorf(tenants.CodeInternal, "operation %s of tenant %s is of the kind %q, which has no steps", op.ID, op.TenantID, op.Kind)
}

// Run does one step of an operation, which has its plan recorded: its tiers and
// the names of its steps. It may be called again after it was cut off, or
// failed, and then ends as if it had been called once. The caller sees to it that nothing
// else is done to the tenant meanwhile.
func (l *Lifecycle) Run(ctx context.Context, op tenants.Operation, name string) (Result, error) {
	t, err := l.Store.Get(ctx, op.TenantID)
	if err != nil {
		return Result{}, err
	}
	steps, err := l.steps(t, op)
	if err != nil {
		return Result{Tenant: t}, err
	}
	i := slices.IndexFunc(steps, func(s step) bool { return s.Name == name })
	if i < 0 {
		return Result{Tenant: t}, tenants.Errorf(tenants.CodeInternal, "operation %s of tenant %s (%s) has no step %q; it has %s",
			op.ID, op.TenantID, op.Kind, name, strings.Join(names(plain(steps)), ", "))
	}
	w := &work{Lifecycle: l, tenant: t}
	err = steps[i].run(ctx, w)
	return Result{Tenant: w.tenant, Runs: w.runs, Refused: w.refused}, err
}

func names(steps []Step) []string {
	out := make([]string, 0, len(steps))
	for _, s := range steps {
		out = append(out, s.Name)
	}
	return out
}

// change writes the tenant.
func (w *work) change(ctx context.Context, f func(*tenants.Tenant)) error {
	t := w.tenant
	f(&t)
	t.UpdatedAt = w.Time()
	stored, err := w.Store.Update(ctx, t)
	if err != nil {
		return err
	}
	w.tenant = stored
	return nil
}

// up runs a stack and keeps its result.
func (w *work) up(ctx context.Context, s Step, stack automation.Stack) error {
	res, err := w.Engine.Up(ctx, stack)
	w.runs = append(w.runs, StepRun{Step: s.Name, Title: s.Title, Result: res})
	w.refused = tenants.CodeOf(err) == tenants.CodeForbidden && !res.Report.Allowed()
	return err
}

// destroy takes a stack away; one that does not exist is taken away already.
func (w *work) destroy(ctx context.Context, s Step, stack automation.Stack) error {
	res, err := w.Engine.Destroy(ctx, stack)
	if tenants.CodeOf(err) == tenants.CodeNotFound {
		return nil
	}
	w.runs = append(w.runs, StepRun{Step: s.Name, Title: takeAway(stack.Name), Result: res})
	w.refused = tenants.CodeOf(err) == tenants.CodeForbidden && !res.Report.Allowed()
	return err
}

func takeAway(stack string) string { return "take away what the stack " + stack + " contains" }

// after gives next as it will be once prev has run, with the gate's word on it.
func (l *Lifecycle) after(ctx context.Context, prev plan.Plan, next automation.Result, subject policies.Subject) (automation.Result, error) {
	next.Plan = plan.Relative(prev, next.Plan)
	if subject.Tags == nil {
		subject.Tags = next.Tags
	}
	next.Changes = next.Plan.Changes()
	var err error
	next.Report, err = l.Gate.Evaluate(ctx, policies.NewInput(next.Plan, subject, l.Catalogue))
	return next, err
}
