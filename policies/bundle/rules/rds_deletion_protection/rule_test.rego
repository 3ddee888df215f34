package tenantform.rules.rds_deletion_protection_test

import data.tenantform.rules.rds_deletion_protection as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

found(type, inputs) := found_from(type, inputs, {})

found_from(type, inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"subject": {}, "plan": {"resources": [{
		"urn": "u", "type": type, "operation": "same", "inputs": inputs, "propertyDependencies": from,
	}]}}
}

cluster := "aws:rds/cluster:Cluster"

instance := "aws:rds/instance:Instance"

test_protection if every type in [cluster, instance] {
	found(type, {"deletionProtection": true}) == set()
	found(type, {}) == {["deletionProtection", false]}
	every v in [null, false, "true", 1, {}] { found(type, {"deletionProtection": v}) == {["deletionProtection", false]} }
	every v in [unknown, secret] { found(type, {"deletionProtection": v}) == {["deletionProtection", true]} }
}

released(release) := out if {
	out := {f.property | some f in rule.findings} with input as {"subject": {"release": release}, "plan": {"resources": [{
		"urn": "u", "type": cluster, "operation": "update", "inputs": {"deletionProtection": false},
	}]}}
}

test_release if {
	released({"kind": "delete", "under": ""}) == set()
	released({"kind": "move", "under": "acme-silo"}) == {"deletionProtection"}
}
