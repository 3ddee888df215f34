package direct

import (
	"context"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

// deletion entitles a run to delete everything that a tenant has.
func deletion() *policies.Release { return &policies.Release{Kind: "delete"} }

// Delete takes a tenant's functions and its stack away, then marks it deleted;
// the journal stays. A deletion that failed goes on where it stopped.
func (r *Runner) Delete(ctx context.Context, id, reason string) (Outcome, error) {
	t, release, err := r.held(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	defer release()
	steps := []step{
		{name: "functions", title: "take away the tenant's functions", run: func(ctx context.Context, op *operation) error {
			return op.destroy(ctx, "functions", automation.Stack{Name: tenants.FunctionsStackName(id), Subject: r.deleteSubject(op.tenant, "functions")})
		}},
		{name: "release", title: "take the deletion protection off", run: func(ctx context.Context, op *operation) error { return op.releaseAll(ctx) }},
		{name: "destroy", title: "take away everything else", run: func(ctx context.Context, op *operation) error {
			return op.destroy(ctx, "destroy", automation.Stack{Name: tenants.StackName(id), Subject: r.deleteSubject(op.tenant, "tenant")})
		}},
	}
	op, err := r.begin(ctx, t, tenants.Operation{Kind: tenants.OperationDelete, FromTier: t.Tier, Reason: reason}, tenants.StatusDeleting, steps, 0)
	if err != nil {
		return Outcome{}, err
	}
	out, err := op.run(ctx, steps, tenants.StatusDeleted)
	if err != nil {
		return out, err
	}
	err = op.change(ctx, func(t *tenants.Tenant) { t.Placements, t.Functions, t.NetworkCIDR = nil, nil, "" })
	out.Tenant = op.tenant
	return out, err
}

// PlanDelete says what Delete would take away. It changes nothing.
func (r *Runner) PlanDelete(ctx context.Context, id string) (Outcome, error) {
	t, err := r.Store.Get(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	if _, busy := t.Status.Failed(); !busy {
		if err := tenants.Transition(t.Status, tenants.StatusDeleting); err != nil {
			return Outcome{}, err
		}
	}
	out := Outcome{Tenant: t, Operation: tenants.Operation{TenantID: id, Kind: tenants.OperationDelete, FromTier: t.Tier}}
	for _, s := range []struct{ step, stack, program string }{
		{"functions", tenants.FunctionsStackName(id), "functions"},
		{"destroy", tenants.StackName(id), "tenant"},
	} {
		res, err := r.Engine.PreviewDestroy(ctx, automation.Stack{Name: s.stack, Subject: r.deleteSubject(t, s.program)})
		if tenants.CodeOf(err) == tenants.CodeNotFound {
			continue
		}
		if err != nil {
			return out, err
		}
		if protected := protectedIn(res); len(protected) > 0 {
			if res, err = r.unprotected(ctx, t, res, &out); err != nil {
				return out, err
			}
		}
		out.Operation.Steps = append(out.Operation.Steps, tenants.Step{Name: s.step})
		out.Runs = append(out.Runs, StepRun{Step: s.step, Title: "take away what the stack " + s.stack + " contains", Result: res})
	}
	return out, nil
}

func (r *Runner) deleteSubject(t tenants.Tenant, program string) policies.Subject {
	s := r.subject(program)
	s.TenantID, s.Tiers, s.Release = t.ID, []string{t.Tier}, deletion()
	if t.Region != "" {
		s.Region = t.Region
	}
	if program == "functions" {
		s.Account = r.Settings.FunctionsAccountID
	}
	return s
}

// destroy takes a stack away; one that does not exist is taken away already.
func (op *operation) destroy(ctx context.Context, name string, s automation.Stack) error {
	res, err := op.Engine.Destroy(ctx, s)
	if tenants.CodeOf(err) == tenants.CodeNotFound {
		return nil
	}
	op.outcome.Runs = append(op.outcome.Runs, StepRun{Step: name, Title: "take away what the stack " + s.Name + " contains", Result: res})
	return err
}

// protectedIn gives the resources that a plan deletes and that would refuse it.
func protectedIn(res automation.Result) []string {
	var urns []string
	for _, x := range res.Plan.Resources {
		if x.Operation == plan.OperationDelete && x.DeletionProtected() {
			urns = append(urns, x.URN)
		}
	}
	return urns
}

// releaseStack is the tenant's stack with the protection off, and only the
// protected resources as targets: what is missing of it, after a creation
// that failed, is not made just to be deleted.
func (r *Runner) releaseStack(t tenants.Tenant, targets []string) (automation.Stack, error) {
	placements, err := r.placements(t)
	if err != nil {
		return automation.Stack{}, err
	}
	released := make([]stacks.Placement, 0, len(placements))
	for _, p := range placements {
		p.Released = true
		released = append(released, p)
	}
	s := r.tenant(t, released, deletion())
	s.Targets = targets
	return s, nil
}

// releaseAll takes the deletion protection off whatever has it.
func (op *operation) releaseAll(ctx context.Context) error {
	id := op.tenant.ID
	res, err := op.Engine.PreviewDestroy(ctx, automation.Stack{Name: tenants.StackName(id), Subject: op.deleteSubject(op.tenant, "tenant")})
	if tenants.CodeOf(err) == tenants.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	targets := protectedIn(res)
	if len(targets) == 0 {
		return nil
	}
	s, err := op.releaseStack(op.tenant, targets)
	if err != nil {
		return err
	}
	return op.up(ctx, "release", "take the deletion protection off", s)
}

// unprotected shows the step that takes the protection off, and gives the
// deletion as it will be after it.
func (r *Runner) unprotected(ctx context.Context, t tenants.Tenant, del automation.Result, out *Outcome) (automation.Result, error) {
	s, err := r.releaseStack(t, protectedIn(del))
	if err != nil {
		return del, err
	}
	rel, err := r.Engine.Preview(ctx, s)
	if err != nil {
		return del, err
	}
	out.Operation.Steps = append(out.Operation.Steps, tenants.Step{Name: "release"})
	out.Runs = append(out.Runs, StepRun{Step: "release", Title: "take the deletion protection off", Result: rel})
	return r.after(ctx, rel.Plan, del, r.deleteSubject(t, "tenant"))
}
