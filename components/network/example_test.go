package network_test

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/network"
)

// A network for functions that write logs and read their table, with a range
// that no other tenant's network has.
func ExampleNew() {
	held := map[string]string{"birch": "10.64.0.0/20", "cedar": "10.64.16.0/20"}
	program := func(ctx *pulumi.Context) error {
		all, err := network.Allocator{Supernet: "10.64.0.0/10", Bits: 20}.Assign(held, nil, "acme")
		if err != nil {
			return err
		}
		_, err = network.New(ctx, "acme", &network.Args{
			Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme", CIDRBlock: all["acme"],
			Apart:              []string{held["birch"], held["cedar"]},
			Endpoints:          []string{network.DynamoDB, network.S3},
			InterfaceEndpoints: []string{network.KMS, network.Logs},
		})
		return err
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	var subnets []string
	for _, s := range r.OfType("aws:ec2/subnet:Subnet") {
		subnets = append(subnets, fmt.Sprint(s.Inputs["availabilityZone"], " ", s.Inputs["cidrBlock"]))
	}
	slices.Sort(subnets)
	for _, s := range subnets {
		fmt.Println(s)
	}
	// Output:
	// eu-west-1a 10.64.32.0/21
	// eu-west-1b 10.64.40.0/21
}
