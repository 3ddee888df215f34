package pool_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/pool"
	"github.com/tenantform/tenantform/tenants"
)

// A pool for the tenants of a tier, and the placement of one tenant in it. Most
// often the two are in stacks of their own, and the ids come from a reference.
func ExampleNewPlacement() {
	program := func(ctx *pulumi.Context) error {
		where, whose := componenttest.Location(), componenttest.Tags()
		free := componenttest.Tier(tenants.ModelPool)
		shared, err := pool.New(ctx, "pool-a", &pool.Args{
			Location: where, Tags: whose, Name: "pool-a", Tiers: []tenants.Tier{free}, LogRetentionDays: 30, DeletionProtection: true,
		})
		if err != nil {
			return err
		}
		_, err = pool.NewPlacement(ctx, "acme-pool-a", &pool.PlacementArgs{
			Location: where, Tags: whose, TenantID: "acme", Name: "acme-pool-a", Pool: "pool-a", Tier: free, RuntimeRole: "tenantform-runtime",
			Shared: pool.Shared{
				KeyARN: shared.KeyARN, UserPoolID: shared.UserPoolID, UsagePlanID: shared.UsagePlanIDs.MapIndex(pulumi.String(free.Name)),
			},
		})
		return err
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, g := range r.OfType("aws:cognito/userGroup:UserGroup") {
		fmt.Println("group", g.Inputs["name"])
	}
	for _, role := range r.OfType("aws:iam/role:Role") {
		fmt.Println("role", role.Inputs["name"])
	}
	// Output:
	// group acme
	// role acme-pool-a-data
}
