// Database is a program for "pulumi up": a serverless Aurora cluster in a network
// without a way out, and a bastion that is reached through Session Manager alone.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/database"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/network"
	"github.com/tenantform/tenantform/components/tags"
)

func main() { pulumi.Run(program) }

func program(ctx *pulumi.Context) error {
	where := location.Location{Environment: location.Dev, Region: "eu-west-1", AccountID: "111111111111"}
	whose := tags.Required{TenantID: "acme", Tier: "premium", Model: "silo", Service: "orders", Environment: "dev", CostCenter: "cc-1"}
	key, err := encryption.New(ctx, "orders-key", &encryption.Args{
		Location: where, Tags: whose, Alias: "acme-orders", Description: "Orders of acme", LogGroups: []string{"/aws/rds/cluster/acme-orders/*", "acme-orders/*"},
	})
	if err != nil {
		return err
	}
	net, err := network.New(ctx, "orders-network", &network.Args{
		Location: where, Tags: whose, Name: "acme-orders", CIDRBlock: "10.64.0.0/20", LogKeyARN: key.ARN, InterfaceEndpoints: network.SessionManager(),
	})
	if err != nil {
		return err
	}
	orders, err := database.New(ctx, "orders", &database.Args{
		Location: where, Tags: whose, Name: "acme-orders", KeyARN: key.ARN, LogKeyARN: key.ARN, Bastion: &database.Bastion{},
		Network: database.Network{VPCID: net.VPCID, SubnetIDs: net.PrivateSubnetIDs, EndpointSecurityGroupID: net.EndpointSecurityGroupID},
	})
	if err != nil {
		return err
	}
	ctx.Export("endpoint", orders.Endpoint)
	ctx.Export("tunnelCommand", orders.TunnelCommand)
	return nil
}
