package tenantform.lib.network_test

import data.tenantform.lib.network

unknown := {"$unknown": true}

vpc(name, more) := object.union({"urn": name, "type": "aws:ec2/vpc:Vpc", "operation": "create", "inputs": {}}, more)

subnet(inputs, from) := {
	"urn": "s", "type": "aws:ec2/subnet:Subnet", "operation": "create",
	"inputs": inputs, "propertyDependencies": {"vpcId": from},
}

of(r) := out if {
	resources := [vpc("a", {"id": "vpc-1"}), vpc("b", {"type": "aws:ec2/defaultVpc:DefaultVpc"}), r]
	out := network.vpc_of(r) with input as {"plan": {"resources": resources}}
}

test_vpc_of if {
	of(subnet({"vpcId": "vpc-1"}, [])) == {"a"}
	of(subnet({"vpcId": "vpc-1"}, ["b"])) == {"a"}
	of(subnet({"vpcId": unknown}, ["b", "x"])) == {"b"}
	of(subnet({"vpcId": unknown}, ["a", "b"])) == set()
	of(subnet({}, [])) == set()
	of(subnet({"vpcId": ""}, [])) == set()
}

group(inputs, from) := {
	"urn": "g", "type": "aws:ec2/securityGroup:SecurityGroup", "operation": "create",
	"inputs": inputs, "propertyDependencies": from,
}

rule(inputs) := {"urn": "r", "type": "aws:ec2/securityGroupRule:SecurityGroupRule", "operation": "create", "inputs": inputs}

# The places of what is open among what is let in, and among what is let out.
opened(resources) := [ins, outs] if {
	ins := {place | some f in network.ingress; some [place, a] in network.addresses(f); network.open(f, a)} with input as {"plan": {"resources": resources}}
	outs := {place | some f in network.egress; some [place, a] in network.addresses(f); network.open(f, a)} with input as {"plan": {"resources": resources}}
}

test_within if {
	opened([group({}, {})]) == [set(), set()]
	opened([group({"ingress": [], "egress": null}, {})]) == [set(), set()]
	opened([group({"ingress": [{}, {"cidrBlocks": ["10.0.0.0/8", "0.0.0.0/0"]}]}, {})]) == [{"ingress[1].cidrBlocks"}, set()]
	opened([group({"egress": [{"ipv6CidrBlocks": ["::/0"]}]}, {})]) == [set(), {"egress[0].ipv6CidrBlocks"}]
	opened([group({"ingress": [unknown]}, {})]) == [{"ingress[0]"}, set()]
	opened([group({"ingress": unknown}, {})]) == [{"ingress"}, set()]
	opened([group({"ingress": {"$secret": true}}, {})]) == [{"ingress"}, set()]
	opened([group({"ingress": [{"cidrBlocks": unknown}]}, {})]) == [{"ingress[0].cidrBlocks"}, set()]
	opened([group({"ingress": [{"cidrBlocks": 1}]}, {})]) == [{"ingress[0].cidrBlocks"}, set()]
	opened([group({"ingress": "x"}, {})]) == [{"ingress[0]"}, set()]
}

test_apart if {
	opened([rule({"type": "ingress", "cidrBlocks": ["0.0.0.0/0"]})]) == [{"cidrBlocks"}, set()]
	opened([rule({"type": "egress", "cidrBlocks": ["0.0.0.0/0"]})]) == [set(), {"cidrBlocks"}]
	opened([rule({"type": unknown, "cidrBlocks": ["0.0.0.0/0"]})]) == [{"cidrBlocks"}, {"cidrBlocks"}]
	opened([rule({"type": "ingress", "sourceSecurityGroupId": unknown})]) == [set(), set()]
	opened([{"urn": "r", "type": "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "operation": "create", "inputs": {"cidrIpv4": "0.0.0.0/0"}}]) == [{"cidrIpv4"}, set()]
	opened([{"urn": "r", "type": "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "operation": "create", "inputs": {"cidrIpv6": "::/0"}}]) == [set(), {"cidrIpv6"}]
}

wide(address) if opened([rule({"type": "ingress", "cidrBlocks": [address]})])[0] == {"cidrBlocks"}

test_wide if {
	every address in ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", " 0.0.0.0/0", "::/0", "0::/0", "2000::/3", 1] { wide(address) }
	every address in ["10.0.0.0/8", "192.0.2.1/32", "fc00::/7", "2001:db8::/32", "192.0.2.1", ""] { not wide(address) }
}

test_own if {
	opened([vpc("a", {}), group({"ingress": [{"cidrBlocks": [unknown]}]}, {"ingress": ["a"]})]) == [set(), set()]
	opened([vpc("a", {}), group({"ingress": [{"cidrBlocks": [unknown]}]}, {"ingress": ["a", "x"]})]) == [{"ingress[0].cidrBlocks"}, set()]
	opened([vpc("a", {}), group({"ingress": [unknown]}, {"ingress": ["a"]})]) == [{"ingress[0]"}, set()]
	from := {"propertyDependencies": {"cidrBlocks": ["a"]}}
	opened([vpc("a", {}), object.union(rule({"type": "ingress", "cidrBlocks": [unknown]}), from)]) == [set(), set()]
	opened([vpc("a", {}), object.union(rule({"type": "ingress", "cidrBlocks": [{"$secret": true}]}), from)]) == [{"cidrBlocks"}, set()]
}

test_own_types if every type in ["aws:ec2/subnet:Subnet", "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"] {
	opened([vpc("a", {"type": type}), group({"ingress": [{"cidrBlocks": [unknown]}]}, {"ingress": ["a"]})]) == [set(), set()]
}
