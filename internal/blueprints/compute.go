package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/functionhost"
	"github.com/tenantform/tenantform/components/tenantfunction"
	"github.com/tenantform/tenantform/tenants"
)

func compute() []Blueprint {
	return []Blueprint{
		{Package: "function", Type: "Function", Minimal: newFunction(false), Full: newFunction(true)},
		{Package: "functionhost", Type: "Host", Minimal: host, Full: host},
		{Package: "tenantfunction", Type: "TenantFunction", Minimal: tenantFunction(false), Full: tenantFunction(true)},
	}
}

func newFunction(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &function.Args{
			Location: at.Location, Tags: at.SharedTags(), Name: "sample-function", Runtime: "python3.13", Handler: "index.handler", Archive: at.Code,
			MemoryMB: 128, TimeoutSec: 10, Concurrency: 2,
		}
		if full {
			key, err := newKey(ctx, at, "sample-function", function.LogGroupName("sample-function"))
			if err != nil {
				return err
			}
			args.KeyARN, args.LogKeyARN = key.ARN, key.ARN
			args.Environment = map[string]string{"STAGE": "sample"}
			args.Grants = []tenants.Grant{{Actions: []string{"dynamodb:GetItem"}, Resources: []string{at.Location.ARN("dynamodb", "table/lookup")}}}
		}
		_, err := function.New(ctx, "function", args)
		return err
	}
}

func newHost(ctx *pulumi.Context, at Site) (*functionhost.Host, error) {
	return functionhost.New(ctx, "host", &functionhost.Args{
		Location: at.In(FunctionsAccount), Tags: at.SharedTags(), Name: "sample-host", CIDRBlock: "10.112.0.0/20",
		InvokerRole: "sample-invoker", CoreAccountID: at.Location.AccountID, RuntimeRole: "tenantform-runtime",
	})
}

func host(ctx *pulumi.Context, at Site) error {
	_, err := newHost(ctx, at)
	return err
}

func tenantFunction(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		made, err := newHost(ctx, at)
		if err != nil {
			return err
		}
		args := &tenantfunction.Args{
			Location: at.In(FunctionsAccount), Tags: at.Tags(), Name: "sample-acme-score", Runtime: "python3.13", Handler: "index.handler", Archive: at.Code,
			MemoryMB: 128, TimeoutSec: 10, Concurrency: 1, LogRetentionDays: 30,
			VPCID: made.VPCID, SubnetIDs: made.SubnetIDs, InvokerRoleARN: at.In(FunctionsAccount).RoleARN("sample-invoker"),
		}
		if full {
			args.Layers = []string{at.Layer}
		}
		_, err = tenantfunction.New(ctx, "score", args)
		return err
	}
}
