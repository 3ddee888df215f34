package observability_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/observability"
)

func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		signals, err := observability.New(ctx, "acme-signals", &observability.Args{
			Location: componenttest.Location(), Tags: componenttest.Tags(), TenantID: "acme", Name: "acme-silo", LogRetentionDays: 30,
			AlarmActions: pulumi.ToStringArray([]string{"arn:aws:sns:eu-west-1:111111111111:alarms"}),
		})
		if err != nil {
			return err
		}
		ctx.Export("logGroup", signals.LogGroup)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, f := range r.OfType("aws:cloudwatch/logMetricFilter:LogMetricFilter") {
		fmt.Println(f.Name, f.Inputs["pattern"])
	}
	// Unordered output:
	// acme-signals-requests { $.tenant_id = "acme" }
	// acme-signals-errors { $.tenant_id = "acme" && $.level = "ERROR" }
}
