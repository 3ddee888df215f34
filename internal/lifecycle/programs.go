package lifecycle

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
func (l *Lifecycle) Stack(ctx context.Context, name string) (automation.Stack, error) {
	if name == tenants.PlatformStackName {
		return l.platform(), nil
	}
	kind, rest, _ := strings.Cut(name, "-")
	switch kind {
	case "pool":
		return l.pool(rest)
	case "tenant", "functions":
		t, err := l.Store.Get(ctx, rest)
		if err != nil {
			return automation.Stack{}, err
		}
		if kind == "functions" {
			return l.functions(t)
		}
		placements, err := l.placements(t)
		if err != nil {
			return automation.Stack{}, err
		}
		return l.tenant(t, placements, nil), nil
	}
	return automation.Stack{}, tenants.Invalid(tenants.FieldError{Field: "stack", Value: name, Allowed: "platform, pool-<cell>, tenant-<id> or functions-<id>"})
}

func (l *Lifecycle) subject(program string) policies.Subject {
	return policies.Subject{Program: program, Environment: l.Settings.Environment, Region: l.Settings.Region,
		Account: l.Settings.AccountID, FunctionsAccount: l.Settings.FunctionsAccountID}
}

func (l *Lifecycle) platform() automation.Stack {
	return automation.Stack{
		Name: tenants.PlatformStackName, Subject: l.subject("platform"),
		Program: stacks.Platform(stacks.PlatformSpec{Settings: l.Settings}),
	}
}

func (l *Lifecycle) pool(cell string) (automation.Stack, error) {
	var tiers []tenants.Tier
	var cells []string
	for _, t := range l.Catalogue.Tiers {
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
		Name: tenants.PoolStackName(cell), Subject: l.subject("pool"),
		Program: stacks.Pool(stacks.PoolSpec{Settings: l.Settings, Cell: cell, Tiers: tiers}),
	}, nil
}

// placements gives where a tenant lives, with the tier whose limits hold there.
func (l *Lifecycle) placements(t tenants.Tenant) ([]stacks.Placement, error) {
	tier, err := l.Catalogue.Tier(t.Tier)
	if err != nil {
		return nil, err
	}
	if len(t.Placements) == 0 {
		return []stacks.Placement{{Placement: tier.Placement(), Tier: tier}}, nil
	}
	out := make([]stacks.Placement, 0, len(t.Placements))
	for _, p := range t.Placements {
		out = append(out, stacks.Placement{Placement: p, Tier: l.tierAt(p, tier)})
	}
	return out, nil
}

// tierAt gives the tier that holds at a placement: the tenant's own where it
// belongs there, otherwise (in a move) the first of the catalogue that does.
func (l *Lifecycle) tierAt(p tenants.Placement, own tenants.Tier) tenants.Tier {
	if own.Model == p.Model {
		return own
	}
	for _, t := range l.Catalogue.Tiers {
		if t.Placement() == p {
			return t
		}
	}
	return own
}

func (l *Lifecycle) tenant(t tenants.Tenant, placements []stacks.Placement, release *policies.Release) automation.Stack {
	settings := l.Settings
	if t.Region != "" {
		settings.Region = t.Region
	}
	subject := l.subject("tenant")
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
			PlatformRegion: l.Settings.Region,
		}),
	}
}

func (l *Lifecycle) functions(t tenants.Tenant) (automation.Stack, error) {
	tier, err := l.Catalogue.Tier(t.Tier)
	if err != nil {
		return automation.Stack{}, err
	}
	subject := l.subject("functions")
	subject.TenantID, subject.Tiers, subject.Account = t.ID, []string{tier.Name}, l.Settings.FunctionsAccountID
	return automation.Stack{
		Name: tenants.FunctionsStackName(t.ID), Subject: subject,
		Program: stacks.Functions(stacks.FunctionsSpec{
			Settings: l.Settings, TenantID: t.ID, CostCenter: t.CostCenter, Tier: tier, Functions: t.Functions, Unsigned: l.Unsigned,
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
