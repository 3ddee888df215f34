package lifecycle

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

// deleteSteps gives the steps that take a tenant's functions and its stack away.
func (l *Lifecycle) deleteSteps(t tenants.Tenant) []step {
	functions := Step{Name: functionsStep, Title: "take away the tenant's functions", Cancellable: true, Account: l.Settings.FunctionsAccountID}
	release := Step{Name: releaseStep, Title: releaseTitle, Account: l.Settings.AccountID}
	destroy := Step{Name: destroyStep, Title: "take away everything else", Account: l.Settings.AccountID}
	return []step{
		{Step: functions, run: func(ctx context.Context, w *work) error {
			return w.destroy(ctx, functions, automation.Stack{Name: tenants.FunctionsStackName(t.ID), Subject: l.deleteSubject(w.tenant, "functions")})
		}},
		{Step: release, run: func(ctx context.Context, w *work) error { return w.releaseAll(ctx, release) }},
		{Step: destroy, run: func(ctx context.Context, w *work) error {
			return w.destroy(ctx, destroy, automation.Stack{Name: tenants.StackName(t.ID), Subject: l.deleteSubject(w.tenant, "tenant")})
		}},
	}
}

// The names of a deletion's steps beside functionsStep.
const (
	releaseStep  = "release"
	destroyStep  = "destroy"
	releaseTitle = "take the deletion protection off"
)

// PlanDelete says what the deletion of a tenant would take away. It changes nothing.
func (l *Lifecycle) PlanDelete(ctx context.Context, id string) (Outcome, error) {
	t, err := l.Store.Get(ctx, id)
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
		{functionsStep, tenants.FunctionsStackName(id), "functions"},
		{destroyStep, tenants.StackName(id), "tenant"},
	} {
		res, err := l.Engine.PreviewDestroy(ctx, automation.Stack{Name: s.stack, Subject: l.deleteSubject(t, s.program)})
		if tenants.CodeOf(err) == tenants.CodeNotFound {
			continue
		}
		if err != nil {
			return out, err
		}
		if protected := protectedIn(res); len(protected) > 0 {
			if res, err = l.unprotected(ctx, t, res, &out); err != nil {
				return out, err
			}
		}
		out.Operation.Steps = append(out.Operation.Steps, tenants.Step{Name: s.step})
		out.Runs = append(out.Runs, StepRun{Step: s.step, Title: takeAway(s.stack), Result: res})
	}
	return out, nil
}

func (l *Lifecycle) deleteSubject(t tenants.Tenant, program string) policies.Subject {
	s := l.subject(program)
	s.TenantID, s.Tiers, s.Release = t.ID, []string{t.Tier}, deletion()
	if t.Region != "" {
		s.Region = t.Region
	}
	if program == "functions" {
		s.Account = l.Settings.FunctionsAccountID
	}
	return s
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
func (l *Lifecycle) releaseStack(t tenants.Tenant, targets []string) (automation.Stack, error) {
	placements, err := l.placements(t)
	if err != nil {
		return automation.Stack{}, err
	}
	released := make([]stacks.Placement, 0, len(placements))
	for _, p := range placements {
		p.Released = true
		released = append(released, p)
	}
	s := l.tenant(t, released, deletion())
	s.Targets = targets
	return s, nil
}

// releaseAll takes the deletion protection off whatever has it.
func (w *work) releaseAll(ctx context.Context, step Step) error {
	id := w.tenant.ID
	res, err := w.Engine.PreviewDestroy(ctx, automation.Stack{Name: tenants.StackName(id), Subject: w.deleteSubject(w.tenant, "tenant")})
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
	s, err := w.releaseStack(w.tenant, targets)
	if err != nil {
		return err
	}
	return w.up(ctx, step, s)
}

// unprotected shows the step that takes the protection off, and gives the
// deletion as it will be after it.
func (l *Lifecycle) unprotected(ctx context.Context, t tenants.Tenant, del automation.Result, out *Outcome) (automation.Result, error) {
	s, err := l.releaseStack(t, protectedIn(del))
	if err != nil {
		return del, err
	}
	rel, err := l.Engine.Preview(ctx, s)
	if err != nil {
		return del, err
	}
	out.Operation.Steps = append(out.Operation.Steps, tenants.Step{Name: releaseStep})
	out.Runs = append(out.Runs, StepRun{Step: releaseStep, Title: releaseTitle, Result: rel})
	return l.after(ctx, rel.Plan, del, l.deleteSubject(t, "tenant"))
}
