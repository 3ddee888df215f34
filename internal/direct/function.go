package direct

import (
	"context"
	"fmt"
	"slices"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/tenants"
)

// Deploy brings a tenant's function up, or changes the one of that name. A
// refusal by the gate leaves the tenant as it was.
func (r *Runner) Deploy(ctx context.Context, id string, f tenants.Function, reason string) (Outcome, error) {
	return r.changeFunctions(ctx, id, reason, "deploy", r.with(f))
}

// PlanDeploy says what Deploy would do. It changes nothing.
func (r *Runner) PlanDeploy(ctx context.Context, id string, f tenants.Function) (Outcome, error) {
	return r.planFunctions(ctx, id, "deploy", r.with(f))
}

// Undeploy takes a tenant's function away. CodeNotFound when there is none of
// that name.
func (r *Runner) Undeploy(ctx context.Context, id, name, reason string) (Outcome, error) {
	return r.changeFunctions(ctx, id, reason, "undeploy", without(id, name))
}

// PlanUndeploy says what Undeploy would do. It changes nothing.
func (r *Runner) PlanUndeploy(ctx context.Context, id, name string) (Outcome, error) {
	return r.planFunctions(ctx, id, "undeploy", without(id, name))
}

// edit gives the functions a tenant will have.
type edit func(tenants.Tenant) ([]tenants.Function, error)

func (r *Runner) with(f tenants.Function) edit {
	return func(t tenants.Tenant) ([]tenants.Function, error) {
		tier, err := r.Catalogue.Tier(t.Tier)
		if err != nil {
			return nil, err
		}
		out := slices.Clone(t.Functions)
		i := slices.IndexFunc(out, func(x tenants.Function) bool { return x.Name == f.Name })
		if i >= 0 {
			out[i] = f
			return out, nil
		}
		if len(out) >= tier.FunctionCount {
			return nil, tenants.Errorf(tenants.CodeFailedPrecondition,
				"tenant %s has %d functions, which is all that tier %s allows; take one away or move the tenant to another tier", t.ID, len(out), tier.Name)
		}
		return append(out, f), nil
	}
}

func without(id, name string) edit {
	return func(t tenants.Tenant) ([]tenants.Function, error) {
		out := slices.DeleteFunc(slices.Clone(t.Functions), func(f tenants.Function) bool { return f.Name == name })
		if len(out) == len(t.Functions) {
			return nil, tenants.Errorf(tenants.CodeNotFound, "tenant %s has no function %q; see \"tenantform function list %s\"", id, name, id)
		}
		return out, nil
	}
}

func (r *Runner) changeFunctions(ctx context.Context, id, reason, name string, e edit) (Outcome, error) {
	t, release, err := r.held(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	defer release()
	functions, err := e(t)
	if err != nil {
		return Outcome{}, err
	}
	steps := []step{{name: name, title: title(functions), run: func(ctx context.Context, op *operation) error {
		if len(functions) == 0 {
			if err := op.destroy(ctx, name, automation.Stack{Name: tenants.FunctionsStackName(id), Subject: r.deleteSubject(op.tenant, "functions")}); err != nil {
				return err
			}
			return op.change(ctx, func(t *tenants.Tenant) { t.Functions = nil })
		}
		// The wish is recorded before it is carried out: what fails half way is
		// known, and a deletion of the tenant takes it along.
		if err := op.change(ctx, func(t *tenants.Tenant) { t.Functions = functions }); err != nil {
			return err
		}
		s, err := r.functions(op.tenant)
		if err != nil {
			return err
		}
		return op.up(ctx, name, title(functions), s)
	}}}
	op, err := r.begin(ctx, t, tenants.Operation{Kind: tenants.OperationUpdate, Reason: reason}, tenants.StatusUpdating, steps, 0)
	if err != nil {
		return Outcome{}, err
	}
	return op.run(ctx, steps, tenants.StatusActive)
}

func (r *Runner) planFunctions(ctx context.Context, id, name string, e edit) (Outcome, error) {
	t, err := r.Store.Get(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	if err := tenants.Transition(t.Status, tenants.StatusUpdating); err != nil {
		return Outcome{}, err
	}
	functions, err := e(t)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Tenant: t, Operation: tenants.Operation{TenantID: id, Kind: tenants.OperationUpdate, Steps: []tenants.Step{{Name: name}}}}
	var res automation.Result
	if len(functions) == 0 {
		res, err = r.Engine.PreviewDestroy(ctx, automation.Stack{Name: tenants.FunctionsStackName(id), Subject: r.deleteSubject(t, "functions")})
	} else {
		t.Functions = functions
		var s automation.Stack
		if s, err = r.functions(t); err == nil {
			res, err = r.Engine.Preview(ctx, s)
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
