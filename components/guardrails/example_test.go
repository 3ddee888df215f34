package guardrails_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/guardrails"
)

// The organization's policies, with the provider of the management account.
func ExampleNewOrganization() {
	program := func(ctx *pulumi.Context) error {
		_, err := guardrails.NewOrganization(ctx, "org", &guardrails.OrganizationArgs{
			Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "tenantform",
			Targets: []string{"ou-abcd-12345678"}, FunctionsTargets: []string{"222222222222"},
			Regions: []string{"eu-west-1"}, Deployers: []string{"tenantform-deployer"},
			Administrators: []string{"OrganizationAccountAccessRole"},
		})
		return err
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range r.OfType("aws:organizations/policy:Policy") {
		fmt.Println(p.Inputs["name"], "-", p.Inputs["description"])
	}
	// Unordered output:
	// tenantform-baseline - Accounts stay in the organization, and what watches over them stays on
	// tenantform-regions - Nothing is done outside of the approved regions
	// tenantform-managed - What Tenantform manages is changed by its deployers alone
	// tenantform-functions - Functions are not public
}

// An account's recorder, rules and alert. The statements belong into the
// policies of the bucket and its key, before anything is delivered.
func ExampleNewAccount() {
	args := &guardrails.AccountArgs{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "core",
		Bucket: "platform-audit-111111111111", Deployers: []string{"tenantform-deployer"},
	}
	for _, s := range args.BucketStatements() {
		fmt.Println(s.Sid, s.Actions)
	}
	r, err := componenttest.Run("example", func(ctx *pulumi.Context) error {
		_, err := guardrails.NewAccount(ctx, "core", args)
		return err
	}, nil)
	fmt.Println(len(r.OfType("aws:cfg/rule:Rule")), "rules", err)
	// Output:
	// ConfigFindsTheBucket111111111111 [s3:GetBucketAcl s3:ListBucket]
	// ConfigDelivers111111111111 [s3:PutObject]
	// 34 rules <nil>
}
