package stacks_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

type spec interface{ Validate() error }

func TestBadSpecsAreRefused(t *testing.T) {
	platformOf := func(change func(*stacks.Settings)) (spec, pulumi.RunFunc) {
		s := stacks.PlatformSpec{Settings: settings()}
		change(&s.Settings)
		return s, stacks.Platform(s)
	}
	poolOf := func(change func(*stacks.PoolSpec)) (spec, pulumi.RunFunc) {
		s := poolSpec()
		change(&s)
		return s, stacks.Pool(s)
	}
	tenantOf := func(change func(*stacks.TenantSpec)) (spec, pulumi.RunFunc) {
		s := tenant(pooled())
		change(&s)
		return s, stacks.Tenant(s)
	}
	functionsOf := func(change func(*stacks.FunctionsSpec)) (spec, pulumi.RunFunc) {
		s := functionsSpec(t)
		change(&s)
		return s, stacks.Functions(s)
	}
	for name, c := range map[string]struct {
		make  func() (spec, pulumi.RunFunc)
		words []string
	}{
		"environment": {func() (spec, pulumi.RunFunc) { return platformOf(func(s *stacks.Settings) { s.Environment = "prod" }) },
			[]string{"environment", "prod", "dev, staging, production"}},
		"region": {func() (spec, pulumi.RunFunc) { return platformOf(func(s *stacks.Settings) { s.Region = "" }) },
			[]string{"region is missing"}},
		"account": {func() (spec, pulumi.RunFunc) { return platformOf(func(s *stacks.Settings) { s.AccountID = "1" }) },
			[]string{"accountId", "12 digits"}},
		"one account": {func() (spec, pulumi.RunFunc) {
			return platformOf(func(s *stacks.Settings) { s.FunctionsAccountID = s.AccountID })
		}, []string{"functionsAccountId", "kept apart"}},
		"cell": {func() (spec, pulumi.RunFunc) { return poolOf(func(s *stacks.PoolSpec) { s.Cell = "A B" }) },
			[]string{"cell", "A B"}},
		"no tiers": {func() (spec, pulumi.RunFunc) { return poolOf(func(s *stacks.PoolSpec) { s.Tiers = nil }) },
			[]string{"tiers is missing"}},
		"siloed tier": {func() (spec, pulumi.RunFunc) {
			return poolOf(func(s *stacks.PoolSpec) { s.Tiers = []tenants.Tier{componenttest.Tier(tenants.ModelSilo)} })
		}, []string{"tiers[0]", "premium", "pooled tiers of cell a"}},
		"same tier": {func() (spec, pulumi.RunFunc) {
			return poolOf(func(s *stacks.PoolSpec) { s.Tiers = append(s.Tiers, s.Tiers[0]) })
		}, []string{"tiers[1].name", "each tier once"}},
		"tenant id": {func() (spec, pulumi.RunFunc) { return tenantOf(func(s *stacks.TenantSpec) { s.TenantID = "Acme!" }) },
			[]string{"tenantId", "Acme!"}},
		"long tenant id": {func() (spec, pulumi.RunFunc) {
			return tenantOf(func(s *stacks.TenantSpec) { s.TenantID = strings.Repeat("a", tenants.MaxIDLength+1) })
		}, []string{"tenantId"}},
		"cost center": {func() (spec, pulumi.RunFunc) { return tenantOf(func(s *stacks.TenantSpec) { s.CostCenter = "<x>" }) },
			[]string{"costCenter", "<x>"}},
		"no placement": {func() (spec, pulumi.RunFunc) { return tenantOf(func(s *stacks.TenantSpec) { s.Placements = nil }) },
			[]string{"placements", "0 placements"}},
		"same placement": {func() (spec, pulumi.RunFunc) {
			return tenantOf(func(s *stacks.TenantSpec) { s.Placements = append(s.Placements, s.Placements[0]) })
		}, []string{"placements[1]", "pool/a", "each placement once"}},
		"tier of another model": {func() (spec, pulumi.RunFunc) {
			return tenantOf(func(s *stacks.TenantSpec) { s.Placements[0].Tier = componenttest.Tier(tenants.ModelSilo) })
		}, []string{"placements[0].tier", "premium", "model pool"}},
		"range": {func() (spec, pulumi.RunFunc) {
			return tenantOf(func(s *stacks.TenantSpec) { s.NetworkCIDR = "10.64.0.1/20" })
		}, []string{"networkCidr", "10.64.0.1/20"}},
		"the functions' range": {func() (spec, pulumi.RunFunc) {
			return tenantOf(func(s *stacks.TenantSpec) { s.NetworkCIDR = "10.128.0.0/20" })
		}, []string{"networkCidr", "outside of 10.128.0.0/16"}},
		"too many functions": {func() (spec, pulumi.RunFunc) {
			return functionsOf(func(s *stacks.FunctionsSpec) { s.Functions = make([]tenants.Function, 3) })
		}, []string{"functions", "3 functions", "at most 2 in tier free"}},
		"same function": {func() (spec, pulumi.RunFunc) {
			return functionsOf(func(s *stacks.FunctionsSpec) { s.Functions = append(s.Functions, s.Functions[0]) })
		}, []string{"functions[1].name", "score", "each name once"}},
		"no handler": {func() (spec, pulumi.RunFunc) {
			return functionsOf(func(s *stacks.FunctionsSpec) { s.Functions[0].Handler = "" })
		}, []string{"functions[0].handler is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, run := c.make()
			err := s.Validate()
			if tenants.CodeOf(err) != tenants.CodeInvalid {
				t.Fatalf("code %q: %v", tenants.CodeOf(err), err)
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error does not say %q: %v", w, err)
				}
			}
			r, err := componenttest.Run("any", run, others())
			componenttest.Refused(t, r, err)
		})
	}
}

// The longest names that are allowed still fit what AWS allows.
func TestLongestNamesFit(t *testing.T) {
	s := settings()
	s.Region = "us-isof-south-1"
	id, cell := strings.Repeat("t", tenants.MaxIDLength), strings.Repeat("c", tenants.MaxCellLength)
	pool, silo := pooled(), siloed()
	pool.Cell, pool.Tier.Cell = cell, cell
	for _, p := range []*stacks.Placement{&pool, &silo} {
		p.Tier.Name = strings.Repeat("p", tenants.MaxTierNameLength)
	}
	reads := others()
	reads["organization/tenantform/pool-"+cell] = reads["organization/tenantform/pool-a"]
	reads["organization/tenantform/pool-"+cell]["usagePlanIds"] = map[string]any{pool.Tier.Name: "plan"}
	spec := stacks.TenantSpec{Settings: s, TenantID: id, Name: "Long", Placements: []stacks.Placement{pool, silo}}
	limited(t, componenttest.MustRun(t, tenants.StackName(id), stacks.Tenant(spec), reads))

	f := functionsSpec(t)
	f.Settings, f.TenantID, f.Functions[0].Name = s, id, strings.Repeat("f", tenants.MaxFunctionNameLength)
	limited(t, componenttest.MustRun(t, tenants.FunctionsStackName(id), stacks.Functions(f), reads))

	p := poolSpec()
	p.Settings, p.Cell, p.Tiers = s, cell, []tenants.Tier{pool.Tier}
	limited(t, componenttest.MustRun(t, tenants.PoolStackName(cell), stacks.Pool(p), nil))
	limited(t, componenttest.MustRun(t, "platform", stacks.Platform(stacks.PlatformSpec{Settings: s}), nil))
}

// limited holds physical names to the services' limits: IAM and Lambda 64,
// S3 63, and 128 for what is left, the least of the other services.
func limited(t *testing.T, r *componenttest.Recording) {
	t.Helper()
	limits := map[string]int{"aws:iam/role:Role": 64, "aws:lambda/function:Function": 64, "aws:s3/bucketV2:BucketV2": 63}
	for _, res := range r.Custom() {
		limit, ok := limits[res.Type]
		if !ok {
			limit = 128
		}
		for _, key := range []string{"name", "bucket"} {
			if n, _ := res.Inputs[key].(string); len(n) > limit {
				t.Errorf("%s: %s has %d characters, at most %d are allowed", res.Type, n, len(n), limit)
			}
		}
	}
}
