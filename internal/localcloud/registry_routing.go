package localcloud

import "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

// ec2RoutingKinds are how networks reach each other.
func ec2RoutingKinds() []*kind {
	return []*kind{
		{
			token: "aws:ec2/routeTable:RouteTable", label: "EC2 Route Table", args: ec2.RouteTableArgs{}, resource: &ec2.RouteTable{},
			id: "rtb-{hex:17}", arn: "arn:{partition}:ec2:{region}:{account}:route-table/{id}", outputs: map[string]string{"ownerId": "{account}"},
			rules: map[string]rule{"routes[*].cidrBlock": cidr(0, 32), "tags": tags}, replace: []string{"vpcId"}, sets: []string{"routes"},
			refs: []ref{refVpc()},
			inUse: []use{{by: "ec2.RouteTableAssociation", prop: "routeTableId",
				says: "DependencyViolation: The routeTable '{id}' has dependencies and cannot be deleted."}},
		},
		{
			token: "aws:ec2/defaultRouteTable:DefaultRouteTable", label: "EC2 Default Route Table",
			args: ec2.DefaultRouteTableArgs{}, resource: &ec2.DefaultRouteTable{},
			id: "{in.defaultRouteTableId}", arn: "arn:{partition}:ec2:{region}:{account}:route-table/{id}", outputs: map[string]string{"ownerId": "{account}"},
			rules: map[string]rule{"routes[*].cidrBlock": cidr(0, 32), "tags": tags}, replace: []string{"defaultRouteTableId"}, sets: []string{"routes"},
			refs: []ref{{prop: "defaultRouteTableId", by: asID, of: "ec2.Vpc", output: "defaultRouteTableId", part: true,
				missing: "InvalidRouteTableID.NotFound: The routeTable ID '{value}' does not exist"}},
		},
		{
			token: "aws:ec2/routeTableAssociation:RouteTableAssociation", label: "EC2 Route Table Association",
			args: ec2.RouteTableAssociationArgs{}, resource: &ec2.RouteTableAssociation{},
			id: "rtbassoc-{hex:17}", unique: "{account}/{region}/{in.subnetId}{in.gatewayId}",
			taken:   "Resource.AlreadyAssociated: the specified association for route table {in.routeTableId} conflicts with an existing association",
			replace: []string{"subnetId", "gatewayId"}, refs: []ref{partOf(refSubnets("subnetId")), refRouteTable("routeTableId")},
		},
		{
			token: "aws:ec2/route:Route", label: "Route", args: ec2.RouteArgs{}, resource: &ec2.Route{},
			id: "r-{in.routeTableId}{digits:10}", unique: "{account}/{region}/{in.routeTableId}/{in.destinationCidrBlock}{in.destinationIpv6CidrBlock}{in.destinationPrefixListId}",
			taken:   "RouteAlreadyExists: The route identified by {in.destinationCidrBlock}{in.destinationIpv6CidrBlock}{in.destinationPrefixListId} already exists.",
			outputs: map[string]string{"origin": "CreateRoute", "state": "active"}, rules: map[string]rule{"destinationCidrBlock": cidr(0, 32)},
			replace: []string{"routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"},
			refs: []ref{
				refRouteTable("routeTableId"),
				{prop: "natGatewayId", to: []string{"ec2.NatGateway"}, by: asID, missing: "InvalidNatGatewayID.NotFound: The natGateway ID '{value}' does not exist"},
				{prop: "gatewayId", to: []string{"ec2.InternetGateway"}, by: asGateway, missing: "InvalidInternetGatewayID.NotFound: The internetGateway ID '{value}' does not exist"},
			},
		},
		{
			token: "aws:ec2/internetGateway:InternetGateway", label: "EC2 Internet Gateway", args: ec2.InternetGatewayArgs{}, resource: &ec2.InternetGateway{},
			id: "igw-{hex:17}", arn: "arn:{partition}:ec2:{region}:{account}:internet-gateway/{id}", outputs: map[string]string{"ownerId": "{account}"},
			rules: map[string]rule{"tags": tags}, refs: []ref{{prop: "vpcId", to: []string{"ec2.Vpc"}, by: asID,
				missing: "InvalidVpcID.NotFound: The vpc ID '{value}' does not exist"}},
		},
		{
			token: "aws:ec2/natGateway:NatGateway", label: "EC2 NAT Gateway", args: ec2.NatGatewayArgs{}, resource: &ec2.NatGateway{},
			id: "nat-{hex:17}", outputs: map[string]string{"associationId": "eipassoc-{hex:17}", "networkInterfaceId": "eni-{hex:17}", "publicIp": "203.0.113.{digits:2}"},
			defaults: map[string]any{"connectivityType": "public"},
			rules:    map[string]rule{"connectivityType": oneOf("public", "private"), "tags": tags},
			replace:  []string{"allocationId", "connectivityType", "privateIp", "subnetId"},
			refs: []ref{refSubnets("subnetId"), {prop: "allocationId", to: []string{"ec2.Eip"}, by: asID,
				missing: "InvalidAllocationID.NotFound: The allocation ID '{value}' does not exist"}},
		},
		{
			token: "aws:ec2/eip:Eip", label: "EC2 EIP", args: ec2.EipArgs{}, resource: &ec2.Eip{},
			id: "eipalloc-{hex:17}", arn: "arn:{partition}:ec2:{region}:{account}:elastic-ip/{id}",
			outputs: map[string]string{"allocationId": "{id}", "publicIp": "203.0.113.{digits:2}"},
			rules:   map[string]rule{"domain": oneOf("vpc", "standard"), "tags": tags}, replace: []string{"domain", "networkBorderGroup", "publicIpv4Pool"},
			inUse: []use{{by: "ec2.NatGateway", prop: "allocationId", says: "AuthFailure: You do not have permission to access the specified resource: {id} is in use."}},
		},
		{
			token: "aws:ec2/vpcEndpoint:VpcEndpoint", label: "EC2 VPC Endpoint", args: ec2.VpcEndpointArgs{}, resource: &ec2.VpcEndpoint{},
			id: "vpce-{hex:17}", arn: "arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{id}",
			outputs:  map[string]string{"ownerId": "{account}", "prefixListId": "pl-{hex:8}", "state": "available"},
			defaults: map[string]any{"vpcEndpointType": "Gateway", "requesterManaged": false, "privateDnsEnabled": false},
			rules: map[string]rule{
				"vpcEndpointType": oneOf("Gateway", "Interface", "GatewayLoadBalancer", "Resource", "ServiceNetwork"), "tags": tags,
				"serviceName": pattern(`^(com|cn\.com|aws)\.[A-Za-z0-9.-]+$`, "the name of a service, com.amazonaws.<region>.<service>"),
			},
			replace: []string{"vpcId", "serviceName", "vpcEndpointType", "serviceRegion"},
			sets:    []string{"routeTableIds", "securityGroupIds", "subnetIds"}, policies: []string{"policy"},
			refs: []ref{refVpc(), refRouteTable("routeTableIds[*]"), refGroups("securityGroupIds[*]"), refSubnets("subnetIds[*]")},
		},
		{
			token: "aws:ec2/networkAcl:NetworkAcl", label: "EC2 Network ACL", args: ec2.NetworkAclArgs{}, resource: &ec2.NetworkAcl{},
			id: "acl-{hex:17}", arn: "arn:{partition}:ec2:{region}:{account}:network-acl/{id}", outputs: map[string]string{"ownerId": "{account}"},
			rules: map[string]rule{"tags": tags}, replace: []string{"vpcId"}, sets: []string{"egress", "ingress", "subnetIds"},
			refs: []ref{refVpc(), refSubnets("subnetIds[*]")},
		},
	}
}

// asGateway takes the id of an internet gateway; virtual private gateways and
// "local" are not looked up.
func asGateway(_ *Cloud, at place, value string) (place, string, bool) {
	return at, value, len(value) > 4 && value[:4] == "igw-"
}
