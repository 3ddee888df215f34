// Package network makes a private network: a VPC without a way to the internet,
// private subnets in two zones or more, a closed default security group, flow
// logs, and gateway endpoints on request.
package network

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// The services that have a gateway endpoint.
const (
	S3       = "s3"
	DynamoDB = "dynamodb"
)

// Args are the arguments of a Network.
type Args struct {
	Location location.Location
	Tags     tags.Required
	// Name begins every physical name; 1 to 40 characters of a-z, 0-9 and "-".
	Name string
	// CIDRBlock is the VPC's IPv4 range, /16 to /24, in one of the private ranges
	// of RFC 1918. Each subnet takes an equal share of it.
	CIDRBlock string
	// Zones is in how many availability zones there is a subnet; 2 to 4, 2 when 0.
	Zones int
	// Endpoints are the services that are reached without leaving AWS's network,
	// S3 and DynamoDB; none by default. An endpoint's policy lets only principals
	// of the account through, and only to the account's resources.
	Endpoints []string
	// LogRetentionDays is how long flow logs are kept; a value that CloudWatch
	// Logs accepts. 0 means 365 in production and 30 elsewhere.
	LogRetentionDays int
	// LogKeyARN is the key that encrypts the flow logs. nil: CloudWatch's own.
	LogKeyARN pulumi.StringPtrInput
}

// Network is a VPC with its parts. Nothing in it has a public address and there
// is no internet or NAT gateway.
type Network struct {
	pulumi.ResourceState

	VPCID            pulumi.StringOutput      `pulumi:"vpcId"`
	PrivateSubnetIDs pulumi.StringArrayOutput `pulumi:"privateSubnetIds"`
	FlowLogGroup     pulumi.StringOutput      `pulumi:"flowLogGroup"`
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
	table, subnets, err := n.subnets(ctx, name, args, plan, vpc)
	if err != nil {
		return nil, err
	}
	if err := n.endpoints(ctx, name, args, vpc, table); err != nil {
		return nil, err
	}
	group, err := n.flowLogs(ctx, name, args, vpc)
	if err != nil {
		return nil, err
	}
	n.VPCID, n.PrivateSubnetIDs, n.FlowLogGroup = vpc.ID().ToStringOutput(), subnets.ToStringArrayOutput(), group
	if err := ctx.RegisterResourceOutputs(n, pulumi.Map{
		"vpcId": n.VPCID, "privateSubnetIds": n.PrivateSubnetIDs, "flowLogGroup": n.FlowLogGroup,
	}); err != nil {
		return nil, err
	}
	return n, nil
}

// subnets makes the subnets and the one route table that they share; it has no
// route but the VPC's own.
func (n *Network) subnets(ctx *pulumi.Context, name string, args *Args, plan layout, vpc *ec2.Vpc) (*ec2.RouteTable, pulumi.StringArray, error) {
	table, err := ec2.NewRouteTable(ctx, name+"-private", &ec2.RouteTableArgs{
		VpcId: vpc.ID(),
		Tags:  args.Tags.Named(args.Name + "-private"),
	}, pulumi.Parent(n))
	if err != nil {
		return nil, nil, err
	}
	ids := make(pulumi.StringArray, len(plan.subnets))
	for i, zone := range args.Location.Zones(len(plan.subnets)) {
		child := fmt.Sprintf("%s-private-%c", name, 'a'+i)
		subnet, err := ec2.NewSubnet(ctx, child, &ec2.SubnetArgs{
			VpcId:               vpc.ID(),
			AvailabilityZone:    pulumi.String(zone),
			CidrBlock:           pulumi.String(plan.subnets[i].String()),
			MapPublicIpOnLaunch: pulumi.Bool(false),
			Tags:                args.Tags.Named(fmt.Sprintf("%s-private-%c", args.Name, 'a'+i)),
		}, pulumi.Parent(n))
		if err != nil {
			return nil, nil, err
		}
		if _, err := ec2.NewRouteTableAssociation(ctx, child, &ec2.RouteTableAssociationArgs{
			RouteTableId: table.ID(),
			SubnetId:     subnet.ID(),
		}, pulumi.Parent(n)); err != nil {
			return nil, nil, err
		}
		ids[i] = subnet.ID()
	}
	return table, ids, nil
}
