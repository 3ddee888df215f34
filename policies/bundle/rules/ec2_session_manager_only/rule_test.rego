package tenantform.rules.ec2_session_manager_only_test

import data.tenantform.rules.ec2_session_manager_only as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

template_inputs := {"name": "bastion"}

instance := "aws:ec2/instance:Instance"

configuration := "aws:ec2/launchConfiguration:LaunchConfiguration"

template := "aws:ec2/launchTemplate:LaunchTemplate"

known_template := {"urn": "t", "id": "lt-1", "type": template, "operation": "same", "inputs": template_inputs}

place := {"urn": "core", "region": "eu-west-1", "account": "111111111111"}

found(type, inputs) := found_beside(type, inputs, [])

found_beside(type, inputs, others) := out if {
	resources := array.concat([{"urn": "u", "type": type, "operation": "same", "inputs": inputs, "provider": place}], others)
	out := {[f.property, f.unknown] | some f in rule.findings; f.urn == "u"} with input as {"plan": {"resources": resources}}
}

private := {"subnetId": "subnet-1"}

test_key_pair if every type in [instance, configuration, template] {
	every v in [null, ""] { found(type, object.union(private, {"keyName": v})) == set() }
	every v in ["admin", true, {}] { found(type, object.union(private, {"keyName": v})) == {["keyName", false]} }
	every v in [unknown, secret] { found(type, object.union(private, {"keyName": v})) == {["keyName", true]} }
}

test_address if every type in [instance, configuration] {
	every v in [null, false] { found(type, object.union(private, {"associatePublicIpAddress": v})) == set() }
	every v in [true, "false", 1] { found(type, object.union(private, {"associatePublicIpAddress": v})) == {["associatePublicIpAddress", false]} }
	every v in [unknown, secret] { found(type, object.union(private, {"associatePublicIpAddress": v})) == {["associatePublicIpAddress", true]} }
}

test_address_in_template if {
	every v in [null, [], [{"associatePublicIpAddress": "false"}], [{"deviceIndex": 0}]] { found(template, {"networkInterfaces": v}) == set() }
	every v in ["true", "yes", true] {
		found(template, {"networkInterfaces": [{}, {"associatePublicIpAddress": v}]}) == {["networkInterfaces[1].associatePublicIpAddress", false]}
	}
	every v in [unknown, secret, [unknown], [{"associatePublicIpAddress": unknown}]] {
		found(template, {"networkInterfaces": v}) == {["networkInterfaces[0].associatePublicIpAddress", true]}
	}
}

test_default_subnet if {
	found(instance, {}) == {["subnetId", false]}
	found(configuration, {}) == set()
	every v in [unknown, "subnet-1"] { found(instance, {"subnetId": v}) == set() }
	found(instance, {"associatePublicIpAddress": false}) == set()
	found(instance, {"networkInterfaces": [{"networkInterfaceId": "eni-1"}]}) == set()
	found_beside(instance, {"launchTemplate": {"id": "lt-1"}}, [known_template]) == set()
}

test_elastic_address if every type, property in {"aws:ec2/eip:Eip": "instance", "aws:ec2/eipAssociation:EipAssociation": "instanceId"} {
	every v in [null, ""] { found(type, {property: v}) == set() }
	found(type, {}) == set()
	found(type, {property: "i-1"}) == {[property, false]}
	every v in [unknown, secret] { found(type, {property: v}) == {[property, true]} }
}
