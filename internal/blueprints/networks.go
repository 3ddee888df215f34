package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/network"
)

func networks() []Blueprint {
	return []Blueprint{
		{Package: "network", Type: "Network", Minimal: newNet(false), Full: newNet(true)},
	}
}

func newNet(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &network.Args{Location: at.Location, Tags: at.Tags(), Name: "sample", CIDRBlock: "10.96.0.0/20"}
		if full {
			key, err := newKey(ctx, at, "sample-network", "sample/*")
			if err != nil {
				return err
			}
			args.Zones, args.LogKeyARN, args.LogRetentionDays = 3, key.ARN, other(at, 0, 400)
			args.Endpoints = []string{network.DynamoDB, network.S3}
			args.InterfaceEndpoints = []string{network.KMS, network.Logs, network.SQS, network.STS}
			args.Accounts, args.PublicEgress = []string{FunctionsAccount}, &network.PublicEgress{}
		}
		_, err := network.New(ctx, "network", args)
		return err
	}
}
