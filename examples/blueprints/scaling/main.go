// Scaling is a program for "pulumi up": a function that is kept warm, with as
// many environments as it has use for, and that does nothing twice.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

func main() { pulumi.Run(program("code")) }

func program(archive string) pulumi.RunFunc {
	where := location.Location{Environment: location.Dev, Region: "eu-west-1", AccountID: "111111111111"}
	whose := tags.Required{TenantID: "acme", Tier: "premium", Model: "silo", Service: "orders", Environment: "dev", CostCenter: "cc-1"}
	return func(ctx *pulumi.Context) error {
		key, err := encryption.New(ctx, "orders-key", &encryption.Args{
			Location: where, Tags: whose, Alias: "acme-orders", Description: "Orders of acme", LogGroups: []string{"/aws/lambda/acme-orders"},
		})
		if err != nil {
			return err
		}
		orders, err := function.New(ctx, "orders", &function.Args{
			Location: where, Tags: whose, Name: "acme-orders", Runtime: "python3.13", Handler: "index.handler", Archive: archive,
			MemoryMB: 512, TimeoutSec: 10, Concurrency: 50, KeyARN: key.ARN, LogKeyARN: key.ARN, Idempotency: &function.Idempotency{},
			Publish: true, Provisioned: &function.Provisioned{Min: 2, Max: 20, TargetUtilization: 0.6},
		})
		if err != nil {
			return err
		}
		ctx.Export("invokeArn", orders.InvokeARN)
		return nil
	}
}
