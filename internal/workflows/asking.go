package workflows

import (
	"context"
	"slices"

	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/tenants"
)

// answered is what has come in of the services' answers.
type answered struct {
	Input
	Attempt int                    `json:"attempt"`
	States  []tenants.ServiceState `json:"states"`
	Done    bool                   `json:"done,omitempty"` // the step has succeeded
}

// Ask asks those business services that have a part in the operation and have
// not done it yet. Called again, it asks the same once more, in the same words.
func (a *Activities) Ask(ctx context.Context, in Input) (asked, error) {
	ctx, cancel := briefly(ctx)
	defer cancel()
	out, err := a.ask(ctx, in)
	if err != nil {
		return out, lightly(ctx, err, a.now(), detail{})
	}
	return out, nil
}

func (a *Activities) ask(ctx context.Context, in Input) (asked, error) {
	out := asked{}
	var asking Asking
	op, err := a.advance(ctx, in.OperationID, func(op *tenants.Operation, t *tenants.Tenant) (bool, *tenants.AuditEntry) {
		out = asked{}
		lifecycle.Begin(op, ServicesStep, a.now())
		began := lifecycle.Find(op, ServicesStep).StartedAt
		open := a.open(op, *t)
		out.Attempt = attemptOf(op, open)
		asking = Asking{Attempt: out.Attempt}
		for _, s := range open {
			by := began.Add(s.Timeout())
			out.Services = append(out.Services, askedService{Name: s.Name, Optional: s.Optional, AnswerBy: by})
			asking.Services = append(asking.Services, Ask{Service: s.Name, AnswerBy: by})
			state := tenants.ServiceState{Service: s.Name, Progress: tenants.ProgressRunning, Attempt: out.Attempt}
			op.Services, t.Services = withState(op.Services, state), withState(t.Services, state)
		}
		asking.Tenant = *t
		return len(open) > 0, nil
	})
	if err != nil {
		return out, err
	}
	if op.Progress.Ended() {
		return out, tenants.Errorf(tenants.CodeFailedPrecondition, "operation %s of tenant %s has ended; no services are asked", op.ID, op.TenantID)
	}
	if len(asking.Services) == 0 {
		return out, nil
	}
	asking.Operation = op
	a.log(op).InfoContext(ctx, "services asked", "services", len(asking.Services), "attempt", asking.Attempt)
	return out, a.Publisher.Ask(ctx, asking)
}

// open gives the services that have a part in the operation and have not done it.
func (a *Activities) open(op *tenants.Operation, t tenants.Tenant) []tenants.Service {
	return slices.DeleteFunc(a.Services.For(op.Kind, t), func(s tenants.Service) bool {
		state := stateOf(op.Services, s.Name)
		return state != nil && state.Progress == tenants.ProgressSucceeded
	})
}

// attemptOf gives the number of this asking: one more than any before, unless
// it is under way already.
func attemptOf(op *tenants.Operation, open []tenants.Service) int {
	last := 0
	for _, s := range op.Services {
		last = max(last, s.Attempt)
	}
	for _, s := range open {
		if state := stateOf(op.Services, s.Name); state != nil && state.Progress == tenants.ProgressRunning {
			return state.Attempt
		}
	}
	return last + 1
}

// Answered records what services have answered, or that they have not.
func (a *Activities) Answered(ctx context.Context, in answered) error {
	_, err := a.advance(ctx, in.OperationID, func(op *tenants.Operation, t *tenants.Tenant) (bool, *tenants.AuditEntry) {
		for _, s := range in.States {
			op.Services, t.Services = withState(op.Services, s), withState(t.Services, s)
		}
		if in.Done {
			lifecycle.End(op, ServicesStep, nil, a.now())
		}
		return len(in.States) > 0, nil
	})
	return err
}

func stateOf(states []tenants.ServiceState, name string) *tenants.ServiceState {
	for i := range states {
		if states[i].Service == name {
			return &states[i]
		}
	}
	return nil
}

// withState gives the states with that of one service replaced, or added.
func withState(states []tenants.ServiceState, s tenants.ServiceState) []tenants.ServiceState {
	states = slices.Clone(states)
	if old := stateOf(states, s.Service); old != nil {
		*old = s
		return states
	}
	return append(states, s)
}
