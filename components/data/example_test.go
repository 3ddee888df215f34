package data_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/data"
)

func ExampleNewTable() {
	program := func(ctx *pulumi.Context) error {
		table, err := data.NewTable(ctx, "pool-a-data", &data.TableArgs{
			Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "pool-a-data",
			KeyARN:             pulumi.String("arn:aws:kms:eu-west-1:111111111111:key/11111111-1111-1111-1111-111111111111"),
			DeletionProtection: true,
			TTLAttribute:       "expires",
			Indexes:            []data.Index{{Name: "by-time", SortKey: "created", Type: data.Number}},
		})
		if err != nil {
			return err
		}
		ctx.Export("streamArn", table.StreamARN)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, t := range r.OfType("aws:dynamodb/table:Table") {
		fmt.Println(t.Inputs["name"], t.Inputs["hashKey"], t.Inputs["streamViewType"], t.Inputs["deletionProtectionEnabled"])
	}
	// Output:
	// pool-a-data pk NEW_AND_OLD_IMAGES true
}

func ExampleNewTenantAccess() {
	program := func(ctx *pulumi.Context) error {
		access, err := data.NewTenantAccess(ctx, "acme-access", &data.AccessArgs{
			Location: componenttest.Location(), Tags: componenttest.Tags(),
			TenantID: "acme", RoleName: "acme-pool-a-data", Table: "pool-a-data", Indexes: []string{"by-time"},
			KeyARN:      pulumi.String("arn:aws:kms:eu-west-1:111111111111:key/11111111-1111-1111-1111-111111111111"),
			RuntimeRole: "tenantform-runtime",
		})
		if err != nil {
			return err
		}
		ctx.Export("roleArn", access.RoleARN)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, role := range r.OfType("aws:iam/role:Role") {
		fmt.Println(role.Inputs["name"], role.Inputs["description"])
	}
	// Output:
	// acme-pool-a-data Access to the items of tenant acme in table pool-a-data
}
