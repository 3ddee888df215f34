package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/observability"
)

func operations() []Blueprint {
	return []Blueprint{
		{Package: "observability", Type: "Signals", Minimal: signals(false), Full: signals(true)},
	}
}

func signals(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &observability.Args{Location: at.Location, Tags: at.Tags(), TenantID: "acme", Name: "sample-acme", LogRetentionDays: 30}
		if full {
			key, err := newKey(ctx, at, "sample-signals", "sample-acme/*")
			if err != nil {
				return err
			}
			args.LogKeyARN = key.ARN
		}
		_, err := observability.New(ctx, "signals", args)
		return err
	}
}
