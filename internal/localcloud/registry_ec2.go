package localcloud

import (
	"net/netip"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"

	"github.com/tenantform/tenantform/tenants"
)

// refVpc, refSubnets and refGroups are references that many kinds have.
func refVpc() ref {
	return ref{prop: "vpcId", to: []string{"ec2.Vpc"}, by: asID, part: true, missing: "InvalidVpcID.NotFound: The vpc ID '{value}' does not exist"}
}

func refSubnets(prop string) ref {
	return ref{prop: prop, to: []string{"ec2.Subnet"}, by: asID, missing: "InvalidSubnetID.NotFound: The subnet ID '{value}' does not exist"}
}

func refGroups(prop string) ref {
	return ref{prop: prop, to: []string{"ec2.SecurityGroup", "ec2.DefaultSecurityGroup"}, by: asID, of: "ec2.Vpc", output: "defaultSecurityGroupId",
		missing: "InvalidGroup.NotFound: The security group '{value}' does not exist"}
}

func refRouteTable(prop string) ref {
	return ref{prop: prop, to: []string{"ec2.RouteTable", "ec2.DefaultRouteTable"}, by: asID, of: "ec2.Vpc", output: "mainRouteTableId", part: prop == "routeTableId",
		missing: "InvalidRouteTableID.NotFound: The routeTable ID '{value}' does not exist"}
}

// ec2Kinds are networks.
// Source of limits: VPC API reference, CreateVpc, CreateSubnet, CreateFlowLogs.
func ec2Kinds() []*kind {
	return []*kind{
		{
			token: "aws:ec2/vpc:Vpc", label: "EC2 VPC", args: ec2.VpcArgs{}, resource: &ec2.Vpc{},
			id: "vpc-{hex:17}", arn: "arn:{partition}:ec2:{region}:{account}:vpc/{id}",
			outputs: map[string]string{
				"defaultNetworkAclId": "acl-{hex:17}", "defaultRouteTableId": "rtb-{hex:17}", "mainRouteTableId": "rtb-{hex:17}",
				"defaultSecurityGroupId": "sg-{hex:17}", "dhcpOptionsId": "dopt-{hex:17}", "ownerId": "{account}",
			},
			defaults: map[string]any{"enableDnsSupport": true, "enableDnsHostnames": false, "instanceTenancy": "default"},
			settle: func(c *creation) error {
				c.computed["mainRouteTableId"] = c.computed["defaultRouteTableId"]
				return nil
			},
			rules:   map[string]rule{"cidrBlock": cidr(16, 28), "instanceTenancy": oneOf("default", "dedicated"), "tags": tags},
			replace: []string{"cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"},
			inUse: []use{
				{by: "ec2.Subnet", prop: "vpcId", says: vpcInUse}, {by: "ec2.SecurityGroup", prop: "vpcId", says: vpcInUse},
				{by: "ec2.VpcEndpoint", prop: "vpcId", says: vpcInUse}, {by: "ec2.InternetGateway", prop: "vpcId", says: vpcInUse},
				{by: "ec2.RouteTable", prop: "vpcId", says: vpcInUse}, {by: "ec2.NetworkAcl", prop: "vpcId", says: vpcInUse},
			},
		},
		{
			token: "aws:ec2/subnet:Subnet", label: "EC2 Subnet", args: ec2.SubnetArgs{}, resource: &ec2.Subnet{},
			id: "subnet-{hex:17}", arn: "arn:{partition}:ec2:{region}:{account}:subnet/{id}",
			outputs:  map[string]string{"ownerId": "{account}", "availabilityZone": "{region}a", "availabilityZoneId": "{region}-az1"},
			defaults: map[string]any{"mapPublicIpOnLaunch": false, "assignIpv6AddressOnCreation": false},
			settle:   subnetFits,
			rules:    map[string]rule{"cidrBlock": cidr(16, 28), "tags": tags},
			replace:  []string{"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "outpostArn", "ipv6Native"},
			refs:     []ref{refVpc()},
			inUse: []use{
				{by: "lambda.Function", prop: "vpcConfig.subnetIds[*]", says: subnetInUse}, {by: "ec2.NatGateway", prop: "subnetId", says: subnetInUse},
				{by: "ec2.VpcEndpoint", prop: "subnetIds[*]", says: subnetInUse}, {by: "ec2.Instance", prop: "subnetId", says: subnetInUse},
			},
		},
		flowLogKind(),
	}
}

// securityGroupKinds are what guards a network.
// Source of limits: VPC API reference, CreateSecurityGroup, AuthorizeSecurityGroupEgress.
func securityGroupKinds() []*kind {
	return []*kind{
		{
			token: "aws:ec2/securityGroup:SecurityGroup", label: "EC2 Security Group", args: ec2.SecurityGroupArgs{}, resource: &ec2.SecurityGroup{},
			id: "sg-{hex:17}", unique: "{account}/{region}/{in.vpcId}/{name}", arn: "arn:{partition}:ec2:{region}:{account}:security-group/{id}",
			taken: "InvalidGroup.Duplicate: The security group '{name}' already exists for VPC '{in.vpcId}'",
			name:  "name", autoname: &autoname{max: 255},
			outputs:  map[string]string{"ownerId": "{account}"},
			defaults: map[string]any{"description": "Managed by Pulumi", "revokeRulesOnDelete": false},
			rules: map[string]rule{
				"name":                    all(length(1, 255), pattern(`^([^s]|s[^g]|sg[^-]|.{0,2}$)`, "a name that does not begin with sg-")),
				"description":             all(length(0, 255), pattern(`^[0-9A-Za-z_ .:/()#,@\[\]+=&;{}!$*-]*$`, "letters, digits, spaces or ._-:/()#,@[]+=&;{}!$*")),
				"egress[*].cidrBlocks[*]": cidr(0, 32), "ingress[*].cidrBlocks[*]": cidr(0, 32),
				"egress[*].fromPort": between(-1, 65535), "ingress[*].fromPort": between(-1, 65535),
				"egress[*].toPort": between(-1, 65535), "ingress[*].toPort": between(-1, 65535), "tags": tags,
			},
			replace: []string{"name", "namePrefix", "description", "vpcId"},
			sets:    []string{"egress", "ingress"},
			refs:    []ref{refVpc(), refGroups("ingress[*].securityGroups[*]"), refGroups("egress[*].securityGroups[*]")},
			inUse: []use{
				{by: "lambda.Function", prop: "vpcConfig.securityGroupIds[*]", says: groupInUse},
				{by: "ec2.VpcEndpoint", prop: "securityGroupIds[*]", says: groupInUse}, {by: "ec2.Instance", prop: "vpcSecurityGroupIds[*]", says: groupInUse},
				{by: "rds.Cluster", prop: "vpcSecurityGroupIds[*]", says: groupInUse},
				{by: "vpc.SecurityGroupEgressRule", prop: "referencedSecurityGroupId", says: groupInUse},
				{by: "vpc.SecurityGroupIngressRule", prop: "referencedSecurityGroupId", says: groupInUse},
			},
		},
		{
			token: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", label: "EC2 Default Security Group",
			args: ec2.DefaultSecurityGroupArgs{}, resource: &ec2.DefaultSecurityGroup{},
			id: "{number}", number: vpcOutput("defaultSecurityGroupId", "vpcId", "InvalidGroup.NotFound: there is no default security group in VPC"),
			arn:     "arn:{partition}:ec2:{region}:{account}:security-group/{id}",
			outputs: map[string]string{"ownerId": "{account}", "name": "default", "description": "default VPC security group"},
			rules: map[string]rule{
				"egress[*].cidrBlocks[*]": cidr(0, 32), "ingress[*].cidrBlocks[*]": cidr(0, 32), "tags": tags,
			},
			replace: []string{"vpcId"}, sets: []string{"egress", "ingress"}, refs: []ref{refVpc()},
			adopts: true,
		},
		{
			token: "aws:ec2/securityGroupRule:SecurityGroupRule", label: "EC2 Security Group Rule", args: ec2.SecurityGroupRuleArgs{}, resource: &ec2.SecurityGroupRule{},
			id: "sgrule-{digits:10}", outputs: map[string]string{"securityGroupRuleId": "sgr-{hex:17}"},
			rules: map[string]rule{
				"type": oneOf("ingress", "egress"), "fromPort": between(-1, 65535), "toPort": between(-1, 65535), "cidrBlocks[*]": cidr(0, 32),
			},
			fixed: true, keep: []string{"description"}, refs: []ref{partOf(refGroups("securityGroupId")), refGroups("sourceSecurityGroupId")},
		},
		{
			token: "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", label: "VPC Security Group Egress Rule",
			args: vpc.SecurityGroupEgressRuleArgs{}, resource: &vpc.SecurityGroupEgressRule{},
			id: "sgr-{hex:17}", arn: "arn:{partition}:ec2:{region}:{account}:security-group-rule/{id}",
			unique:  "{account}/{region}/{in.securityGroupId}/egress/{in.ipProtocol}/{in.fromPort}-{in.toPort}/{in.cidrIpv4}{in.cidrIpv6}{in.prefixListId}{in.referencedSecurityGroupId}",
			taken:   ruleTaken,
			outputs: map[string]string{"securityGroupRuleId": "{id}"},
			rules:   groupRuleRules(), replace: []string{"securityGroupId"},
			refs: []ref{partOf(refGroups("securityGroupId")), refGroups("referencedSecurityGroupId")},
		},
		{
			token: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", label: "VPC Security Group Ingress Rule",
			args: vpc.SecurityGroupIngressRuleArgs{}, resource: &vpc.SecurityGroupIngressRule{},
			id: "sgr-{hex:17}", arn: "arn:{partition}:ec2:{region}:{account}:security-group-rule/{id}",
			unique:  "{account}/{region}/{in.securityGroupId}/ingress/{in.ipProtocol}/{in.fromPort}-{in.toPort}/{in.cidrIpv4}{in.cidrIpv6}{in.prefixListId}{in.referencedSecurityGroupId}",
			taken:   ruleTaken,
			outputs: map[string]string{"securityGroupRuleId": "{id}"},
			rules:   groupRuleRules(), replace: []string{"securityGroupId"},
			refs: []ref{partOf(refGroups("securityGroupId")), refGroups("referencedSecurityGroupId")},
		},
	}
}

func flowLogKind() *kind {
	return &kind{
		token: "aws:ec2/flowLog:FlowLog", label: "Flow Log", args: ec2.FlowLogArgs{}, resource: &ec2.FlowLog{},
		id: "fl-{hex:17}", arn: "arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{id}",
		unique: "{account}/{region}/{in.vpcId}{in.subnetId}{in.eniId}/{in.trafficType}/{in.logDestination}{in.logGroupName}",
		taken:  "FlowLogAlreadyExists: There is an existing Flow Log with the same configuration and log destination.",
		defaults: map[string]any{"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600.0,
			"logFormat": "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"},
		rules: map[string]rule{
			"trafficType": oneOf("ACCEPT", "REJECT", "ALL"), "maxAggregationInterval": oneOf(60, 600), "iamRoleArn": arn("iam"),
			"logDestinationType": oneOf("cloud-watch-logs", "s3", "kinesis-data-firehose"), "logDestination": arn("logs", "s3", "firehose"), "tags": tags,
		},
		fixed: true, keep: []string{"tags"},
		refs: []ref{
			refVpc(), partOf(refSubnets("subnetId")), refRole("iamRoleArn", "InvalidParameter: Access Denied for LogDestination: the role {value} does not exist"),
			{prop: "logGroupName", to: []string{"cloudwatch.LogGroup"}, by: asLogGroup, missing: "InvalidParameter: LogGroup '{value}' does not exist"},
		},
	}
}

const (
	vpcInUse    = "DependencyViolation: The vpc '{id}' has dependencies and cannot be deleted."
	subnetInUse = "DependencyViolation: The subnet '{id}' has dependencies and cannot be deleted."
	groupInUse  = "DependencyViolation: resource {id} has a dependent object"
	ruleTaken   = "InvalidPermission.Duplicate: the specified rule already exists"
)

func groupRuleRules() map[string]rule {
	return map[string]rule{
		"cidrIpv4": cidr(0, 32), "fromPort": between(-1, 65535), "toPort": between(-1, 65535), "tags": tags,
		"ipProtocol": pattern(`^(-1|tcp|udp|icmp|icmpv6|[0-9]{1,3})$`, "tcp, udp, icmp, icmpv6, a protocol's number or -1 for all"),
	}
}

// partOf says that a resource goes away with what it refers to.
func partOf(r ref) ref {
	r.part = true
	return r
}

// vpcOutput gives the id of what came with a VPC and is adopted, not made.
func vpcOutput(output, input, missing string) func(*creation) (string, error) {
	return func(c *creation) (string, error) {
		vpc, err := c.cloud.store.get(c.at, "ec2.Vpc", textOf(c.inputs[input]))
		if err != nil {
			return "", err
		}
		if vpc == nil {
			return "", &tenants.Error{Code: tenants.CodeFailedPrecondition, Message: missing + " " + textOf(c.inputs[input])}
		}
		return textOf(vpc.Computed[output]), nil
	}
}

// subnetFits refuses a subnet outside its VPC's network or over another one.
func subnetFits(c *creation) error {
	own, err := netip.ParsePrefix(textOf(c.inputs["cidrBlock"]))
	if err != nil || c.old != nil {
		return nil //nolint:nilerr // a network that is none is refused by its own rule
	}
	parent, err := c.cloud.store.get(c.at, "ec2.Vpc", textOf(c.inputs["vpcId"]))
	if err != nil || parent == nil {
		return err
	}
	if network, err := netip.ParsePrefix(textOf(parent.Inputs["cidrBlock"])); err == nil &&
		(!network.Contains(own.Addr()) || own.Bits() < network.Bits()) {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidSubnet.Range: The CIDR '" + own.String() + "' is invalid."}
	}
	subnets, err := c.cloud.store.list(c.at.account, c.at.region, "ec2.Subnet")
	if err != nil {
		return err
	}
	for _, s := range subnets {
		other, err := netip.ParsePrefix(textOf(s.Inputs["cidrBlock"]))
		if err == nil && s.Inputs["vpcId"] == c.inputs["vpcId"] && other.Overlaps(own) {
			return &tenants.Error{Code: tenants.CodeConflict,
				Message: "InvalidSubnet.Conflict: The CIDR '" + own.String() + "' conflicts with another subnet"}
		}
	}
	if zone := textOf(c.inputs["availabilityZone"]); zone != "" && !strings.HasPrefix(zone, c.region) {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameterValue: Value (" + zone + ") for parameter availabilityZone is invalid."}
	}
	return nil
}
