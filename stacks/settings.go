package stacks

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

// The roles that the programs speak of. The first two exist before any program
// runs: whoever prepares the accounts makes them.
const (
	// DeployRole is the role that programs assume in the account of tenants' functions.
	DeployRole = "tenantform-deployer"
	// RuntimeRole is the role of the platform's runtime in the core account.
	RuntimeRole = "tenantform-runtime"
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
	// Zones are the availability zones that networks of the core account have their
	// subnets in, 2 or more a region; those of other regions than Region are for
	// settings with that one. FunctionsZones are those of the account of tenants'
	// functions. None of the region: those that most accounts have there.
	Zones, FunctionsZones []string
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
	faults = append(faults, ZoneFaults("zones", s.Zones)...)
	return append(faults, ZoneFaults("functionsZones", s.FunctionsZones)...)
}

var zonePattern = regexp.MustCompile(`^([a-z]{2,4}(?:-[a-z]+){1,2}-[0-9]{1,2})[a-z]$`)

// ZoneFaults gives what is wrong with a list of availability zones, nil when
// nothing is; field is its path.
func ZoneFaults(field string, zones []string) []tenants.FieldError {
	var faults []tenants.FieldError
	in := map[string]int{}
	for i, z := range zones {
		m := zonePattern.FindStringSubmatch(z)
		if m == nil || slices.Contains(zones[:i], z) {
			faults = append(faults, tenants.FieldError{Field: field, Value: z, Allowed: `availability zones, each once, "eu-west-1a" for example`})
			continue
		}
		in[m[1]]++
	}
	if len(faults) > 0 {
		return faults
	}
	for _, region := range slices.Sorted(maps.Keys(in)) {
		if in[region] < 2 {
			faults = append(faults, tenants.FieldError{Field: field, Value: "one zone of " + region, Allowed: "two zones of a region, or none"})
		}
	}
	return faults
}

// zonesIn gives those of the zones that are of the region; nil when none is.
func zonesIn(region string, zones []string) []string {
	var in []string
	for _, z := range zones {
		if m := zonePattern.FindStringSubmatch(z); m != nil && m[1] == region {
			in = append(in, z)
		}
	}
	return in
}

// core is the location of the core account, functions that of tenants' code.
func (s Settings) core() location.Location {
	return location.Location{Environment: s.Environment, Region: s.Region, AccountID: s.AccountID}
}

func (s Settings) functions() location.Location {
	return location.Location{Environment: s.Environment, Region: s.Region, AccountID: s.FunctionsAccountID}
}

// ExternalID is what the platform's runtime says when it assumes the invoker role. It
// keeps others from having the runtime do so for them, and is no secret.
func (s Settings) ExternalID() string { return "tenantform-" + s.Environment }

// The names of what the platform's stack makes for others to use. They follow
// from the settings, so that other stacks need not read them.
const (
	alertsTopic    = "platform-alerts"
	lifecycleTopic = "platform-lifecycle"
)

// InvokerRole is the name of the role in the account of tenants' functions that
// the runtime assumes to invoke them. The platform's program makes it. A role's
// name is the account's in all regions, and so is that of a dashboard.
func (s Settings) InvokerRole() string { return s.platformName("invoker") }

// platformName gives the name of something of the platform that is the account's
// in all regions.
func (s Settings) platformName(of string) string { return "platform-" + s.Region + "-" + of }

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
