package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/network"
)

// newKey makes the key that a sample's component needs beside it. It also
// encrypts the log groups that are named.
func newKey(ctx *pulumi.Context, at Site, name string, logGroups ...string) (*encryption.Key, error) {
	return encryption.New(ctx, name+"-key", &encryption.Args{
		Location: at.Location, Tags: at.Tags(), Alias: name, Description: "Sample " + name, LogGroups: logGroups,
	})
}

// newNetwork makes the network that a sample's component needs beside it.
func newNetwork(ctx *pulumi.Context, at Site, name string) (*network.Network, error) {
	return network.New(ctx, name+"-network", &network.Args{
		Location: at.Location, Tags: at.Tags(), Name: name, CIDRBlock: "10.80.0.0/20",
	})
}
