package apigateway_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/identity"
	"github.com/tenantform/tenantform/tenants"
)

func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		where, whose := componenttest.Location(), componenttest.Tags()
		users, err := identity.New(ctx, "acme-identity", &identity.Args{Location: where, Tags: whose, Name: "acme-silo"})
		if err != nil {
			return err
		}
		api, err := apigateway.New(ctx, "acme-api", &apigateway.Args{
			Location: where, Tags: whose, Name: "acme-silo", LogRetentionDays: 30,
			Tiers:      []tenants.Tier{componenttest.Tier(tenants.ModelSilo)},
			Authorizer: &apigateway.Authorizer{UserPoolARNs: pulumi.StringArray{users.ARN}},
			Routes: []apigateway.Route{{
				Method: apigateway.Post, Path: "/orders", Function: pulumi.String("acme-orders"),
				Body: `{"type":"object","required":["item"]}`,
			}},
		})
		if err != nil {
			return err
		}
		ctx.Export("endpoint", api.Endpoint)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.OfType("aws:lambda/permission:Permission") {
		fmt.Println(p.Inputs["function"], p.Inputs["sourceArn"])
	}
	// Output:
	// acme-orders arn:aws:execute-api:eu-west-1:111111111111:acme-api-api-id/live/POST/orders
}

func ExampleNewTenantKey() {
	program := func(ctx *pulumi.Context) error {
		key, err := apigateway.NewTenantKey(ctx, "acme-api", &apigateway.KeyArgs{
			Tags: componenttest.Tags(), Name: "acme-pool-a", UsagePlanID: pulumi.String("a1b2c3"),
		})
		if err != nil {
			return err
		}
		ctx.Export("apiKey", key.Value)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, k := range r.OfType("aws:apigateway/apiKey:ApiKey") {
		fmt.Println(k.Inputs["name"], k.Inputs["description"])
	}
	// Output:
	// acme-pool-a API key of tenant acme
}
