package tenantform.rules.ec2_no_open_ingress_test

import data.tenantform.rules.ec2_no_open_ingress as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

group(inputs, from) := {
	"urn": "g", "type": "aws:ec2/securityGroup:SecurityGroup", "operation": "create",
	"inputs": inputs, "propertyDependencies": from,
}

apart(inputs) := {"urn": "r", "type": "aws:ec2/securityGroupRule:SecurityGroupRule", "operation": "create", "inputs": inputs}

test_open if {
	found([group({"ingress": [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["0.0.0.0/0"]}]}, {})]) == {["g", "ingress[0].cidrBlocks", false]}
	found([group({"ingress": [{"ipv6CidrBlocks": ["::/0"]}]}, {})]) == {["g", "ingress[0].ipv6CidrBlocks", false]}
	found([group({"ingress": [{"cidrBlocks": ["0.0.0.0/1", "128.0.0.0/1"]}]}, {})]) == {["g", "ingress[0].cidrBlocks", false]}
	found([object.union(group({"ingress": [{"cidrBlocks": ["0.0.0.0/0"]}]}, {}), {"type": "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"})]) == {["g", "ingress[0].cidrBlocks", false]}
	found([apart({"type": "ingress", "cidrBlocks": ["0.0.0.0/0"]})]) == {["r", "cidrBlocks", false]}
	found([object.union(apart({"cidrIpv4": "0.0.0.0/0"}), {"type": "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"})]) == {["r", "cidrIpv4", false]}
}

test_closed if {
	found([group({}, {})]) == set()
	found([group({"ingress": [{"cidrBlocks": ["10.0.0.0/8"], "securityGroups": [unknown]}]}, {})]) == set()
	found([group({"egress": [{"cidrBlocks": ["0.0.0.0/0"]}]}, {})]) == set()
	found([apart({"type": "egress", "cidrBlocks": ["0.0.0.0/0"]})]) == set()
	found([apart({"type": "ingress", "sourceSecurityGroupId": unknown})]) == set()
	found([object.union(apart({"type": "ingress", "cidrBlocks": ["0.0.0.0/0"]}), {"operation": "delete"})]) == set()
}

test_unknown if {
	found([group({"ingress": unknown}, {})]) == {["g", "ingress", true]}
	found([group({"ingress": secret}, {})]) == {["g", "ingress", true]}
	found([group({"ingress": [{"cidrBlocks": [unknown]}]}, {})]) == {["g", "ingress[0].cidrBlocks", true]}
	found([apart({"type": "ingress", "cidrBlocks": secret})]) == {["r", "cidrBlocks", true]}
	vpc := {"urn": "a", "type": "aws:ec2/vpc:Vpc", "operation": "create", "inputs": {}}
	found([vpc, group({"ingress": [{"cidrBlocks": [unknown]}]}, {"ingress": ["a"]})]) == set()
}

test_wrong_type if {
	found([group({"ingress": [{"cidrBlocks": [1]}]}, {})]) == {["g", "ingress[0].cidrBlocks", false]}
	found([group({"ingress": [1]}, {})]) == {["g", "ingress[0]", false]}
}
