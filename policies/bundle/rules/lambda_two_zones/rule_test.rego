package tenantform.rules.lambda_two_zones_test

import data.tenantform.rules.lambda_two_zones as rule

unknown := {"$unknown": true}

subnet(name, zone) := {"urn": name, "id": concat("-", ["subnet", name]), "type": "aws:ec2/subnet:Subnet", "operation": "same", "inputs": {"availabilityZone": zone}}

found(vpc, from) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [
		subnet("a", "eu-west-1a"), subnet("b", "eu-west-1b"), subnet("c", "eu-west-1a"), subnet("d", unknown),
		{
			"urn": "u", "type": "aws:lambda/function:Function", "operation": "same", "inputs": {"vpcConfig": vpc},
			"propertyDependencies": {"vpcConfig": from},
		},
	]}}
}

test_outside if {
	every v in [null, {}, {"subnetIds": []}, {"subnetIds": null}] { found(v, []) == set() }
}

test_known if {
	found({"subnetIds": ["subnet-1", "subnet-2"]}, []) == set()
	found({"subnetIds": ["subnet-a", "subnet-b"]}, []) == set()
	found({"subnetIds": ["subnet-a", "subnet-2"]}, []) == set()
	found({"subnetIds": ["subnet-a", "subnet-d"]}, []) == set()
	found({"subnetIds": ["subnet-1"]}, []) == {false}
	found({"subnetIds": ["subnet-1", "subnet-1"]}, []) == {false}
	found({"subnetIds": ["subnet-a", "subnet-c"]}, []) == {false}
	found({"subnetIds": ["subnet-1"]}, ["a", "b"]) == {false}
	found({"subnetIds": ["subnet-a", "subnet-c"]}, ["a", "b", "c"]) == {false}
	found({"subnetIds": "subnet-1"}, []) == {false}
	found({"subnetIds": 1}, []) == {false}
}

test_unknown if {
	every v in [{"subnetIds": unknown}, unknown, {"subnetIds": {"$secret": true}}] {
		found(v, []) == {true}
		found(v, ["a", "c"]) == {true}
		found(v, ["a", "b"]) == set()
		found(v, ["a", "d"]) == set()
	}
	found({"subnetIds": [unknown, unknown]}, ["a", "b"]) == set()
	found({"subnetIds": [unknown, "subnet-1"]}, ["a"]) == set()
	found({"subnetIds": [unknown, "subnet-b"]}, ["a"]) == set()
	found({"subnetIds": [unknown, unknown]}, ["a", "c"]) == {false}
	found({"subnetIds": [unknown, unknown]}, []) == {false}
	found({"subnetIds": [unknown, "subnet-a"]}, ["c"]) == {false}
	found({"subnetIds": [unknown]}, ["a"]) == {false}
	found({"subnetIds": [unknown]}, ["a", "b"]) == {false}
}
