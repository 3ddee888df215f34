package tenantform.rules.ec2_no_open_egress_test

import data.tenantform.rules.ec2_no_open_egress as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

group(rule) := {"urn": "g", "type": "aws:ec2/securityGroup:SecurityGroup", "operation": "create", "inputs": {"egress": [rule]}}

everywhere(more) := object.union({"cidrBlocks": ["0.0.0.0/0"]}, more)

test_all_ports if every rule in [
	{"protocol": "-1", "fromPort": 0, "toPort": 0},
	{"protocol": "all"},
	{"protocol": "tcp", "fromPort": 0, "toPort": 65535},
	{"protocol": "udp", "fromPort": 1, "toPort": 65535},
	{"protocol": "tcp"},
	{},
	{"ipProtocol": "-1"},
] {
	found([group(everywhere(rule))]) == {["g", "egress[0].cidrBlocks", false]}
}

test_some_ports if every rule in [
	{"protocol": "tcp", "fromPort": 443, "toPort": 443},
	{"protocol": "tcp", "fromPort": 1024, "toPort": 65535},
	{"protocol": "icmp", "fromPort": -1, "toPort": -1},
	{"protocol": unknown, "fromPort": 443, "toPort": 443},
] {
	found([group(everywhere(rule))]) == set()
}

test_named_destination if {
	found([group({"protocol": "-1", "cidrBlocks": ["10.0.0.0/8"]})]) == set()
	found([group({"protocol": "-1", "prefixListIds": [unknown]})]) == set()
}

test_apart if {
	rule := {"urn": "r", "type": "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "operation": "create", "inputs": {"ipProtocol": "-1", "cidrIpv6": "::/0"}}
	found([rule]) == {["r", "cidrIpv6", false]}
	found([object.union(rule, {"type": "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"})]) == set()
}

test_unknown if {
	found([group(everywhere({"protocol": unknown, "fromPort": 0, "toPort": 0}))]) == {["g", "egress[0].cidrBlocks", true]}
	found([group(everywhere({"protocol": "tcp", "fromPort": unknown, "toPort": 65535}))]) == {["g", "egress[0].cidrBlocks", true]}
	found([group(everywhere({"protocol": "tcp", "fromPort": 0, "toPort": secret}))]) == {["g", "egress[0].cidrBlocks", true]}
	found([group({"protocol": "-1", "cidrBlocks": unknown})]) == {["g", "egress[0].cidrBlocks", true]}
	found([group(unknown)]) == {["g", "egress[0]", true]}
}

test_wrong_type if {
	found([group("x")]) == {["g", "egress[0]", false]}
	found([group({"protocol": -1, "cidrBlocks": [1]})]) == {["g", "egress[0].cidrBlocks", false]}
}

test_unknown_but_ruled_out if {
	found([group({"protocol": unknown, "fromPort": 0, "toPort": 0, "cidrBlocks": ["10.0.0.0/8"]})]) == set()
	found([group(everywhere({"protocol": "tcp", "fromPort": unknown, "toPort": 443}))]) == set()
	found([group(everywhere({"protocol": "tcp", "fromPort": 1024, "toPort": unknown}))]) == set()
	found([group(everywhere({"protocol": unknown, "fromPort": 0, "toPort": 65535}))]) == {["g", "egress[0].cidrBlocks", true]}
}

test_one_finding if {
	every rule in [{"protocol": "-1", "fromPort": unknown, "toPort": 0}, {"protocol": "-1", "fromPort": 0, "toPort": unknown}] {
		found([group(everywhere(rule))]) == {["g", "egress[0].cidrBlocks", false]}
	}
}
