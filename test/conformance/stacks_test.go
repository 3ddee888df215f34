package conformance_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

func settings() stacks.Settings {
	return stacks.Settings{Environment: "dev", Region: region, AccountID: core, FunctionsAccountID: functions}
}

func poolProgram(rate float64) pulumi.RunFunc {
	tier := componenttest.Tier(tenants.ModelPool)
	tier.RateLimit = rate
	return stacks.Pool(stacks.PoolSpec{Settings: settings(), Cell: "a", Tiers: []tenants.Tier{tier}})
}

func tenantProgram(model tenants.Model, retention int, released bool) pulumi.RunFunc {
	tier := componenttest.Tier(model)
	tier.LogRetentionDays = retention
	return stacks.Tenant(stacks.TenantSpec{
		Settings: settings(), TenantID: "acme", Name: "Acme", CostCenter: "cc-7",
		Placements: []stacks.Placement{{Placement: tier.Placement(), Tier: tier, Released: released}},
	})
}

func functionsProgram(code string, memory int) pulumi.RunFunc {
	tier := componenttest.Tier(tenants.ModelPool)
	tier.FunctionMemoryMB = memory
	return stacks.Functions(stacks.FunctionsSpec{
		Settings: settings(), TenantID: "acme", CostCenter: "cc-7", Tier: tier,
		Functions: []tenants.Function{{Name: "score", Runtime: "python3.13", Handler: "index.handler", Archive: code}},
	})
}

func platformProgram(environment string, released bool) pulumi.RunFunc {
	s := settings()
	s.Environment = environment
	return stacks.Platform(stacks.PlatformSpec{Settings: s, Released: released})
}

func guardrailsProgram(released bool, deployers ...string) pulumi.RunFunc {
	return stacks.Guardrails(stacks.GuardrailsSpec{Settings: settings(), Deployers: deployers, Released: released})
}

// programs are the lives of the stacks' programs, each after those that it needs.
func programs(code string) []life {
	return []life{
		{name: "stack platform", stack: "platform", program: platformProgram("dev", false), changed: platformProgram("production", false), release: platformProgram("production", true),
			look: func(t *testing.T, r *rig) { lookPlatform(t, r, "dev") }, later: func(t *testing.T, r *rig) { lookPlatform(t, r, "production") }, stays: true,
			gone: func(t *testing.T, r *rig) { r.noRole(t, functions, "platform-eu-west-1-invoker") }},
		{name: "stack pool", stack: "pool-a", program: poolProgram(5), changed: poolProgram(6), look: lookPool, stays: true,
			gone: func(t *testing.T, r *rig) { r.noTable(t, core, "pool-a-data") }},
		{name: "stack tenant in a pool", stack: "tenant-acme",
			program: tenantProgram(tenants.ModelPool, 7, false), changed: tenantProgram(tenants.ModelPool, 14, false), look: lookPooled,
			gone: func(t *testing.T, r *rig) { r.noRole(t, core, "acme-pool-a-data") }},
		{name: "stack functions", stack: "functions-acme", program: functionsProgram(code, 128), changed: functionsProgram(code, 256), look: lookFunctions,
			gone: func(t *testing.T, r *rig) { r.noFunction(t, functions, "acme-score") }},
		{name: "stack tenant in a silo", stack: "tenant-acme",
			program: tenantProgram(tenants.ModelSilo, 365, false), changed: tenantProgram(tenants.ModelSilo, 731, false),
			release: tenantProgram(tenants.ModelSilo, 731, true), look: lookSilo,
			gone: func(t *testing.T, r *rig) {
				r.noBucket(t, core, siloBucket)
				r.noTable(t, core, "acme-silo-data")
			}},
		{name: "stack guardrails", stack: stacks.GuardrailsStackName, program: guardrailsProgram(false, "ci"), changed: guardrailsProgram(false, "ci", "release"),
			release: guardrailsProgram(true, "ci", "release"), look: lookGuardrails,
			gone: func(t *testing.T, r *rig) {
				r.noBucket(t, core, auditBucket)
				for _, account := range []string{core, functions} {
					if names := r.in(t, account).configRules(); len(names) > 0 {
						t.Errorf("%s still has the rules %v", account, names)
					}
				}
			}},
	}
}
