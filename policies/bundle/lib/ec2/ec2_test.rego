package tenantform.lib.ec2_test

import data.tenantform.lib.ec2

template := {"urn": "t", "id": "lt-1", "type": "aws:ec2/launchTemplate:LaunchTemplate", "operation": "same", "inputs": {"name": "bastion"}}

origin(r) := out if {
	out := ec2.origin(r) with input as {"plan": {"resources": [template]}}
}

test_origin if {
	origin({"inputs": {}}) == "none"
	origin({"inputs": {"launchTemplate": null}}) == "none"
	origin({"inputs": {"launchTemplate": {"id": "lt-1"}}}) == "plan"
	origin({"inputs": {"launchTemplate": {"name": "bastion"}}}) == "plan"
	origin({"inputs": {"launchTemplate": {"id": {"$unknown": true}}}, "propertyDependencies": {"launchTemplate": ["t"]}}) == "plan"
	origin({"inputs": {"launchTemplate": {"$unknown": true}}, "propertyDependencies": {"launchTemplate": ["t"]}}) == "plan"
	every v in [{"id": "lt-2"}, {"name": "lt-1"}, {"id": ""}, {"$unknown": true}, {"$secret": true}, "x", 1, [], {}] {
		origin({"inputs": {"launchTemplate": v}}) == "elsewhere"
	}
}

test_instances if {
	types := ["aws:ec2/instance:Instance", "aws:ec2/spotInstanceRequest:SpotInstanceRequest", "aws:ec2/launchConfiguration:LaunchConfiguration", "x"]
	resources := [{"urn": type, "type": type, "operation": "same"} | some type in types]
	found := {r.urn | some r in ec2.instances} with input as {"plan": {"resources": resources}}
	found == {type | some type in types; type != "x"}
}

at(urn, region, account) := {"provider": {"urn": urn, "region": region, "account": account}}

test_places if {
	here := ec2.places([at("core", "eu-west-1", "1")])
	ec2.within(at("core", "", ""), here)
	ec2.within(at("other", "eu-west-1", "1"), here)
	not ec2.within(at("other", "eu-west-1", "2"), here)
	not ec2.within(at("other", "us-east-1", "1"), here)
	not ec2.within({}, here)
	not ec2.within({}, ec2.places([{}]))
	not ec2.within(at("", "eu-west-1", ""), ec2.places([at("", "eu-west-1", "")]))
}
