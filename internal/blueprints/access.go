package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/identity"
	"github.com/tenantform/tenantform/tenants"
)

func access() []Blueprint {
	return []Blueprint{
		{Package: "identity", Type: "UserPool", Minimal: userPool(false), Full: userPool(true)},
		{Package: "apigateway", Type: "API", Minimal: api(false), Full: api(true)},
		{Package: "apigateway", Type: "TenantKey", Minimal: tenantKey, Full: tenantKey},
		{Package: "apigateway", Type: "AccountLogging", Minimal: accountLogging, Full: accountLogging},
	}
}

func userPool(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &identity.Args{Location: at.Location, Tags: at.Tags(), Name: "sample-users"}
		args.DeletionProtection = full
		_, err := identity.New(ctx, "users", args)
		return err
	}
}

func apiArgs(at Site) *apigateway.Args {
	return &apigateway.Args{
		Location: at.Location, Tags: at.SharedTags(), Name: "sample-api", Tiers: []tenants.Tier{componenttest.Tier(tenants.ModelPool)}, LogRetentionDays: 30,
	}
}

func api(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		if err := accountLogging(ctx, at); err != nil {
			return err
		}
		args := apiArgs(at)
		if full {
			key, err := newKey(ctx, at, "sample-api", "sample-api/*")
			if err != nil {
				return err
			}
			args.Tiers = append(args.Tiers, componenttest.Tier(tenants.ModelSilo))
			args.LogKeyARN = key.ARN
		}
		_, err := apigateway.New(ctx, "api", args)
		return err
	}
}

func tenantKey(ctx *pulumi.Context, at Site) error {
	made, err := apigateway.New(ctx, "api", apiArgs(at))
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
