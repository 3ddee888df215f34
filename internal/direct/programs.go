package direct

import (
	"context"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

// Stack gives the program and the subject of the stack of that name, from the
// catalogue and the store: platform, pool-<cell>, tenant-<id>, functions-<id>.
func (r *Runner) Stack(ctx context.Context, name string) (automation.Stack, error) {
	if name == tenants.PlatformStackName {
		return r.platform(), nil
	}
	kind, rest, _ := strings.Cut(name, "-")
	switch kind {
	case "pool":
		return r.pool(rest)
	case "tenant", "functions":
		t, err := r.Store.Get(ctx, rest)
		if err != nil {
			return automation.Stack{}, err
		}
		if kind == "functions" {
			return r.functions(t)
		}
		placements, err := r.placements(t)
		if err != nil {
			return automation.Stack{}, err
		}
		return r.tenant(t, placements, nil), nil
	}
	return automation.Stack{}, tenants.Invalid(tenants.FieldError{Field: "stack", Value: name, Allowed: "platform, pool-<cell>, tenant-<id> or functions-<id>"})
}

func (r *Runner) subject(program string) policies.Subject {
	return policies.Subject{Program: program, Environment: r.Settings.Environment, Region: r.Settings.Region, Account: r.Settings.AccountID}
}

func (r *Runner) platform() automation.Stack {
	return automation.Stack{
		Name: tenants.PlatformStackName, Subject: r.subject("platform"),
		Program: stacks.Platform(stacks.PlatformSpec{Settings: r.Settings}),
	}
}

func (r *Runner) pool(cell string) (automation.Stack, error) {
	var tiers []tenants.Tier
	var cells []string
	for _, t := range r.Catalogue.Tiers {
		if t.Model != tenants.ModelPool {
			continue
		}
		if !slices.Contains(cells, t.Cell) {
			cells = append(cells, t.Cell)
		}
		if t.Cell == cell {
			tiers = append(tiers, t)
		}
	}
	if len(tiers) == 0 {
		return automation.Stack{}, tenants.Invalid(tenants.FieldError{Field: "stack", Value: tenants.PoolStackName(cell), Allowed: "a cell of the tier catalogue: " + strings.Join(cells, ", ")})
	}
	return automation.Stack{
		Name: tenants.PoolStackName(cell), Subject: r.subject("pool"),
		Program: stacks.Pool(stacks.PoolSpec{Settings: r.Settings, Cell: cell, Tiers: tiers}),
	}, nil
}

// placements gives where a tenant lives, with the tier whose limits hold there.
func (r *Runner) placements(t tenants.Tenant) ([]stacks.Placement, error) {
	tier, err := r.Catalogue.Tier(t.Tier)
	if err != nil {
		return nil, err
	}
	if len(t.Placements) == 0 {
		return []stacks.Placement{{Placement: tier.Placement(), Tier: tier}}, nil
	}
	out := make([]stacks.Placement, 0, len(t.Placements))
	for _, p := range t.Placements {
		out = append(out, stacks.Placement{Placement: p, Tier: r.tierAt(p, tier)})
	}
	return out, nil
}

// tierAt gives the tier that holds at a placement: the tenant's own where it
// belongs there, otherwise (in a move) the first of the catalogue that does.
func (r *Runner) tierAt(p tenants.Placement, own tenants.Tier) tenants.Tier {
	if own.Model == p.Model {
		return own
	}
	for _, t := range r.Catalogue.Tiers {
		if t.Placement() == p {
			return t
		}
	}
	return own
}

func (r *Runner) tenant(t tenants.Tenant, placements []stacks.Placement, release *policies.Release) automation.Stack {
	settings := r.Settings
	if t.Region != "" {
		settings.Region = t.Region
	}
	subject := r.subject("tenant")
	subject.TenantID, subject.Region, subject.Release = t.ID, settings.Region, release
	for _, p := range placements {
		if !slices.Contains(subject.Tiers, p.Tier.Name) {
			subject.Tiers = append(subject.Tiers, p.Tier.Name)
		}
	}
	return automation.Stack{
		Name: tenants.StackName(t.ID), Subject: subject,
		Program: stacks.Tenant(stacks.TenantSpec{
			Settings: settings, TenantID: t.ID, Name: t.Name, CostCenter: t.CostCenter, Placements: placements, NetworkCIDR: t.NetworkCIDR,
			PlatformRegion: r.Settings.Region,
		}),
	}
}

func (r *Runner) functions(t tenants.Tenant) (automation.Stack, error) {
	tier, err := r.Catalogue.Tier(t.Tier)
	if err != nil {
		return automation.Stack{}, err
	}
	subject := r.subject("functions")
	subject.TenantID, subject.Tiers, subject.Account = t.ID, []string{tier.Name}, r.Settings.FunctionsAccountID
	return automation.Stack{
		Name: tenants.FunctionsStackName(t.ID), Subject: subject,
		Program: stacks.Functions(stacks.FunctionsSpec{
			Settings: r.Settings, TenantID: t.ID, CostCenter: t.CostCenter, Tier: tier, Functions: t.Functions, Unsigned: r.Unsigned,
		}),
	}, nil
}

// releaseOf entitles a run to take data away with a placement of a move.
func releaseOf(tenantID string, p *stacks.Placement) *policies.Release {
	if p == nil {
		return nil
	}
	return &policies.Release{Kind: "move", Under: stacks.PlacementName(tenantID, p.Placement)}
}
