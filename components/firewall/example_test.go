package firewall_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/firewall"
	"github.com/tenantform/tenantform/tenants"
)

func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		where, whose := componenttest.Location(), componenttest.Tags()
		wall, err := firewall.New(ctx, "acme-firewall", &firewall.Args{
			Location: where, Tags: whose, Name: "acme-silo", RateLimit: 1000, CountedCoreRules: []string{"SizeRestrictions_BODY"},
		})
		if err != nil {
			return err
		}
		_, err = apigateway.New(ctx, "acme-api", &apigateway.Args{
			Location: where, Tags: whose, Name: "acme-silo", LogRetentionDays: 30,
			Tiers: []tenants.Tier{componenttest.Tier(tenants.ModelSilo)}, WebACLARN: wall.ARN,
		})
		return err
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, acl := range r.OfType("aws:wafv2/webAcl:WebAcl") {
		for _, rule := range acl.Inputs["rules"].([]any) {
			fmt.Println(acl.Inputs["name"], rule.(map[string]any)["name"])
		}
	}
	// Output:
	// acme-silo reputation
	// acme-silo rate
	// acme-silo bad-inputs
	// acme-silo core
}
