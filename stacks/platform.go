package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/functionhost"
	"github.com/tenantform/tenantform/tenants"
)

// The outputs of the platform's stack that functions' stacks read.
const (
	outputVPCID     = "functionsVpcId"
	outputSubnetIDs = "functionsSubnetIds"
)

// PlatformSpec says what the platform's stack, once an environment and region,
// is made of.
type PlatformSpec struct{ Settings }

// Validate checks the spec; the error is CodeInvalid and names every field.
func (s PlatformSpec) Validate() error { return tenants.Invalid(s.Settings.Faults()...) }

// Platform gives the program of the platform's stack: in the core account the
// setting that lets API Gateway write logs; in the account of tenants'
// functions their network and the role that invokes them.
func Platform(spec PlatformSpec) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		if err := spec.Validate(); err != nil {
			return err
		}
		core, err := spec.coreProvider(ctx)
		if err != nil {
			return err
		}
		functions, err := spec.functionsProvider(ctx)
		if err != nil {
			return err
		}
		if _, err := apigateway.NewAccountLogging(ctx, "platform-api-logging", &apigateway.AccountArgs{
			Location: spec.core(), Tags: spec.sharedTags("api"), RoleName: "platform-" + spec.Region + "-api-logs",
		}, core); err != nil {
			return err
		}
		host, err := functionhost.New(ctx, "platform-functions", &functionhost.Args{
			Location: spec.functions(), Tags: spec.sharedTags("functions"), Name: "platform-functions",
			CIDRBlock: functionsCIDR, InvokerRole: InvokerRole,
			CoreAccountID: spec.AccountID, RuntimeRole: RuntimeRole,
		}, functions)
		if err != nil {
			return err
		}
		ctx.Export(outputVPCID, host.VPCID)
		ctx.Export(outputSubnetIDs, host.SubnetIDs)
		ctx.Export("invokerRoleArn", host.InvokerRoleARN)
		return nil
	}
}
