package stacks

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/pool"
	"github.com/tenantform/tenantform/tenants"
)

// PoolSpec says what the shared stack of a cell is made of.
type PoolSpec struct {
	Settings
	Cell  string
	Tiers []tenants.Tier // the pooled ones of this cell; a usage plan each
	// Released switches deletion protection off so that the pool can be taken
	// away. Otherwise it is on in production and when one of the tiers asks for it.
	Released bool
	// Serving is what the application adds to the pool. The zero value: nothing.
	Serving Serving
}

// Validate checks the spec; the error is CodeInvalid and names every field.
func (s PoolSpec) Validate() error {
	faults := s.Settings.Faults()
	faults = append(faults, tenants.ValidateCell("cell", s.Cell)...)
	if len(s.Tiers) == 0 {
		faults = append(faults, tenants.FieldError{Field: "tiers", Allowed: "the tiers of the cell, 1 or more"})
	}
	var names []string
	for i, t := range s.Tiers {
		path := fmt.Sprintf("tiers[%d]", i)
		faults = append(faults, t.Validate(path)...)
		if t.Model != tenants.ModelPool || t.Cell != s.Cell {
			faults = append(faults, tenants.FieldError{Field: path, Value: t.Name, Allowed: "pooled tiers of cell " + s.Cell})
		}
		if slices.Contains(names, t.Name) {
			faults = append(faults, tenants.FieldError{Field: path + ".name", Value: t.Name, Allowed: "each tier once"})
		}
		names = append(names, t.Name)
	}
	return tenants.Invalid(faults...)
}

// Pool gives the program of a pool's shared stack.
func Pool(spec PoolSpec) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		if err := spec.Validate(); err != nil {
			return err
		}
		core, err := spec.coreProvider(ctx)
		if err != nil {
			return err
		}
		name := tenants.PoolStackName(spec.Cell)
		made, err := pool.New(ctx, name, &pool.Args{
			Location: spec.core(), Tags: spec.sharedTags("pool"), Name: name, Tiers: spec.Tiers,
			LogRetentionDays: spec.core().LogRetentionDays(0), DeletionProtection: spec.protected(), Released: spec.Released,
			Routes: spec.Serving.Routes, UserTokens: spec.Serving.UserTokens, WebACLARN: spec.Serving.webACL(),
			ThreatProtection: spec.Serving.ThreatProtection, Migration: spec.Serving.Migration, ResourceServer: spec.Serving.ResourceServer,
		}, core)
		if err != nil {
			return err
		}
		ctx.Export("cell", pulumi.String(spec.Cell))
		for output, value := range made.Outputs() {
			ctx.Export(output, value)
		}
		return nil
	}
}

// protected tells whether one of the pool's tiers asks for deletion protection.
func (s PoolSpec) protected() bool {
	return slices.ContainsFunc(s.Tiers, func(t tenants.Tier) bool { return t.DeletionProtection })
}
