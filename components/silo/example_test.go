package silo_test

import (
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/silo"
	"github.com/tenantform/tenantform/tenants"
)

func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		made, err := silo.New(ctx, "acme-silo", &silo.Args{
			Location: componenttest.Location(), Tags: componenttest.Tags(), TenantID: "acme", Name: "acme-silo",
			Bucket: "acme-data-111111111111", Tier: componenttest.Tier(tenants.ModelSilo), CIDRBlock: "10.64.16.0/20",
			Worker: &silo.Worker{Runtime: "python3.13", Handler: "index.handler", Archive: os.TempDir(), Bucket: "acme-work-111111111111"},
		})
		if err != nil {
			return err
		}
		ctx.Export("queueUrl", made.QueueURL)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, alarm := range r.OfType("aws:cloudwatch/compositeAlarm:CompositeAlarm") {
		fmt.Println(alarm.Inputs["alarmRule"])
	}
	// Output:
	// ALARM("acme-silo-errors") OR ALARM("acme-silo-worker-dead-letters") OR ALARM("acme-silo-worker-oldest-message")
}
