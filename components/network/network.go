// Package network makes a private network: a VPC, private subnets in two zones
// or more, a closed default security group, and flow logs; on request, endpoints
// to AWS's services, and a way out to the internet, of which there is none
// otherwise.
package network

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// Args are the arguments of a Network.
type Args struct {
	Location location.Location
	Tags     tags.Required
	// Name begins every physical name; 1 to 40 characters of a-z, 0-9 and "-".
	Name string
	// CIDRBlock is the VPC's IPv4 range, /16 to /24, in one of the private ranges
	// of RFC 1918. Each private subnet takes an equal share of it; see PublicEgress.
	CIDRBlock string
	// Apart are IPv4 ranges with which CIDRBlock may not overlap: those of networks
	// that this one may once be connected with. None by default. An Allocator finds a
	// range that is free.
	Apart []string
	// Zones is in how many availability zones there is a private subnet; 2 to 4, 2
	// when 0, in production too: another number divides the range otherwise.
	Zones int
	// ZoneNames are the availability zones, as many as Zones or more, of which the
	// first are taken: "eu-west-1a" for example. nil: those of Location.Zones, which
	// most accounts have; "aws ec2 describe-availability-zones" tells an account's
	// own. A subnet cannot change its zone: another name replaces it.
	ZoneNames []string
	// Endpoints are the services that are reached without leaving AWS's network,
	// S3 and DynamoDB; none by default. An endpoint's policy lets only principals
	// of the account through, and only to the account's resources.
	Endpoints []string
	// InterfaceEndpoints are further services that are reached without leaving AWS's
	// network, of InterfaceServices, each once; none by default. An endpoint answers
	// to the service's own name, stands in every private subnet, takes HTTPS from the
	// network's range alone, and has a policy like that of Endpoints; that of SSM
	// lets parameters and documents be read that AWS publishes. Refused in China's
	// regions, where endpoint services have other names.
	InterfaceEndpoints []string
	// Accounts are further accounts, 12 digits each, whose principals and resources
	// pass the endpoints' policies: that of the tenants' functions, whose role the
	// platform assumes, for example. None by default.
	Accounts []string
	// PublicEgress gives the private subnets a way out to the internet; nil: there is
	// none. With 2 or 4 zones the private subnets are then narrower, as the public
	// ones take a share of the range, so that it has to be given when the network is
	// made. With 4 zones it needs a range of /23 or wider.
	PublicEgress *PublicEgress
	// LogRetentionDays is how long flow logs are kept; a value that CloudWatch
	// Logs accepts. 0 means 365 in production and 30 elsewhere.
	LogRetentionDays int
	// LogKeyARN is the key that encrypts the flow logs. nil: CloudWatch's own.
	LogKeyARN pulumi.StringPtrInput
}

// Network is a VPC with its parts. Without PublicEgress nothing in it has a
// public address and there is no internet or NAT gateway; with it, the NAT
// gateways alone have one.
type Network struct {
	pulumi.ResourceState

	VPCID            pulumi.StringOutput      `pulumi:"vpcId"`
	PrivateSubnetIDs pulumi.StringArrayOutput `pulumi:"privateSubnetIds"`
	FlowLogGroup     pulumi.StringOutput      `pulumi:"flowLogGroup"`
	// CIDRBlock is the network's range, as it was given.
	CIDRBlock pulumi.StringOutput `pulumi:"cidrBlock"`
	// PublicSubnetIDs are the subnets of the NAT gateways; empty without PublicEgress.
	PublicSubnetIDs pulumi.StringArrayOutput `pulumi:"publicSubnetIds"`
	// EndpointSecurityGroupID is the group of the interface endpoints, to which
	// others let their HTTPS out; "" when there are none.
	EndpointSecurityGroupID pulumi.StringOutput `pulumi:"endpointSecurityGroupId"`
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Network, error) {
	if args == nil {
		args = &Args{}
	}
	plan, err := args.validate(name)
	if err != nil {
		return nil, err
	}
	n := &Network{}
	if err := ctx.RegisterComponentResource("tenantform:network:Network", name, n, opts...); err != nil {
		return nil, err
	}
	vpc, err := ec2.NewVpc(ctx, name+"-vpc", &ec2.VpcArgs{
		CidrBlock:          pulumi.String(args.CIDRBlock),
		EnableDnsSupport:   pulumi.Bool(true),
		EnableDnsHostnames: pulumi.Bool(true),
		Tags:               args.Tags.Named(args.Name),
	}, pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	// Lists without an element, not absent ones: the provider then removes the
	// rules that AWS puts into every VPC's default group.
	if _, err := ec2.NewDefaultSecurityGroup(ctx, name+"-default", &ec2.DefaultSecurityGroupArgs{
		VpcId:   vpc.ID(),
		Ingress: ec2.DefaultSecurityGroupIngressArray{},
		Egress:  ec2.DefaultSecurityGroupEgressArray{},
		Tags:    args.Tags.Named(args.Name + "-default-closed"),
	}, pulumi.Parent(n)); err != nil {
		return nil, err
	}
	if err := n.traffic(ctx, name, args, plan, vpc); err != nil {
		return nil, err
	}
	group, err := n.flowLogs(ctx, name, args, vpc)
	if err != nil {
		return nil, err
	}
	n.VPCID, n.FlowLogGroup, n.CIDRBlock = vpc.ID().ToStringOutput(), group, pulumi.String(args.CIDRBlock).ToStringOutput()
	if err := ctx.RegisterResourceOutputs(n, pulumi.Map{
		"vpcId": n.VPCID, "privateSubnetIds": n.PrivateSubnetIDs, "flowLogGroup": n.FlowLogGroup,
		"cidrBlock": n.CIDRBlock, "publicSubnetIds": n.PublicSubnetIDs, "endpointSecurityGroupId": n.EndpointSecurityGroupID,
	}); err != nil {
		return nil, err
	}
	return n, nil
}

// traffic makes the subnets, the routes, and the ways to AWS's services.
func (n *Network) traffic(ctx *pulumi.Context, name string, args *Args, plan layout, network *ec2.Vpc) error {
	tables, err := n.routeTables(ctx, name, args, plan, network)
	if err != nil {
		return err
	}
	private, err := n.subnets(ctx, name, args, plan, network, tables)
	if err != nil {
		return err
	}
	public, err := n.egress(ctx, name, args, plan, network, tables)
	if err != nil {
		return err
	}
	tableIDs := make(pulumi.StringArray, len(tables))
	for i, table := range tables {
		tableIDs[i] = table.ID()
	}
	if err := n.gateways(ctx, name, args, network, tableIDs); err != nil {
		return err
	}
	group, err := n.interfaces(ctx, name, args, network, private)
	if err != nil {
		return err
	}
	n.PrivateSubnetIDs, n.PublicSubnetIDs, n.EndpointSecurityGroupID = private.ToStringArrayOutput(), public.ToStringArrayOutput(), group
	return nil
}

// subnets makes the private subnets, each with the route table of its zone or
// with the one that they share.
func (n *Network) subnets(ctx *pulumi.Context, name string, args *Args, plan layout, network *ec2.Vpc, tables []*ec2.RouteTable) (pulumi.StringArray, error) {
	ids := make(pulumi.StringArray, len(plan.private))
	for i, zone := range args.zoneNames()[:len(plan.private)] {
		child := fmt.Sprintf("%s-private-%c", name, 'a'+i)
		subnet, err := ec2.NewSubnet(ctx, child, &ec2.SubnetArgs{
			VpcId:               network.ID(),
			AvailabilityZone:    pulumi.String(zone),
			CidrBlock:           pulumi.String(plan.private[i].String()),
			MapPublicIpOnLaunch: pulumi.Bool(false),
			Tags:                args.Tags.Named(fmt.Sprintf("%s-private-%c", args.Name, 'a'+i)),
		}, pulumi.Parent(n))
		if err != nil {
			return nil, err
		}
		if _, err := ec2.NewRouteTableAssociation(ctx, child, &ec2.RouteTableAssociationArgs{
			RouteTableId: tables[min(i, len(tables)-1)].ID(),
			SubnetId:     subnet.ID(),
		}, pulumi.Parent(n)); err != nil {
			return nil, err
		}
		ids[i] = subnet.ID()
	}
	return ids, nil
}
