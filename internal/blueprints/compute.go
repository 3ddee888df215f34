package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/functionhost"
	"github.com/tenantform/tenantform/components/network"
	"github.com/tenantform/tenantform/components/tenantfunction"
	"github.com/tenantform/tenantform/tenants"
)

func compute() []Blueprint {
	return []Blueprint{
		{Package: "function", Type: "Function", Minimal: newFunction(false), Full: newFunction(true)},
		{Package: "functionhost", Type: "Host", Minimal: host(false), Full: host(true)},
		{Package: "tenantfunction", Type: "TenantFunction", Minimal: tenantFunction(false), Full: tenantFunction(true)},
	}
}

func newFunction(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &function.Args{
			Location: at.Location, Tags: at.SharedTags(), Name: "sample-function", Runtime: "python3.13", Handler: "index.handler", Archive: at.Code,
			MemoryMB: 128, TimeoutSec: other(at, 10, 20), Concurrency: 2,
		}
		if full {
			key, err := newKey(ctx, at, "sample-function", function.LogGroupName("sample-function"))
			if err != nil {
				return err
			}
			net, err := newNetwork(ctx, at, "sample-function", network.SQS)
			if err != nil {
				return err
			}
			args.KeyARN, args.LogKeyARN = key.ARN, key.ARN
			args.Environment = map[string]string{"STAGE": "sample"}
			args.Grants = lookup(at)
			args.Powertools, args.Idempotency = &function.Powertools{}, &function.Idempotency{}
			args.OnFailure = &function.OnFailure{ARN: at.Location.ARN("sqs", "sample-failures")}
			args.Publish, args.Provisioned = true, &function.Provisioned{Min: 1, Max: 2}
			args.VPC = &function.VPC{SubnetIDs: net.PrivateSubnetIDs, SecurityGroupIDs: pulumi.StringArray{net.EndpointSecurityGroupID}}
		}
		_, err := function.New(ctx, "function", args)
		return err
	}
}

// lookup is a grant of the kind that a function's code needs.
func lookup(at Site) []tenants.Grant {
	return []tenants.Grant{{Actions: []string{"dynamodb:GetItem"}, Resources: []string{at.Location.ARN("dynamodb", "table/lookup")}}}
}

func newHost(ctx *pulumi.Context, at Site, full bool) (*functionhost.Host, error) {
	args := &functionhost.Args{
		Location: at.In(FunctionsAccount), Tags: at.SharedTags(), Name: "sample-host", CIDRBlock: "10.112.0.0/20",
		InvokerRole: "platform-eu-west-1-invoker", CoreAccountID: at.Location.AccountID, RuntimeRole: "tenantform-runtime",
	}
	if full {
		args.ExternalID = other(at, "sample", "sample-2")
		args.SigningProfileVersionARNs = pulumi.StringArray{pulumi.String(at.Location.ARN("signer", "/signing-profiles/sample/0123456789"))}
	}
	return functionhost.New(ctx, "host", args)
}

func host(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		_, err := newHost(ctx, at, full)
		return err
	}
}

func object(at Site, key string) *function.Object {
	return &function.Object{Bucket: pulumi.String("sample-artifacts-" + at.Location.AccountID), Key: pulumi.String("signed/" + key)}
}

func tenantFunction(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		made, err := newHost(ctx, at, true)
		if err != nil {
			return err
		}
		args := &tenantfunction.Args{
			Location: at.In(FunctionsAccount), Tags: at.Tags(), Name: "sample-acme-score", Runtime: "python3.13", Handler: "index.handler", Archive: at.Code,
			MemoryMB: 128, TimeoutSec: other(at, 10, 20), Concurrency: 1, LogRetentionDays: 30,
			VPCID: made.VPCID, SubnetIDs: made.SubnetIDs, InvokerRoleARN: at.In(FunctionsAccount).RoleARN("platform-eu-west-1-invoker"),
		}
		if full {
			args.Archive, args.Object = "", object(at, "sample-acme-score.zip")
			args.LayerObjects = []tenantfunction.Layer{{Name: "vendor", Object: *object(at, "vendor.zip")}}
			args.CodeSigningConfigARN, args.LogKeyARN = made.CodeSigningConfigARN, made.LogKeyARN
			args.Grants = lookup(at)
		} else {
			args.Layers, args.Unsigned = []string{at.Layer}, true
		}
		_, err = tenantfunction.New(ctx, "score", args)
		return err
	}
}
