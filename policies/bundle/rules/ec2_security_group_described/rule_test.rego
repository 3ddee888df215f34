package tenantform.rules.ec2_security_group_described_test

import data.tenantform.rules.ec2_security_group_described as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

group(inputs) := {"urn": "g", "type": "aws:ec2/securityGroup:SecurityGroup", "operation": "create", "inputs": inputs}

test_described if {
	found([group({"description": "Database"})]) == set()
	found([group({"description": "Database", "ingress": [{"description": "From the workers"}], "egress": []})]) == set()
}

test_group if {
	found([group({})]) == {["g", "description", false]}
	every text in ["", " ", "Managed by Pulumi", "Managed by Terraform", 1, null] { found([group({"description": text})]) == {["g", "description", false]} }
	found([group({"description": unknown})]) == {["g", "description", true]}
	found([group({"description": secret})]) == {["g", "description", true]}
}

test_rules if {
	found([group({"description": "d", "ingress": [{"description": "d"}, {}]})]) == {["g", "ingress[1].description", false]}
	found([group({"description": "d", "egress": [{"description": unknown}]})]) == {["g", "egress[0].description", true]}
	found([group({"description": "d", "egress": unknown})]) == {["g", "egress.description", true]}
	found([group({"description": "d", "egress": ["x"]})]) == {["g", "egress[0].description", false]}
	rule := {"urn": "r", "type": "aws:ec2/securityGroupRule:SecurityGroupRule", "operation": "create", "inputs": {"type": "ingress"}}
	found([rule]) == {["r", "description", false]}
	found([object.union(rule, {"inputs": {"description": "d"}})]) == set()
}
