package tenantfunction_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tenantfunction"
)

func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		where, whose := componenttest.Location(), componenttest.Tags()
		where.Environment, whose.Environment = location.Production, location.Production
		score, err := tenantfunction.New(ctx, "acme-score", &tenantfunction.Args{
			Location: where, Tags: whose, Name: "acme-score", Runtime: "python3.13", Handler: "index.handler",
			Object:               &function.Object{Bucket: pulumi.String("platform-artifacts"), Key: pulumi.String("signed/acme-score")},
			CodeSigningConfigARN: pulumi.String(where.ARN("lambda", "code-signing-config:csc-0123456789abcdef0")),
			MemoryMB:             256, TimeoutSec: 30, Concurrency: 5, LogRetentionDays: 365,
			VPCID: pulumi.String("vpc-1"), SubnetIDs: pulumi.ToStringArray([]string{"subnet-1", "subnet-2"}),
			InvokerRoleARN: where.RoleARN("platform-invoker"),
		})
		if err != nil {
			return err
		}
		ctx.Export("liveArn", score.LiveARN)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.OfType("aws:iam/rolePolicy:RolePolicy") {
		fmt.Println(p.Inputs["name"])
	}
	for _, f := range r.OfType("aws:lambda/function:Function") {
		fmt.Println(f.Inputs["name"], f.Inputs["s3Key"], f.Inputs["codeSigningConfigArn"])
	}
	// Output:
	// deny-all
	// acme-score signed/acme-score arn:aws:lambda:eu-west-1:111111111111:code-signing-config:csc-0123456789abcdef0
}
