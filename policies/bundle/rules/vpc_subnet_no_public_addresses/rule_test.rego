package tenantform.rules.vpc_subnet_no_public_addresses_test

import data.tenantform.rules.vpc_subnet_no_public_addresses as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

subnet(type, inputs) := {"urn": "s", "type": type, "operation": "create", "inputs": inputs}

given(type, value) := found([subnet(type, {"mapPublicIpOnLaunch": value})])

test_subnet if {
	found([subnet("aws:ec2/subnet:Subnet", {})]) == set()
	given("aws:ec2/subnet:Subnet", false) == set()
	given("aws:ec2/subnet:Subnet", true) == {["s", "mapPublicIpOnLaunch", false]}
	given("aws:ec2/subnet:Subnet", "true") == {["s", "mapPublicIpOnLaunch", false]}
	given("aws:ec2/subnet:Subnet", unknown) == {["s", "mapPublicIpOnLaunch", true]}
	given("aws:ec2/subnet:Subnet", secret) == {["s", "mapPublicIpOnLaunch", true]}
}

test_default_subnet if {
	found([subnet("aws:ec2/defaultSubnet:DefaultSubnet", {})]) == {["s", "mapPublicIpOnLaunch", false]}
	given("aws:ec2/defaultSubnet:DefaultSubnet", false) == set()
	given("aws:ec2/defaultSubnet:DefaultSubnet", true) == {["s", "mapPublicIpOnLaunch", false]}
}
