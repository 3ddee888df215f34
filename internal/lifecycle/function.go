package lifecycle

import (
	"context"
	"fmt"
	"slices"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/tenants"
)

// PlanDeploy says what bringing a function up, or changing the one of that name, would do. It changes nothing.
func (l *Lifecycle) PlanDeploy(ctx context.Context, id string, f tenants.Function) (Outcome, error) {
	return l.planFunctions(ctx, id, DeployStep, func(t tenants.Tenant) ([]tenants.Function, error) { return l.With(t, f) })
}

// PlanUndeploy says what taking a function away would do. It changes nothing.
func (l *Lifecycle) PlanUndeploy(ctx context.Context, id, name string) (Outcome, error) {
	return l.planFunctions(ctx, id, UndeployStep, func(t tenants.Tenant) ([]tenants.Function, error) { return Without(t, name) })
}

// The names of the steps that change a tenant's functions.
const (
	functionsStep = "functions" // in an operation that is about more
	DeployStep    = "deploy"
	UndeployStep  = "undeploy"
)

// With gives the functions that a tenant has with f among them.
// CodeFailedPrecondition when its tier does not allow so many.
func (l *Lifecycle) With(t tenants.Tenant, f tenants.Function) ([]tenants.Function, error) {
	tier, err := l.Catalogue.Tier(t.Tier)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(t.Functions)
	if i := slices.IndexFunc(out, func(x tenants.Function) bool { return x.Name == f.Name }); i >= 0 {
		out[i] = f
		return out, nil
	}
	if len(out) >= tier.FunctionCount {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition,
			"tenant %s has %d functions, which is all that tier %s allows; take one away or move the tenant to another tier", t.ID, len(out), tier.Name)
	}
	return append(out, f), nil
}

// Without gives the functions that a tenant has without the one of that name.
// CodeNotFound when there is none.
func Without(t tenants.Tenant, name string) ([]tenants.Function, error) {
	out := slices.DeleteFunc(slices.Clone(t.Functions), func(f tenants.Function) bool { return f.Name == name })
	if len(out) == len(t.Functions) {
		return nil, tenants.Errorf(tenants.CodeNotFound, "tenant %s has no function %q; see \"tenantform function list %s\"", t.ID, name, t.ID)
	}
	return out, nil
}

// functionsChange gives the step that brings a tenant's functions to those.
func (l *Lifecycle) functionsChange(t tenants.Tenant, op tenants.Operation, functions []tenants.Function) step {
	s := Step{Name: DeployStep, Title: title(functions), Cancellable: true, Account: l.Settings.FunctionsAccountID}
	if Find(&op, UndeployStep) != nil || (len(op.Steps) == 0 && len(functions) < len(t.Functions)) {
		s.Name = UndeployStep
	}
	return step{Step: s, run: func(ctx context.Context, w *work) error {
		if len(functions) == 0 {
			if err := w.destroy(ctx, s, automation.Stack{Name: tenants.FunctionsStackName(t.ID), Subject: l.deleteSubject(w.tenant, "functions")}); err != nil {
				return err
			}
			return w.change(ctx, func(t *tenants.Tenant) { t.Functions = nil })
		}
		// The wish is recorded before it is carried out: what fails half way is
		// known, and a deletion of the tenant takes it along.
		if err := w.change(ctx, func(t *tenants.Tenant) { t.Functions = functions }); err != nil {
			return err
		}
		return w.functionsUp(ctx, s)
	}}
}

// functionsUp brings the tenant's functions to what the store says of them.
func (w *work) functionsUp(ctx context.Context, s Step) error {
	stack, err := w.functions(w.tenant)
	if err != nil {
		return err
	}
	return w.up(ctx, s, stack)
}

func (l *Lifecycle) planFunctions(ctx context.Context, id, name string, edit func(tenants.Tenant) ([]tenants.Function, error)) (Outcome, error) {
	t, err := l.Store.Get(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	if err := tenants.Transition(t.Status, tenants.StatusUpdating); err != nil {
		return Outcome{}, err
	}
	functions, err := edit(t)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Tenant: t, Operation: tenants.Operation{TenantID: id, Kind: tenants.OperationUpdate, Steps: []tenants.Step{{Name: name}}}}
	var res automation.Result
	if len(functions) == 0 {
		res, err = l.Engine.PreviewDestroy(ctx, automation.Stack{Name: tenants.FunctionsStackName(id), Subject: l.deleteSubject(t, "functions")})
	} else {
		t.Functions = functions
		var s automation.Stack
		if s, err = l.functions(t); err == nil {
			res, err = l.Engine.Preview(ctx, s)
		}
	}
	out.Runs = []StepRun{{Step: name, Title: title(functions), Result: res}}
	return out, err
}

func title(functions []tenants.Function) string {
	switch len(functions) {
	case 0:
		return "take the tenant's last function away"
	case 1:
		return "bring the tenant's functions to one: " + functions[0].Name
	}
	return fmt.Sprintf("bring the tenant's functions to %d", len(functions))
}
