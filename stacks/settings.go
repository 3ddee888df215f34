package stacks

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

// The roles that the programs speak of. The first two exist before any program
// runs: whoever prepares the accounts makes them. The third is the platform
// program's.
const (
	// DeployRole is the role that programs assume in the account of tenants' functions.
	DeployRole = "tenantform-deployer"
	// RuntimeRole is the role of the platform's runtime in the core account.
	RuntimeRole = "tenantform-runtime"
	// InvokerRole is the role in the account of tenants' functions that the
	// runtime assumes to invoke them.
	InvokerRole = "platform-invoker"
)

// sharedCostCenter is the cost center of what the tenants share.
const sharedCostCenter = "platform"

var accountPattern = regexp.MustCompile(`^[0-9]{12}$`)

// Environments gives the environments that there are.
func Environments() []string {
	return []string{location.Dev, location.Staging, location.Production}
}

// Settings are what every program needs to know about where it deploys.
type Settings struct {
	Environment        string // "dev", "staging" or "production"
	Region             string
	AccountID          string // 12 digits; the core account
	FunctionsAccountID string // 12 digits; where tenants' own code runs, reached by assuming DeployRole there
}

// Faults gives what is wrong with the settings; nil when nothing is.
func (s Settings) Faults() []tenants.FieldError {
	var faults []tenants.FieldError
	if !slices.Contains(Environments(), s.Environment) {
		faults = append(faults, tenants.FieldError{Field: "environment", Value: s.Environment, Allowed: "one of dev, staging, production"})
	}
	faults = append(faults, tenants.ValidateRegion("region", s.Region)...)
	for _, a := range []struct{ field, value string }{{"accountId", s.AccountID}, {"functionsAccountId", s.FunctionsAccountID}} {
		if !accountPattern.MatchString(a.value) {
			faults = append(faults, tenants.FieldError{Field: a.field, Value: a.value, Allowed: "an account id of 12 digits"})
		}
	}
	if s.AccountID == s.FunctionsAccountID && accountPattern.MatchString(s.AccountID) {
		faults = append(faults, tenants.FieldError{Field: "functionsAccountId", Value: s.FunctionsAccountID,
			Allowed: "an account other than accountId: tenants' own code is kept apart from the core"})
	}
	return faults
}

// core is the location of the core account, functions that of tenants' code.
func (s Settings) core() location.Location {
	return location.Location{Environment: s.Environment, Region: s.Region, AccountID: s.AccountID}
}

func (s Settings) functions() location.Location {
	return location.Location{Environment: s.Environment, Region: s.Region, AccountID: s.FunctionsAccountID}
}

// ExternalID is what the platform's runtime says when it assumes InvokerRole. It
// keeps others from having the runtime do so for them, and is no secret.
func (s Settings) ExternalID() string { return "tenantform-" + s.Environment }

// The names of what the platform's stack makes for others to use. They follow
// from the settings, so that other stacks need not read them.
const (
	alertsTopic    = "platform-alerts"
	lifecycleTopic = "platform-lifecycle"
)

// alertsTopicARN is the ARN of the topic that is told of alarms and budgets.
func (s Settings) alertsTopicARN() string { return s.core().ARN("sns", alertsTopic) }

// logBucket is the name of the bucket for access logs of the core account.
func (s Settings) logBucket() string { return s.platformBucket("logs") }

// platformBucket gives the name of a bucket of the platform, "artifacts" for
// example; at most 63 characters with the longest region.
func (s Settings) platformBucket(of string) string {
	return fmt.Sprintf("platform-%s-%s-%s", of, s.AccountID, s.Region)
}

// sharedTags are the tags of what the tenants share.
func (s Settings) sharedTags(service string) tags.Required {
	return tags.Required{
		TenantID: tags.Shared, Tier: tags.Shared, Model: tenants.ModelPool,
		Service: service, Environment: s.Environment, CostCenter: sharedCostCenter,
	}
}

// coreProvider makes the provider of the core account; it refuses any other.
func (s Settings) coreProvider(ctx *pulumi.Context) (pulumi.ResourceOption, error) {
	provider, err := aws.NewProvider(ctx, "core", &aws.ProviderArgs{
		Region:            pulumi.String(s.Region),
		AllowedAccountIds: pulumi.ToStringArray([]string{s.AccountID}),
	})
	if err != nil {
		return nil, err
	}
	return pulumi.Providers(provider), nil
}

// functionsProvider makes the provider of the account of tenants' functions,
// which it reaches by assuming DeployRole there; it refuses any other account.
func (s Settings) functionsProvider(ctx *pulumi.Context) (pulumi.ResourceOption, error) {
	provider, err := aws.NewProvider(ctx, "functions", &aws.ProviderArgs{
		Region:            pulumi.String(s.Region),
		AllowedAccountIds: pulumi.ToStringArray([]string{s.FunctionsAccountID}),
		AssumeRole: aws.ProviderAssumeRoleArgs{
			RoleArn:     pulumi.String(s.functions().RoleARN(DeployRole)),
			SessionName: pulumi.String("tenantform-" + ctx.Stack()),
		},
	})
	if err != nil {
		return nil, err
	}
	return pulumi.Providers(provider), nil
}

// reference reads the outputs of another stack of the project.
func reference(ctx *pulumi.Context, stack string) (*pulumi.StackReference, error) {
	return pulumi.NewStackReference(ctx, stack, &pulumi.StackReferenceArgs{
		Name: pulumi.String(fmt.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), stack)),
	})
}

// text gives an output of another stack; an error, when it is needed, if the
// stack has none of that name.
func text(ref *pulumi.StackReference, stack, output string) pulumi.StringOutput {
	return ref.GetOutput(pulumi.String(output)).ApplyT(func(v any) (string, error) {
		if s, ok := v.(string); ok && s != "" {
			return s, nil
		}
		return "", missing(stack, output)
	}).(pulumi.StringOutput)
}

// texts gives an output of another stack that is a list of text.
func texts(ref *pulumi.StackReference, stack, output string) pulumi.StringArrayOutput {
	return ref.GetOutput(pulumi.String(output)).ApplyT(func(v any) ([]string, error) {
		list, ok := v.([]any)
		if !ok || len(list) == 0 {
			return nil, missing(stack, output)
		}
		out := make([]string, len(list))
		for i, e := range list {
			if out[i], ok = e.(string); !ok {
				return nil, missing(stack, output)
			}
		}
		return out, nil
	}).(pulumi.StringArrayOutput)
}

func missing(stack, output string) error {
	return tenants.Errorf(tenants.CodeFailedPrecondition,
		"stack %s has no output %s; bring it up first, with this version of the program", stack, output)
}
