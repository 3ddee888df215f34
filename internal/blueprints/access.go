package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/firewall"
	"github.com/tenantform/tenantform/components/identity"
	"github.com/tenantform/tenantform/tenants"
)

func access() []Blueprint {
	return []Blueprint{
		{Package: "identity", Type: "UserPool", Minimal: userPool(false), Full: userPool(true)},
		{Package: "apigateway", Type: "API", Minimal: api(false), Full: api(true)},
		{Package: "apigateway", Type: "TenantKey", Minimal: tenantKey, Full: tenantKey},
		{Package: "apigateway", Type: "AccountLogging", Minimal: accountLogging, Full: accountLogging},
		{Package: "firewall", Type: "Firewall", Minimal: newFirewall(false), Full: newFirewall(true)},
	}
}

func userPool(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &identity.Args{Location: at.Location, Tags: at.Tags(), Name: "sample-users"}
		if full {
			args.DeletionProtection, args.ThreatProtection = true, identity.ThreatEnforced
			migration, err := newCode(ctx, at, at.Tags(), "sample-migration")
			if err != nil {
				return err
			}
			args.Migration = &identity.Migration{FunctionARN: migration.ARN}
			args.ResourceServer = &identity.ResourceServer{
				Identifier: "orders", Scopes: []identity.Scope{{Name: "read", Description: other(at, "Read orders", "Read the orders")}}, Domain: "sample-orders",
				Clients: []identity.MachineClient{{Name: "importer", Scopes: []string{"read"}}},
			}
		}
		_, err := identity.New(ctx, "users", args)
		return err
	}
}

func apiArgs(at Site) *apigateway.Args {
	tier := componenttest.Tier(tenants.ModelPool)
	tier.RateLimit = other(at, tier.RateLimit, tier.RateLimit+1)
	return &apigateway.Args{
		Location: at.Location, Tags: at.SharedTags(), Name: "sample-api", Tiers: []tenants.Tier{tier}, LogRetentionDays: 30,
	}
}

func api(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		if err := accountLogging(ctx, at); err != nil {
			return err
		}
		args := apiArgs(at)
		if full {
			key, err := newKey(ctx, at, "sample-api", "sample-api/*", apigateway.ExecutionLogGroups, firewall.LogGroupName("sample-api"))
			if err != nil {
				return err
			}
			args.Tiers = append(args.Tiers, componenttest.Tier(tenants.ModelSilo))
			args.LogKeyARN, args.ExecutionLogKeyARN = key.ARN, key.ARN
			args.Authorizer = &apigateway.Authorizer{UserPoolARNs: pulumi.StringArray{pulumi.String(at.Location.ARN("cognito-idp", "userpool/eu-west-1_sample"))}}
			orders, err := newCode(ctx, at, at.SharedTags(), "sample-orders")
			if err != nil {
				return err
			}
			args.Routes = []apigateway.Route{{
				Method: apigateway.Post, Path: "/orders", Function: orders.Name, Scopes: []string{"orders/write"}, Body: `{"type":"object"}`,
			}}
			wall, err := firewall.New(ctx, "firewall", &firewall.Args{Location: at.Location, Tags: at.SharedTags(), Name: "sample-api", LogKeyARN: key.ARN})
			if err != nil {
				return err
			}
			args.WebACLARN = wall.ARN
		}
		_, err := apigateway.New(ctx, "api", args)
		return err
	}
}

func tenantKey(ctx *pulumi.Context, at Site) error {
	key, err := newKey(ctx, at, "sample-api", "sample-api/*", apigateway.ExecutionLogGroups)
	if err != nil {
		return err
	}
	args := apiArgs(at)
	args.LogKeyARN, args.ExecutionLogKeyARN = key.ARN, key.ARN
	made, err := apigateway.New(ctx, "api", args)
	if err != nil {
		return err
	}
	_, err = apigateway.NewTenantKey(ctx, "acme", &apigateway.KeyArgs{
		Tags: at.Tags(), Name: "sample-acme", UsagePlanID: made.UsagePlanIDs.MapIndex(pulumi.String("free")),
	})
	return err
}

func accountLogging(ctx *pulumi.Context, at Site) error {
	_, err := apigateway.NewAccountLogging(ctx, "account", &apigateway.AccountArgs{
		Location: at.Location, Tags: at.SharedTags(), RoleName: "sample-api-logs",
	})
	return err
}

func newFirewall(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &firewall.Args{Location: at.Location, Tags: at.SharedTags(), Name: "sample-firewall"}
		if full {
			key, err := newKey(ctx, at, "sample-firewall", "aws-waf-logs-sample-firewall")
			if err != nil {
				return err
			}
			args.LogKeyARN, args.CountedCoreRules = key.ARN, []string{"SizeRestrictions_BODY"}
			args.RateLimit = other(at, 0, 3000)
		}
		_, err := firewall.New(ctx, "firewall", args)
		return err
	}
}
