package encryption_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/encryption"
)

// A key for what a tenant keeps, which also encrypts the tenant's log groups.
func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		key, err := encryption.New(ctx, "acme-key", &encryption.Args{
			Location: componenttest.Location(), Tags: componenttest.Tags(), Alias: "acme", Description: "Data and logs of acme",
			LogGroups: []string{"acme/*"},
		})
		if err != nil {
			return err
		}
		ctx.Export("keyArn", key.ARN)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, k := range r.OfType("aws:kms/key:Key") {
		fmt.Println(k.Inputs["description"], "- rotates:", k.Inputs["enableKeyRotation"], "- days before it is deleted:", k.Inputs["deletionWindowInDays"])
	}
	// Output: Data and logs of acme - rotates: true - days before it is deleted: 7
}
