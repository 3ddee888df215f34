package functionhost

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// What Lambda does with code that no allowed profile has signed; see
// CodeSigningPolicies in the Lambda API Reference. Code that was changed after
// it was signed is refused either way.
const (
	enforce = "Enforce"
	warn    = "Warn"
)

// signing makes the code signing configuration of the account. It enforces in
// every environment: Lambda's own default, a warning in a metric, is one that
// nobody reads until it is too late.
func (h *Host) signing(ctx *pulumi.Context, name string, args *Args) (pulumi.StringPtrOutput, error) {
	if len(args.SigningProfileVersionARNs) == 0 {
		return pulumi.String("").ToStringOutput().ApplyT(func(string) *string { return nil }).(pulumi.StringPtrOutput), nil
	}
	policy := enforce
	if args.WarnUnsigned {
		policy = warn
	}
	config, err := lambda.NewCodeSigningConfig(ctx, name+"-signing", &lambda.CodeSigningConfigArgs{
		Description: pulumi.String("Code of tenants, signed by the platform"),
		AllowedPublishers: lambda.CodeSigningConfigAllowedPublishersArgs{
			SigningProfileVersionArns: args.SigningProfileVersionARNs,
		},
		Policies: lambda.CodeSigningConfigPoliciesArgs{UntrustedArtifactOnDeployment: pulumi.String(policy)},
		Tags:     args.Tags.Map(),
	}, pulumi.Parent(h))
	if err != nil {
		return pulumi.StringPtrOutput{}, err
	}
	return config.Arn.ToStringPtrOutput(), nil
}
