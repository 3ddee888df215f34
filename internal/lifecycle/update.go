package lifecycle

import (
	"context"
	"encoding/json"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/tenants"
)

// Request is what an operation's record says of what was asked for, as far as
// its steps depend on it. Other fields of the record are left alone.
type Request struct {
	// Functions are those that the tenant is to have; nil when the operation is
	// not about functions.
	Functions *[]tenants.Function `json:"functions,omitempty"`
	// DataMoved says that a move's users and data have been taken over already.
	DataMoved bool `json:"dataMoved,omitempty"`
}

// requestOf reads the request of an operation.
func requestOf(op tenants.Operation) (Request, error) {
	var r Request
	if len(op.Request) == 0 {
		return r, nil
	}
	if err := json.Unmarshal(op.Request, &r); err != nil {
		return r, tenants.Errorf(tenants.CodeInvalid, "operation %s of tenant %s: its request cannot be read: %w", op.ID, op.TenantID, err)
	}
	return r, nil
}

// updateSteps gives the steps of a change of the tenant's functions, where the
// request is about those, and otherwise of bringing the tenant's stacks to what
// the store says of the tenant.
func (l *Lifecycle) updateSteps(t tenants.Tenant, op tenants.Operation) ([]step, error) {
	request, err := requestOf(op)
	if err != nil {
		return nil, err
	}
	if request.Functions != nil {
		return []step{l.functionsChange(t, op, *request.Functions)}, nil
	}
	return l.provisionSteps(t)
}

// provisionSteps gives the steps that bring the tenant's stacks to what the
// store says of the tenant.
func (l *Lifecycle) provisionSteps(t tenants.Tenant) ([]step, error) {
	placements, err := l.placements(t)
	if err != nil {
		return nil, err
	}
	s := Step{Name: provisionStep, Title: "bring " + placements[0].String() + " up to date", Cancellable: true, Account: l.Settings.AccountID}
	steps := []step{{Step: s, run: func(ctx context.Context, w *work) error {
		placements, err := l.placements(w.tenant)
		if err != nil {
			return err
		}
		if len(w.tenant.Placements) == 0 {
			return tenants.Errorf(tenants.CodeFailedPrecondition, "tenant %s lives nowhere, so there is nothing to bring up to date; create it first", w.tenant.ID)
		}
		return w.provision(ctx, s, l.tenant(w.tenant, placements, nil))
	}}}
	if len(t.Functions) > 0 {
		f := Step{Name: functionsStep, Title: "bring the tenant's functions up to date", Cancellable: true, Account: l.Settings.FunctionsAccountID}
		steps = append(steps, step{Step: f, run: func(ctx context.Context, w *work) error { return w.functionsUp(ctx, f) }})
	}
	return steps, nil
}

// refreshStep is the name of the step that looks at what there is.
const refreshStep = "refresh"

// reconcileSteps gives the steps that find what has drifted and bring it back.
func (l *Lifecycle) reconcileSteps(t tenants.Tenant) ([]step, error) {
	provision, err := l.provisionSteps(t)
	if err != nil {
		return nil, err
	}
	s := Step{Name: refreshStep, Title: "see what has drifted", Cancellable: true, Account: l.Settings.AccountID}
	look := step{Step: s, run: func(ctx context.Context, w *work) error {
		stacks := []string{tenants.StackName(w.tenant.ID)}
		if len(w.tenant.Functions) > 0 {
			stacks = append(stacks, tenants.FunctionsStackName(w.tenant.ID))
		}
		for _, name := range stacks {
			res, err := w.Engine.Refresh(ctx, automation.Stack{Name: name})
			if tenants.CodeOf(err) == tenants.CodeNotFound {
				continue // the next step makes it
			}
			w.runs = append(w.runs, StepRun{Step: s.Name, Title: s.Title, Result: res})
			if err != nil {
				return err
			}
		}
		return nil
	}}
	return append([]step{look}, provision...), nil
}
