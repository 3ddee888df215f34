package conformance_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/identity"
	"github.com/tenantform/tenantform/tenants"
)

// edge is what users and their clients meet first.
func edge(code string) []life {
	return []life{
		of("identity", code, []string{"identity.UserPool"}, func(b blueprint, changed bool) error {
			pool, err := identity.New(b.Context, "people", &identity.Args{
				Location: b.where, Tags: b.tags, Name: "acme-people", MFA: pick(changed, identity.MFARequired, identity.MFAOptional),
			}, b.with)
			if err != nil {
				return err
			}
			_, err = identity.NewTenantGroup(b.Context, "people-acme", &identity.GroupArgs{UserPoolID: pool.ID, TenantID: "acme"}, b.with)
			return err
		}, lookIdentity, func(t *testing.T, r *rig) { r.noUserPool(t, core, "acme-people") }),
		of("apigateway", code, []string{"apigateway.API", "apigateway.AccountLogging", "apigateway.TenantKey"}, func(b blueprint, changed bool) error {
			account, err := apigateway.NewAccountLogging(b.Context, "logging", &apigateway.AccountArgs{Location: b.where, Tags: b.tags, RoleName: "acme-api-logging"}, b.with)
			if err != nil {
				return err
			}
			tier := componenttest.Tier(tenants.ModelPool)
			tier.Name, tier.RateLimit = "gold", pick(changed, 7.0, 8.0)
			api, err := apigateway.New(b.Context, "front", &apigateway.Args{
				Location: b.where, Tags: b.tags, Name: "acme-front", Tiers: []tenants.Tier{tier}, LogRetentionDays: 30,
			}, b.with, pulumi.DependsOn([]pulumi.Resource{account}))
			if err != nil {
				return err
			}
			_, err = apigateway.NewTenantKey(b.Context, "front-acme", &apigateway.KeyArgs{
				Tags: b.tags, Name: "acme-front-key", UsagePlanID: api.UsagePlanIDs.MapIndex(pulumi.String("gold")),
			}, b.with)
			return err
		}, lookAPI, func(t *testing.T, r *rig) { r.noAPI(t, core, "acme-front") }),
	}
}
