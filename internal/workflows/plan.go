package workflows

import (
	"cmp"
	"context"
	"slices"

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

// Planned gives the names of the steps that an operation of the kind will have
// whose infrastructure steps are planned so.
func Planned(kind tenants.OperationKind, plan lifecycle.Plan) []tenants.Step {
	return marks(kind, plan, nil)
}

// takenUp gives the failed operation that this one takes up again; nil where it
// takes up none, or where something else has been done to the tenant since.
func (a *Activities) takenUp(ctx context.Context, op tenants.Operation) (*tenants.Operation, error) {
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
	return &last, nil
}

// succeededOf gives the services that have done their part in an earlier try,
// and how often the others have been asked.
func succeededOf(earlier *tenants.Operation) []tenants.ServiceState {
	if earlier == nil {
		return nil
	}
	return slices.Clone(earlier.Services)
}

// touched tells whether a step of the operation has begun; what it has taken over
// from an earlier try began before it.
func touched(op tenants.Operation) bool {
	return slices.ContainsFunc(op.Steps, func(s tenants.Step) bool {
		return s.Progress != tenants.ProgressPending && !s.StartedAt.Before(op.StartedAt)
	})
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
