package database_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/database"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/network"
)

// A database in a network without a way to the internet, with a bastion.
func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		where, whose := componenttest.Location(), componenttest.Tags()
		key, err := encryption.New(ctx, "orders-key", &encryption.Args{
			Location: where, Tags: whose, Alias: "acme-orders", Description: "Orders of acme", LogGroups: []string{"/aws/rds/cluster/acme-orders/*"},
		})
		if err != nil {
			return err
		}
		net, err := network.New(ctx, "orders-network", &network.Args{
			Location: where, Tags: whose, Name: "acme-orders", CIDRBlock: "10.64.0.0/20", InterfaceEndpoints: network.SessionManager(),
		})
		if err != nil {
			return err
		}
		orders, err := database.New(ctx, "orders", &database.Args{
			Location: where, Tags: whose, Name: "acme-orders", KeyARN: key.ARN, LogKeyARN: key.ARN,
			Network: database.Network{VPCID: net.VPCID, SubnetIDs: net.PrivateSubnetIDs, EndpointSecurityGroupID: net.EndpointSecurityGroupID},
			Bastion: &database.Bastion{},
		})
		if err != nil {
			return err
		}
		ctx.Export("tunnel", orders.TunnelCommand)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, c := range r.OfType("aws:rds/cluster:Cluster") {
		fmt.Println(c.Inputs["engine"], c.Inputs["engineVersion"], c.Inputs["serverlessv2ScalingConfiguration"])
	}
	fmt.Println(len(r.OfType("aws:rds/clusterInstance:ClusterInstance")), "instance")
	// Output:
	// aurora-postgresql 17.7 map[maxCapacity:4 minCapacity:0.5]
	// 1 instance
}
