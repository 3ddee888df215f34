package network

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
)

const everywhere = "0.0.0.0/0"

// PublicEgress lets the private subnets open connections to the internet
// through NAT gateways, which have a public subnet each that holds nothing else.
// Nothing can open a connection into the network. The zero value is valid: one
// gateway, in production one a zone, so that the loss of a zone cuts off no other.
type PublicEgress struct {
	// GatewayPerZone makes a gateway a zone also outside of production.
	GatewayPerZone bool
}

// natGateways is how many NAT gateways there are.
func (a *Args) natGateways(zones int) int {
	switch {
	case a.PublicEgress == nil:
		return 0
	case a.PublicEgress.GatewayPerZone || a.Location.Production():
		return zones
	}
	return 1
}

// routeTables makes the route tables of the private subnets: one that all
// share, or one a zone where each zone has a NAT gateway. None has a route but
// the VPC's own, until egress adds it.
func (n *Network) routeTables(ctx *pulumi.Context, name string, args *Args, plan layout, network *ec2.Vpc) ([]*ec2.RouteTable, error) {
	suffixes := []string{"-private"}
	if len(plan.public) > 1 {
		suffixes = nil
		for i := range plan.public {
			suffixes = append(suffixes, fmt.Sprintf("-private-%c", 'a'+i))
		}
	}
	tables := make([]*ec2.RouteTable, len(suffixes))
	for i, suffix := range suffixes {
		table, err := ec2.NewRouteTable(ctx, name+suffix, &ec2.RouteTableArgs{
			VpcId: network.ID(),
			Tags:  args.Tags.Named(args.Name + suffix),
		}, pulumi.Parent(n))
		if err != nil {
			return nil, err
		}
		tables[i] = table
	}
	return tables, nil
}

// egress makes the way out, and gives the ids of the public subnets; none when
// none is asked for.
func (n *Network) egress(ctx *pulumi.Context, name string, args *Args, plan layout, network *ec2.Vpc, private []*ec2.RouteTable) (pulumi.StringArray, error) {
	if len(plan.public) == 0 {
		return pulumi.StringArray{}, nil
	}
	internet, err := ec2.NewInternetGateway(ctx, name+"-internet", &ec2.InternetGatewayArgs{
		VpcId: network.ID(),
		Tags:  args.Tags.Named(args.Name + "-internet"),
	}, pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	table, err := ec2.NewRouteTable(ctx, name+"-public", &ec2.RouteTableArgs{
		VpcId: network.ID(),
		Tags:  args.Tags.Named(args.Name + "-public"),
	}, pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	out, err := ec2.NewRoute(ctx, name+"-public", &ec2.RouteArgs{
		RouteTableId:         table.ID(),
		DestinationCidrBlock: pulumi.String(everywhere),
		GatewayId:            internet.ID(),
	}, pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	ids := make(pulumi.StringArray, len(plan.public))
	for i, zone := range args.zoneNames()[:len(plan.public)] {
		suffix := fmt.Sprintf("-public-%c", 'a'+i)
		subnet, err := ec2.NewSubnet(ctx, name+suffix, &ec2.SubnetArgs{
			VpcId:               network.ID(),
			AvailabilityZone:    pulumi.String(zone),
			CidrBlock:           pulumi.String(plan.public[i].String()),
			MapPublicIpOnLaunch: pulumi.Bool(false),
			Tags:                args.Tags.Named(args.Name + suffix),
		}, pulumi.Parent(n))
		if err != nil {
			return nil, err
		}
		if _, err := ec2.NewRouteTableAssociation(ctx, name+suffix, &ec2.RouteTableAssociationArgs{
			RouteTableId: table.ID(),
			SubnetId:     subnet.ID(),
		}, pulumi.Parent(n)); err != nil {
			return nil, err
		}
		if err := n.nat(ctx, name+fmt.Sprintf("-nat-%c", 'a'+i), args, natPlace{subnet, private[i], out, i}); err != nil {
			return nil, err
		}
		ids[i] = subnet.ID()
	}
	return ids, nil
}

// natPlace is where a NAT gateway stands and whom it serves.
type natPlace struct {
	subnet  *ec2.Subnet
	private *ec2.RouteTable
	out     *ec2.Route // by which the subnet reaches the internet
	zone    int
}

// nat makes a NAT gateway with its address, and the route that leads to it.
func (n *Network) nat(ctx *pulumi.Context, name string, args *Args, at natPlace) error {
	label := fmt.Sprintf("%s-nat-%c", args.Name, 'a'+at.zone)
	address, err := ec2.NewEip(ctx, name, &ec2.EipArgs{
		Domain: pulumi.String("vpc"),
		Tags:   args.Tags.Named(label),
	}, pulumi.Parent(n), depend.On(at.out))
	if err != nil {
		return err
	}
	gateway, err := ec2.NewNatGateway(ctx, name, &ec2.NatGatewayArgs{
		AllocationId: address.ID(),
		SubnetId:     at.subnet.ID(),
		Tags:         args.Tags.Named(label),
	}, pulumi.Parent(n), depend.On(at.out))
	if err != nil {
		return err
	}
	_, err = ec2.NewRoute(ctx, name, &ec2.RouteArgs{
		RouteTableId:         at.private.ID(),
		DestinationCidrBlock: pulumi.String(everywhere),
		NatGatewayId:         gateway.ID(),
	}, pulumi.Parent(n))
	return err
}
