package functionhost_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/functionhost"
)

func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		where := componenttest.Location()
		core := where.AccountID
		where.AccountID = "222222222222"
		host, err := functionhost.New(ctx, "functions", &functionhost.Args{
			Location: where, Tags: componenttest.Tags(), Name: "platform-functions", CIDRBlock: "10.128.0.0/16",
			InvokerRole: "platform-invoker", CoreAccountID: core, RuntimeRole: "tenantform-runtime", ExternalID: "tenantform",
			SigningProfileVersionARNs: pulumi.StringArray{
				pulumi.String("arn:aws:signer:eu-west-1:111111111111:/signing-profiles/platform_signing/AbCdEf1234"),
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("codeSigningConfigArn", host.CodeSigningConfigARN)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, c := range r.OfType("aws:lambda/codeSigningConfig:CodeSigningConfig") {
		fmt.Println(c.Inputs["policies"])
	}
	for _, v := range r.OfType("aws:ec2/vpc:Vpc") {
		fmt.Println(v.Inputs["cidrBlock"])
	}
	// Output:
	// map[untrustedArtifactOnDeployment:Enforce]
	// 10.128.0.0/16
}
