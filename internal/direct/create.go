package direct

import (
	"context"

	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

// Create adds a tenant to the store and brings up its stack. A tenant whose
// creation failed, or was killed, is created on from where that stopped.
func (r *Runner) Create(ctx context.Context, t tenants.Tenant, reason string) (Outcome, error) {
	placements, err := r.valid(&t)
	if err != nil {
		return Outcome{}, err
	}
	release, err := r.hold(t.ID)
	if err != nil {
		return Outcome{}, err
	}
	defer release()
	stored, err := r.reserve(ctx, t)
	if err != nil {
		return Outcome{}, err
	}
	steps := []step{{name: "provision", title: "bring up " + placements[0].String(), run: func(ctx context.Context, op *operation) error {
		if err := op.up(ctx, "provision", "bring up "+placements[0].String(), r.tenant(op.tenant, placements, nil)); err != nil || op.tenant.NetworkCIDR == "" {
			return err
		}
		return op.change(ctx, vacated) // an earlier try may have begun with a silo
	}}}
	op, err := r.begin(ctx, stored, tenants.Operation{Kind: tenants.OperationCreate, ToTier: t.Tier, Reason: reason}, tenants.StatusCreating, steps, 0)
	if err != nil {
		return Outcome{}, err
	}
	// The placement is known from the first moment on: what a killed run leaves
	// behind is found, and deleted, by it.
	if err := op.place(ctx, func(t *tenants.Tenant) { t.Placements = []tenants.Placement{placements[0].Placement} }); err != nil {
		return op.end(ctx, tenants.StatusCreateFailed, err)
	}
	return op.run(ctx, steps, tenants.StatusActive)
}

// PlanCreate says what Create would do. It changes nothing.
func (r *Runner) PlanCreate(ctx context.Context, t tenants.Tenant) (Outcome, error) {
	placements, err := r.valid(&t)
	if err != nil {
		return Outcome{}, err
	}
	known, err := r.Store.Get(ctx, t.ID)
	switch {
	case tenants.CodeOf(err) == tenants.CodeNotFound || (err == nil && known.Status == tenants.StatusDeleted):
		known = tenants.Tenant{}
	case err != nil:
		return Outcome{}, err
	case known.Status != tenants.StatusCreateFailed:
		return Outcome{}, exists(t.ID)
	}
	placed := t
	placed.NetworkCIDR, placed.Placements = known.NetworkCIDR, []tenants.Placement{placements[0].Placement}
	if placed, err = r.addressed(ctx, known, placed); err != nil {
		return Outcome{}, err
	}
	title := "bring up " + placements[0].String()
	res, err := r.Engine.Preview(ctx, r.tenant(placed, placements, nil))
	return Outcome{
		Operation: tenants.Operation{TenantID: t.ID, Kind: tenants.OperationCreate, ToTier: t.Tier, Steps: []tenants.Step{{Name: "provision"}}},
		Tenant:    t, Runs: []StepRun{{Step: "provision", Title: title, Result: res}},
	}, err
}

// valid checks a new tenant and fills what has a default.
func (r *Runner) valid(t *tenants.Tenant) ([]stacks.Placement, error) {
	if t.Region == "" {
		t.Region = r.Settings.Region
	}
	if t.CostCenter == "" {
		t.CostCenter = t.ID
	}
	t.Placements = nil
	if err := tenants.Invalid(t.Validate(r.Catalogue)...); err != nil {
		return nil, err
	}
	return r.placements(*t)
}

// reserve adds the tenant to the store, or gives the one whose creation is to
// be gone on with, in a status from which it can be.
func (r *Runner) reserve(ctx context.Context, t tenants.Tenant) (tenants.Tenant, error) {
	known, err := r.Store.Get(ctx, t.ID)
	if tenants.CodeOf(err) == tenants.CodeNotFound || (err == nil && known.Status == tenants.StatusDeleted) {
		t.Status, t.Version, t.CreatedAt, t.UpdatedAt = "", 0, r.now(), r.now()
		return r.Store.Create(ctx, t)
	}
	if err != nil {
		return t, err
	}
	if known, err = r.recover(ctx, known); err != nil {
		return t, err
	}
	if known.Status != tenants.StatusCreateFailed && known.Status != "" {
		return t, exists(t.ID)
	}
	known.Name, known.AdminEmail, known.Tier, known.Region, known.CostCenter = t.Name, t.AdminEmail, t.Tier, t.Region, t.CostCenter
	return known, nil
}

func exists(id string) error {
	return tenants.Errorf(tenants.CodeConflict, "tenant %s exists already; choose another id, or see \"tenantform tenant get %s\"", id, id)
}
