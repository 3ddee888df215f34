package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/pool"
	"github.com/tenantform/tenantform/components/silo"
	"github.com/tenantform/tenantform/tenants"
)

func tenancy() []Blueprint {
	return []Blueprint{
		{Package: "silo", Type: "Silo", Minimal: newSilo(false), Full: newSilo(true)},
		{Package: "pool", Type: "Pool", Minimal: newPool(false), Full: newPool(true)},
		{Package: "pool", Type: "Placement", Minimal: placement, Full: placement},
	}
}

func newSilo(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		tier := componenttest.Tier(tenants.ModelSilo)
		tier.RateLimit = other(at, tier.RateLimit, tier.RateLimit+1)
		tier.DeletionProtection = full
		args := &silo.Args{
			Location: at.Location, Tags: at.Tags(), TenantID: "acme", Name: "acme-silo", Bucket: "sample-silo-" + at.Location.AccountID,
			Tier: tier, CIDRBlock: "10.64.0.0/20",
		}
		if full {
			args.Worker = &silo.Worker{
				Runtime: "python3.13", Handler: "index.handler", Archive: at.Code, Bucket: "sample-silo-results-" + at.Location.AccountID,
			}
			logs, err := newLogs(ctx, at)
			if err != nil {
				return err
			}
			args.AccessLogBucket, args.AlarmTopic = logs.Name, at.Location.ARN("sns", "sample-alarms")
		}
		_, err := silo.New(ctx, "silo", args)
		return err
	}
}

func newPool(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		_, err := makePool(ctx, at, full)
		return err
	}
}

func makePool(ctx *pulumi.Context, at Site, full bool) (*pool.Pool, error) {
	tier := componenttest.Tier(tenants.ModelPool)
	tier.RateLimit = other(at, tier.RateLimit, tier.RateLimit+1)
	return pool.New(ctx, "pool", &pool.Args{
		Location: at.Location, Tags: at.SharedTags(), Name: "pool-a", Tiers: []tenants.Tier{tier},
		LogRetentionDays: 30, DeletionProtection: full,
	})
}

func placement(ctx *pulumi.Context, at Site) error {
	made, err := makePool(ctx, at, false)
	if err != nil {
		return err
	}
	tier := componenttest.Tier(tenants.ModelPool)
	tier.LogRetentionDays = other(at, tier.LogRetentionDays, 14)
	whose := at.Tags()
	whose.Tier, whose.Model = tier.Name, tenants.ModelPool
	_, err = pool.NewPlacement(ctx, "acme", &pool.PlacementArgs{
		Location: at.Location, Tags: whose, TenantID: "acme", Name: "acme-pool-a", Pool: "pool-a", Tier: tier, RuntimeRole: "tenantform-runtime",
		Shared: pool.Shared{KeyARN: poolKey(at), UserPoolID: made.UserPoolID, UsagePlanID: made.UsagePlanIDs.MapIndex(pulumi.String(tier.Name))},
	})
	return err
}
