package tenantform.rules.dynamodb_deletion_protection_test

import data.tenantform.rules.dynamodb_deletion_protection as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

types := ["aws:dynamodb/table:Table", "aws:dynamodb/tableReplica:TableReplica"]

found(type, inputs, subject) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"subject": subject, "plan": {"resources": [{
		"urn": "u", "type": type, "operation": "update", "inputs": inputs,
	}]}}
}

test_protection if every type in types {
	found(type, {"deletionProtectionEnabled": true}, {}) == set()
	found(type, {}, {}) == {["deletionProtectionEnabled", false]}
	every v in [null, false, "true", 1, {}] { found(type, {"deletionProtectionEnabled": v}, {}) == {["deletionProtectionEnabled", false]} }
	every v in [unknown, secret] { found(type, {"deletionProtectionEnabled": v}, {}) == {["deletionProtectionEnabled", true]} }
}

test_release if every type in types {
	found(type, {"deletionProtectionEnabled": false}, {"release": {"kind": "delete", "under": ""}}) == set()
	found(type, {"deletionProtectionEnabled": false}, {"release": {"kind": "move", "under": "acme-silo"}}) == {["deletionProtectionEnabled", false]}
}
