package localcloud

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/tenantform/tenantform/tenants"
)

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
			rules: map[string]rule{"tags": tags}, settle: soleGateway, keeps: gatewayIsUsed,
			refs: []ref{{prop: "vpcId", to: []string{"ec2.Vpc"}, by: asID, missing: "InvalidVpcID.NotFound: The vpc ID '{value}' does not exist"}},
		},
		{
			token: "aws:ec2/natGateway:NatGateway", label: "EC2 NAT Gateway", args: ec2.NatGatewayArgs{}, resource: &ec2.NatGateway{},
			id: "nat-{hex:17}", outputs: map[string]string{"associationId": "eipassoc-{hex:17}", "networkInterfaceId": "eni-{hex:17}", "publicIp": "203.0.113.{digits:2}"},
			defaults: map[string]any{"connectivityType": "public"},
			rules:    map[string]rule{"connectivityType": oneOf("public", "private"), "tags": tags},
			replace:  []string{"allocationId", "connectivityType", "privateIp", "subnetId"}, settle: natReachesInternet,
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
			outputs: map[string]string{"ownerId": "{account}", "prefixListId": "pl-{hex:8}", "state": "available"}, settle: settleEndpoint,
			follows:  map[string][]string{"networkInterfaceIds": {"subnetIds"}},
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

// soleGateway refuses a second internet gateway of a network.
func soleGateway(c *creation) error {
	network := textOf(c.inputs["vpcId"])
	gateways, err := c.siblings("ec2.InternetGateway")
	if err == nil && network != "" && slices.ContainsFunc(gateways, func(g *record) bool { return g.ID != c.id && g.Inputs["vpcId"] == network }) {
		return refusal("Resource.AlreadyAssociated: resource %s is already attached to network %s", c.id, network)
	}
	return err
}

// networkOf gives the network that a subnet is in; empty when the subnet is gone.
func (c *Cloud) networkOf(at place, subnet string) (string, error) {
	rec, err := c.store.get(at, "ec2.Subnet", subnet)
	if err != nil || rec == nil {
		return "", err
	}
	return textOf(rec.Inputs["vpcId"]), nil
}

// natReachesInternet refuses a public NAT gateway where there is no way out.
// Source: VPC User Guide, "NAT gateways".
func natReachesInternet(c *creation) error {
	if c.inputs["connectivityType"] == "private" {
		return nil
	}
	if textOf(c.inputs["allocationId"]) == "" {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "MissingParameter: The request must include the AllocationId parameter. Add the required parameter and retry the request."}
	}
	network, err := c.cloud.networkOf(c.at, textOf(c.inputs["subnetId"]))
	if err != nil || network == "" {
		return err
	}
	gateways, err := c.siblings("ec2.InternetGateway")
	if err == nil && !slices.ContainsFunc(gateways, func(g *record) bool { return g.Inputs["vpcId"] == network }) {
		return refusal("Gateway.NotAttached: Network %s has no Internet gateway attached", network)
	}
	return err
}

// gatewayIsUsed refuses to delete a gateway by which public addresses are reached.
func gatewayIsUsed(c *Cloud, rec *record) error {
	at := place{rec.Account, rec.Region}
	nats, err := c.store.list(at.account, at.region, "ec2.NatGateway")
	if err != nil {
		return err
	}
	for _, n := range nats {
		network, err := c.networkOf(at, textOf(n.Inputs["subnetId"]))
		if err != nil {
			return err
		}
		if network != "" && network == rec.Inputs["vpcId"] && n.Inputs["connectivityType"] != "private" {
			return refusal("DependencyViolation: Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", network)
		}
	}
	return nil
}

// settleEndpoint gives an interface endpoint its interfaces and names, and
// refuses what one of its kind cannot have.
// Source: EC2 API reference, CreateVpcEndpoint; AWS PrivateLink Guide, "Private DNS".
func settleEndpoint(c *creation) error {
	c.computed["networkInterfaceIds"], c.computed["dnsEntries"] = []any{}, []any{}
	subnets := valuesAt(c.inputs, "subnetIds[*]")
	if c.inputs["vpcEndpointType"] != "Interface" {
		if len(subnets) > 0 || c.inputs["privateDnsEnabled"] == true {
			return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameter: Subnets and private DNS are only for endpoints of type Interface"}
		}
		return c.soleEndpoint(nil)
	}
	if len(valuesAt(c.inputs, "routeTableIds[*]")) > 0 {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameter: Route table IDs are only supported for Gateway type VPC Endpoint."}
	}
	var interfaces []any
	zones := map[string]bool{}
	for _, id := range subnets {
		subnet, err := c.cloud.store.get(c.at, "ec2.Subnet", textOf(id))
		if err != nil {
			return err
		}
		if subnet != nil {
			zone := textOf(subnet.Inputs["availabilityZone"])
			if zones[zone] && zone != "" {
				return refusal("DuplicateSubnetsInSameZone: Found another VPC endpoint subnet in the availability zone of %s.", subnet.ID)
			}
			zones[zone] = true
		}
		interfaces = append(interfaces, "eni-"+strings.TrimPrefix(digest(c.id+textOf(id)), "sha256:")[:17])
	}
	service := textOf(c.inputs["serviceName"])
	short := service[strings.LastIndex(service, ".")+1:]
	names := []any{map[string]any{"dnsName": c.id + "." + short + "." + c.region + ".vpce.amazonaws.com", "hostedZoneId": "Z38GZ743OKFT7T"}}
	if c.inputs["privateDnsEnabled"] == true {
		if err := c.soleEndpoint(func(other *record) bool { return other.Inputs["privateDnsEnabled"] == true }); err != nil {
			return err
		}
		network, err := c.cloud.store.get(c.at, "ec2.Vpc", textOf(c.inputs["vpcId"]))
		if err != nil {
			return err
		}
		if network != nil && (network.Inputs["enableDnsHostnames"] != true || network.Inputs["enableDnsSupport"] == false) {
			return refusal("InvalidParameter: Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for %s", network.ID)
		}
		names = append(names, map[string]any{"dnsName": short + "." + c.region + ".amazonaws.com", "hostedZoneId": "Z00000000LOCALCLOUD"})
	}
	c.computed["networkInterfaceIds"], c.computed["dnsEntries"] = interfaces, names
	return nil
}

// soleEndpoint refuses a second endpoint of a service in a network: for names
// of the service's own, or, without a condition, for a route table's.
func (c *creation) soleEndpoint(conflicts func(*record) bool) error {
	others, err := c.siblings("ec2.VpcEndpoint")
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.ID == c.id || o.Inputs["vpcId"] != c.inputs["vpcId"] || o.Inputs["serviceName"] != c.inputs["serviceName"] {
			continue
		}
		if conflicts != nil && conflicts(o) {
			return refusal("InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS domain for %s in the VPC %s",
				textOf(c.inputs["serviceName"]), textOf(c.inputs["vpcId"]))
		}
		for _, table := range valuesAt(o.Inputs, "routeTableIds[*]") {
			if conflicts == nil && slices.Contains(valuesAt(c.inputs, "routeTableIds[*]"), table) {
				return refusal("RouteAlreadyExists: route table %s already has a route with destination-prefix-list-id %s", textOf(table), textOf(o.Computed["prefixListId"]))
			}
		}
	}
	return nil
}
