package tenantform.rules.rds_customer_key_test

import data.tenantform.rules.rds_customer_key as rule

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

key := "urn:pulumi:s::p::aws:kms/key:Key::key"

test_key if every type in [cluster, instance] {
	found(type, {"kmsKeyId": "arn:aws:kms:eu-west-1:111111111111:key/1"}) == set()
	found(type, {}) == {["kmsKeyId", false]}
	every v in [null, "", 1, {}, "arn:aws:kms:eu-west-1:111111111111:alias/aws/rds"] { found(type, {"kmsKeyId": v}) == {["kmsKeyId", false]} }
	found_from(type, {"kmsKeyId": unknown}, {"kmsKeyId": [key]}) == set()
	found_from(type, {"kmsKeyId": unknown}, {"other": [key]}) == {["kmsKeyId", true]}
	found_from(type, {"kmsKeyId": secret}, {"kmsKeyId": [key]}) == {["kmsKeyId", true]}
}

test_replica if {
	found(instance, {"replicateSourceDb": "ledger"}) == set()
	found_from(instance, {"replicateSourceDb": unknown}, {"replicateSourceDb": ["u"]}) == set()
	every v in ["", null, unknown, 1, "arn:aws:rds:eu-central-1:111111111111:db:ledger"] {
		found(instance, {"replicateSourceDb": v}) == {["kmsKeyId", false]}
	}
	found(instance, {"replicateSourceDb": "ledger", "kmsKeyId": "alias/aws/rds"}) == {["kmsKeyId", false]}
}
