package tenantform.rules.vpc_default_security_group_closed_test

import data.tenantform.rules.vpc_default_security_group_closed as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

vpc(name, more) := object.union({"urn": name, "type": "aws:ec2/vpc:Vpc", "operation": "create", "inputs": {}}, more)

group(inputs, from) := {
	"urn": "g", "id": "sg-1", "type": "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "operation": "create",
	"inputs": inputs, "propertyDependencies": {"vpcId": from},
}

added(type, group, from) := {
	"urn": "r", "type": type, "operation": "create", "inputs": {"securityGroupId": group},
	"propertyDependencies": {"securityGroupId": from},
}

test_closed if {
	found([vpc("a", {}), group({"vpcId": unknown, "ingress": [], "egress": []}, ["a"])]) == set()
	found([vpc("a", {}), group({"vpcId": unknown}, ["a"])]) == set()
	found([vpc("a", {"id": "vpc-1"}), group({"vpcId": "vpc-1"}, [])]) == set()
	found([vpc("a", {"type": "aws:ec2/defaultVpc:DefaultVpc"}), group({}, [])]) == set()
}

test_not_closed if {
	found([vpc("a", {})]) == {["a", "", false]}
	found([vpc("a", {}), vpc("b", {}), group({"vpcId": unknown}, ["a"])]) == {["b", "", false]}
	found([vpc("a", {}), vpc("b", {}), group({"vpcId": unknown}, ["a", "b"])]) == {["a", "", false], ["b", "", false]}
	found([vpc("a", {}), group({}, [])]) == {["a", "", false]}
	found([vpc("a", {}), object.union(group({"vpcId": unknown}, ["a"]), {"operation": "delete"})]) == {["a", "", false]}
	found([vpc("a", {"type": "aws:ec2/defaultVpc:DefaultVpc"})]) == {["a", "", false]}
}

test_rules_within if {
	every direction in ["ingress", "egress"] {
		found([group({direction: [{"protocol": "-1"}]}, [])]) == {["g", direction, false]}
		found([group({direction: unknown}, [])]) == {["g", direction, true]}
		found([group({direction: secret}, [])]) == {["g", direction, true]}
		found([group({direction: "x"}, [])]) == {["g", direction, false]}
	}
}

types := [
	"aws:ec2/securityGroupRule:SecurityGroupRule", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
]

own := {"urn": "own", "type": "aws:ec2/securityGroup:SecurityGroup", "operation": "create", "inputs": {}}

test_rules_apart if every type in types {
	here := [vpc("a", {}), group({"vpcId": unknown}, ["a"]), own]
	found(array.concat(here, [added(type, unknown, ["g"])])) == {["r", "securityGroupId", true]}
	found(array.concat(here, [added(type, unknown, ["a"])])) == {["r", "securityGroupId", true]}
	found(array.concat(here, [added(type, "sg-1", [])])) == {["r", "securityGroupId", false]}
	found(array.concat(here, [added(type, unknown, ["own"])])) == set()
	found(array.concat(here, [added(type, unknown, ["a", "own"])])) == set()
	found(array.concat(here, [added(type, "sg-2", [])])) == set()
	found(array.concat(here, [added(type, unknown, [])])) == set()
}

test_group_of_another if {
	known := group({"vpcId": "vpc-2"}, [])
	found([vpc("a", {"type": "aws:ec2/defaultVpc:DefaultVpc"}), known]) == {["a", "", false]}
}
