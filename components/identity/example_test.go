package identity_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/identity"
)

func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		users, err := identity.New(ctx, "acme-identity", &identity.Args{
			Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-silo", DeletionProtection: true,
			ThreatProtection: identity.ThreatEnforced,
			Migration:        &identity.Migration{FunctionARN: pulumi.String("arn:aws:lambda:eu-west-1:111111111111:function:users-of-pool-a")},
			ResourceServer: &identity.ResourceServer{
				Identifier: "orders", Domain: "acme-silo",
				Scopes:  []identity.Scope{{Name: "read", Description: "Read orders"}},
				Clients: []identity.MachineClient{{Name: "report", Scopes: []string{"read"}}},
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("userPoolId", users.ID)
		ctx.Export("tokenEndpoint", users.TokenEndpoint)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, c := range r.OfType("aws:cognito/userPoolClient:UserPoolClient") {
		fmt.Println(c.Inputs["name"], c.Inputs["explicitAuthFlows"], c.Inputs["allowedOauthScopes"])
	}
	// Unordered output:
	// acme-silo [ALLOW_REFRESH_TOKEN_AUTH ALLOW_USER_PASSWORD_AUTH ALLOW_USER_SRP_AUTH] <nil>
	// acme-silo-report [ALLOW_REFRESH_TOKEN_AUTH] [orders/read]
}

func ExampleNewTenantGroup() {
	program := func(ctx *pulumi.Context) error {
		_, err := identity.NewTenantGroup(ctx, "acme", &identity.GroupArgs{UserPoolID: pulumi.String("eu-west-1_abcdefghi"), TenantID: "acme"})
		return err
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, g := range r.OfType("aws:cognito/userGroup:UserGroup") {
		fmt.Println(g.Inputs["name"], g.Inputs["description"])
	}
	// Output:
	// acme Users of tenant acme
}
