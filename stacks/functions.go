package stacks

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/tenantfunction"
	"github.com/tenantform/tenantform/tenants"
)

// FunctionsSpec says what the stack with a tenant's own code is made of.
type FunctionsSpec struct {
	Settings
	TenantID   string
	CostCenter string // the tenant's id when empty
	Tier       tenants.Tier
	Functions  []tenants.Function // none is fine: the stack is then empty
	// Unsigned takes code in production that the platform's signing profile has not
	// signed. Elsewhere unsigned code is always taken.
	Unsigned bool
}

// signed tells whether Lambda is to ask for the platform's signature.
func (s FunctionsSpec) signed() bool { return s.functions().Production() && !s.Unsigned }

// Validate checks the spec; the error is CodeInvalid and names every field.
// Archives are looked at when the program runs.
func (s FunctionsSpec) Validate() error {
	faults := s.Settings.Faults()
	faults = append(faults, tenants.ValidateID("tenantId", s.TenantID)...)
	faults = append(faults, costCenterFaults(s.CostCenter)...)
	faults = append(faults, s.Tier.Validate("tier")...)
	if n := len(s.Functions); n > s.Tier.FunctionCount {
		faults = append(faults, tenants.FieldError{Field: "functions", Value: fmt.Sprintf("%d functions", n),
			Allowed: fmt.Sprintf("at most %d in tier %s", s.Tier.FunctionCount, s.Tier.Name)})
	}
	var names []string
	for i, f := range s.Functions {
		path := fmt.Sprintf("functions[%d]", i)
		faults = append(faults, f.Validate(path)...)
		if slices.Contains(names, f.Name) {
			faults = append(faults, tenants.FieldError{Field: path + ".name", Value: f.Name, Allowed: "each name once"})
		}
		names = append(names, f.Name)
	}
	return tenants.Invalid(faults...)
}

// FunctionName gives the physical name of a tenant's function, which is also the
// logical name of its component.
func FunctionName(tenantID, function string) string { return tenantID + "-" + function }

// Functions gives the program of the stack with a tenant's own code. It reads
// the platform's stack, which must be up.
func Functions(spec FunctionsSpec) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		if err := spec.Validate(); err != nil {
			return err
		}
		provider, err := spec.functionsProvider(ctx)
		if err != nil {
			return err
		}
		platform, err := reference(ctx, tenants.PlatformStackName)
		if err != nil {
			return err
		}
		functions := pulumi.Map{}
		for _, f := range spec.Functions {
			name := FunctionName(spec.TenantID, f.Name)
			required := tenantTags(spec.Settings, spec.TenantID, spec.CostCenter, spec.Tier, spec.Tier.Model).ForService("functions")
			required.More = f.Tags
			args := &tenantfunction.Args{
				Location: spec.functions(), Tags: required, Name: name,
				Runtime: f.Runtime, Handler: f.Handler, Archive: f.Archive, Layers: f.Layers, Grants: f.Grants,
				MemoryMB: spec.Tier.FunctionMemoryMB, TimeoutSec: spec.Tier.FunctionTimeoutSec,
				Concurrency: spec.Tier.FunctionConcurrent, LogRetentionDays: spec.Tier.LogRetentionDays,
				LogKeyARN:      text(platform, tenants.PlatformStackName, OutputFunctionsLogKey).ToStringPtrOutput(),
				VPCID:          text(platform, tenants.PlatformStackName, OutputVPCID),
				SubnetIDs:      texts(platform, tenants.PlatformStackName, OutputSubnetIDs),
				InvokerRoleARN: spec.functions().RoleARN(spec.InvokerRole()), Unsigned: spec.Unsigned,
			}
			if spec.signed() {
				args.CodeSigningConfigARN = text(platform, tenants.PlatformStackName, OutputCodeSigningConfig).ToStringPtrOutput()
			}
			made, err := tenantfunction.New(ctx, name, args, provider)
			if err != nil {
				return err
			}
			functions[f.Name] = pulumi.Map{"name": made.Name, "arn": made.ARN, "liveArn": made.LiveARN, "version": made.Version, "roleArn": made.RoleARN, "logGroupName": made.LogGroup}
		}
		ctx.Export("tenantId", pulumi.String(spec.TenantID))
		ctx.Export("tier", pulumi.String(spec.Tier.Name))
		ctx.Export("functions", functions)
		return nil
	}
}
