package workflows

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/tenants"
)

// marks gives the steps of an operation as they are recorded at its start: the
// lifecycle's, and around them the services', the notice and the end. What an
// earlier try of the same steps has done is done.
func marks(kind tenants.OperationKind, plan lifecycle.Plan, earlier *tenants.Operation) []tenants.Step {
	var out []tenants.Step
	add := func(name string) { out = append(out, tenants.Step{Name: name}) }
	if kind == tenants.OperationDelete { // the services go while there is still something to go from
		add(ServicesStep)
	}
	for i, s := range plan.Steps {
		add(s.Name)
		if i < plan.Done {
			out[len(out)-1].Progress = tenants.ProgressSucceeded
		}
	}
	if kind != tenants.OperationDelete {
		add(ServicesStep)
	}
	switch kind {
	case tenants.OperationCreate, tenants.OperationMove, tenants.OperationDelete:
		add(NotifyStep)
	}
	add(FinishStep)
	if earlier != nil && slices.EqualFunc(out, earlier.Steps, func(a, b tenants.Step) bool { return a.Name == b.Name }) {
		for i, s := range earlier.Steps {
			if s.Progress == tenants.ProgressSucceeded {
				out[i] = s
			}
		}
	}
	return out
}

// StepAhead is a step that an operation will have.
type StepAhead struct {
	tenants.Step
	Title       string // says to a person what it does; empty where the name does
	Cancellable bool   // the operation can be cancelled before it
}

// Planned gives the steps that an operation of the kind will have whose
// infrastructure steps are planned so.
func Planned(kind tenants.OperationKind, plan lifecycle.Plan) []StepAhead {
	op := tenants.Operation{Kind: kind, Steps: marks(kind, plan, nil)}
	out := make([]StepAhead, 0, len(op.Steps))
	for i, s := range steps(op, plan.Steps) {
		ahead := StepAhead{Step: op.Steps[i], Cancellable: s.Cancellable}
		if j := slices.IndexFunc(plan.Steps, func(s lifecycle.Step) bool { return s.Name == ahead.Name }); j >= 0 {
			ahead.Title = plan.Steps[j].Title
		}
		out = append(out, ahead)
	}
	return out
}

// hashOf gives a digest of what infrastructure and services are given of a tenant.
func hashOf(t tenants.Tenant) string {
	data, err := json.Marshal([]any{t.Name, t.AdminEmail, t.Tier, t.Region, t.CostCenter, t.Origins, t.Products})
	if err != nil {
		return "" // which none of these types lets happen; it compares as changed
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// takenUp gives the failed operation that this one takes up again; nil where it
// takes up none, or where something else has been done to the tenant since. A
// creation after which the record was changed is taken up with nothing done but
// what was told: infrastructure and services have yet to be given the change.
func (a *Activities) takenUp(ctx context.Context, op tenants.Operation, t tenants.Tenant) (*tenants.Operation, error) {
	if op.RetryOf == "" {
		return nil, nil
	}
	ops, err := a.Ledger.Operations(ctx, op.TenantID)
	if err != nil {
		return nil, err
	}
	ops = slices.DeleteFunc(slices.Clone(ops), func(o tenants.Operation) bool { return o.ID == op.ID })
	if len(ops) == 0 {
		return nil, nil
	}
	last := ops[len(ops)-1]
	if last.ID != op.RetryOf || last.Kind != op.Kind || last.ToTier != cmp.Or(op.ToTier, last.ToTier) {
		return nil, nil
	}
	if hash := hashOf(t); last.Kind == tenants.OperationCreate && (hash == "" || hash != last.TenantHash) {
		return new(undone(last)), nil
	}
	return &last, nil
}

// undone gives an operation whose infrastructure steps are to be done again, and
// whose services are to be asked again.
func undone(op tenants.Operation) tenants.Operation {
	op.Steps = slices.Clone(op.Steps)
	for i := range op.Steps {
		if op.Steps[i].Name != NotifyStep {
			op.Steps[i] = tenants.Step{Name: op.Steps[i].Name}
		}
	}
	op.Services = slices.DeleteFunc(slices.Clone(op.Services), func(s tenants.ServiceState) bool { return s.Progress == tenants.ProgressSucceeded })
	return op
}

// succeededOf gives the services that have done their part in an earlier try,
// and how often the others have been asked.
func succeededOf(earlier *tenants.Operation) []tenants.ServiceState {
	if earlier == nil {
		return nil
	}
	return slices.Clone(earlier.Services)
}

// touched tells whether a step of the operation has begun. What it has taken over
// from an earlier try has succeeded, and began before it.
func touched(op tenants.Operation) bool {
	return slices.ContainsFunc(op.Steps, func(s tenants.Step) bool {
		taken := s.Progress == tenants.ProgressSucceeded && s.StartedAt.Before(op.StartedAt) && (op.RetryOf != "" || s.StartedAt.IsZero())
		return s.Progress != tenants.ProgressPending && !taken
	})
}

// concerns tells whether the tenant's administrator has noticed, or will notice,
// what the operation does: a move when users and data go over, a deletion when
// the tenant was ever of use.
func (a *Activities) concerns(ctx context.Context, op tenants.Operation) (bool, error) {
	switch op.Kind {
	case tenants.OperationMove:
		return lifecycle.Find(&op, string(automation.MoveTransfer)) != nil, nil
	case tenants.OperationDelete:
	default:
		return true, nil
	}
	ops, err := a.Ledger.Operations(ctx, op.TenantID)
	if err != nil {
		return false, err
	}
	for _, o := range slices.Backward(ops) {
		if o.Kind != tenants.OperationCreate {
			continue
		}
		told := lifecycle.Find(&o, NotifyStep)
		if o.Progress == tenants.ProgressSucceeded || (told != nil && told.Progress == tenants.ProgressSucceeded) {
			return true, nil
		}
		if o.RetryOf == "" { // what was before happened to another tenant of the same id
			return false, nil
		}
	}
	return true, nil
}

// steps gives an operation's recorded steps as a workflow takes them.
func steps(op tenants.Operation, infrastructure []lifecycle.Step) []plannedStep {
	out := make([]plannedStep, 0, len(op.Steps))
	for i, mark := range op.Steps {
		s := plannedStep{Name: mark.Name, Done: mark.Progress == tenants.ProgressSucceeded}
		j := slices.IndexFunc(infrastructure, func(s lifecycle.Step) bool { return s.Name == mark.Name })
		switch {
		case j >= 0:
			s.Queue, s.Cancellable = AccountQueue(infrastructure[j].Account), infrastructure[j].Cancellable
		case mark.Name == ServicesStep:
			s.Cancellable = true
		}
		// What the services have taken away in a deletion does not come back, nor
		// the place that a tenant has moved out of.
		if (op.Kind == tenants.OperationDelete && i > 0) || (op.Kind == tenants.OperationMove && mark.Name == ServicesStep) {
			s.Cancellable = false
		}
		out = append(out, s)
	}
	return out
}
