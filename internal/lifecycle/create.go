package lifecycle

import (
	"context"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

// provisionStep is the name of the step that brings a tenant's stack to what
// the store says of the tenant.
const provisionStep = "provision"

// createSteps gives the steps of a creation.
func (l *Lifecycle) createSteps(t tenants.Tenant) ([]step, error) {
	t.Placements = nil
	placements, err := l.placements(t)
	if err != nil {
		return nil, err
	}
	s := Step{Name: provisionStep, Title: bringUp(placements), Cancellable: true, Account: l.Settings.AccountID}
	return []step{{Step: s, run: func(ctx context.Context, w *work) error {
		// The placement is known before anything is made: what a killed run leaves
		// behind is found, and deleted, by it.
		if err := w.place(ctx, func(t *tenants.Tenant) { t.Placements = []tenants.Placement{placements[0].Placement} }); err != nil {
			return err
		}
		if err := w.provision(ctx, s, l.tenant(w.tenant, placements, nil)); err != nil {
			return err
		}
		// An earlier try may have begun with a silo.
		return w.changeIf(ctx, w.tenant.NetworkCIDR != "" && !hasSilo(w.tenant), vacated)
	}}}, nil
}

func bringUp(placements []stacks.Placement) string { return "bring up " + placements[0].String() }

// changeIf writes the tenant where there is something to write.
func (w *work) changeIf(ctx context.Context, needed bool, f func(*tenants.Tenant)) error {
	if !needed {
		return nil
	}
	return w.change(ctx, f)
}

// provision brings the tenant's stack up, and keeps those of its outputs that
// the tenant's application needs.
func (w *work) provision(ctx context.Context, s Step, stack automation.Stack) error {
	if err := w.up(ctx, s, stack); err != nil {
		return err
	}
	settings := w.settings(w.tenant.Placements[len(w.tenant.Placements)-1])
	return w.changeIf(ctx, settings != w.tenant.Settings, func(t *tenants.Tenant) { t.Settings = settings })
}

// settings gives what the last run of the tenant's stack says that the tenant's
// application needs of that placement; where it says nothing, what is known of
// that already.
func (w *work) settings(own tenants.Placement) tenants.Settings {
	if len(w.runs) > 0 {
		if s := settingsOf(own, w.runs[len(w.runs)-1].Result.Outputs); s != (tenants.Settings{}) {
			return s
		}
	}
	return w.tenant.Settings
}

// PlanCreate says what the creation of a tenant would do. It changes nothing.
func (l *Lifecycle) PlanCreate(ctx context.Context, t tenants.Tenant) (Outcome, error) {
	if err := l.Complete(&t); err != nil {
		return Outcome{}, err
	}
	known, err := l.Store.Get(ctx, t.ID)
	switch {
	case tenants.CodeOf(err) == tenants.CodeNotFound || (err == nil && known.Status == tenants.StatusDeleted):
		known = tenants.Tenant{}
	case err != nil:
		return Outcome{}, err
	case known.Status != tenants.StatusCreateFailed:
		return Outcome{}, Exists(t.ID)
	}
	placements, err := l.placements(t)
	if err != nil {
		return Outcome{}, err
	}
	placed := t
	placed.NetworkCIDR, placed.Placements = known.NetworkCIDR, []tenants.Placement{placements[0].Placement}
	if placed, err = l.addressed(ctx, known, placed); err != nil {
		return Outcome{}, err
	}
	res, err := l.Engine.Preview(ctx, l.tenant(placed, placements, nil))
	return Outcome{
		Operation: tenants.Operation{TenantID: t.ID, Kind: tenants.OperationCreate, ToTier: t.Tier, Steps: []tenants.Step{{Name: provisionStep}}},
		Tenant:    t, Runs: []StepRun{{Step: provisionStep, Title: bringUp(placements), Result: res}},
	}, err
}

// Complete fills what has a default in a tenant that is to be created, and
// checks it: CodeInvalid names every field that is wrong.
func (l *Lifecycle) Complete(t *tenants.Tenant) error {
	if t.Region == "" {
		t.Region = l.Settings.Region
	}
	if t.CostCenter == "" {
		t.CostCenter = t.ID
	}
	t.Placements = nil
	return tenants.Invalid(t.Validate(l.Catalogue)...)
}

// Exists is the error for a tenant that is to be created and is there.
func Exists(id string) error {
	return tenants.Errorf(tenants.CodeConflict, "tenant %s exists already; choose another id, or see \"tenantform tenant get %s\"", id, id)
}
