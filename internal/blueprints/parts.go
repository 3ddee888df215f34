package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/network"
	"github.com/tenantform/tenantform/components/tags"
)

// newKey makes the key that a sample's component needs beside it. It also
// encrypts the log groups that are named.
func newKey(ctx *pulumi.Context, at Site, name string, logGroups ...string) (*encryption.Key, error) {
	return encryption.New(ctx, name+"-key", &encryption.Args{
		Location: at.Location, Tags: at.Tags(), Alias: name, Description: "Sample " + name, LogGroups: logGroups,
	})
}

// newLogs makes the bucket for access logs that a sample's component needs.
func newLogs(ctx *pulumi.Context, at Site) (*bucket.Logs, error) {
	return bucket.NewLogs(ctx, "logs", &bucket.LogsArgs{Location: at.Location, Tags: at.SharedTags(), Name: "sample-logs-" + at.Location.AccountID})
}

// newCode makes a function that a sample's component invokes.
func newCode(ctx *pulumi.Context, at Site, whose tags.Required, name string) (*function.Function, error) {
	key, err := newKey(ctx, at, name, function.LogGroupName(name))
	if err != nil {
		return nil, err
	}
	return function.New(ctx, name, &function.Args{
		Location: at.Location, Tags: whose, Name: name, Runtime: "python3.13", Handler: "index.handler", Archive: at.Code,
		MemoryMB: 128, TimeoutSec: 10, Concurrency: 1, LogKeyARN: key.ARN,
	})
}

// newNetwork makes the network that a sample's component needs beside it.
func newNetwork(ctx *pulumi.Context, at Site, name string, endpoints ...string) (*network.Network, error) {
	key, err := newKey(ctx, at, name+"-network", name+"/*")
	if err != nil {
		return nil, err
	}
	return network.New(ctx, name+"-network", &network.Args{
		Location: at.Location, Tags: at.Tags(), Name: name, CIDRBlock: "10.80.0.0/20", Endpoints: []string{network.DynamoDB}, InterfaceEndpoints: endpoints,
		LogKeyARN: key.ARN,
	})
}
