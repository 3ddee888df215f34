package tenantform.rules.rds_storage_encrypted_test

import data.tenantform.rules.rds_storage_encrypted as rule

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

test_encrypted if every type in [cluster, instance] {
	found(type, {"storageEncrypted": true}) == set()
	found(type, {}) == {["storageEncrypted", false]}
	every v in [null, false, "true", 1, {}] { found(type, {"storageEncrypted": v}) == {["storageEncrypted", false]} }
	every v in [unknown, secret] { found(type, {"storageEncrypted": v}) == {["storageEncrypted", true]} }
}

test_serverless if {
	found(cluster, {"engineMode": "serverless"}) == set()
	found(cluster, {"engineMode": "serverless", "storageEncrypted": false}) == {["storageEncrypted", false]}
	every v in ["provisioned", "", unknown] { found(cluster, {"engineMode": v}) == {["storageEncrypted", false]} }
	found(instance, {"engineMode": "serverless"}) == {["storageEncrypted", false]}
}

test_replica if {
	source := "arn:aws:rds:eu-central-1:111111111111:db:ledger"
	found(instance, {"replicateSourceDb": source, "kmsKeyId": "arn:aws:kms:eu-west-1:111111111111:key/1"}) == set()
	found_from(instance, {"replicateSourceDb": source, "kmsKeyId": unknown}, {"kmsKeyId": ["key"]}) == set()
	found(instance, {"replicateSourceDb": source, "kmsKeyId": unknown}) == {["storageEncrypted", false]}
	found(instance, {"replicateSourceDb": source}) == {["storageEncrypted", false]}
	found(instance, {"replicateSourceDb": "ledger", "kmsKeyId": "arn:aws:kms:eu-west-1:111111111111:key/1"}) == {["storageEncrypted", false]}
	found(cluster, {"replicateSourceDb": source, "kmsKeyId": "k"}) == {["storageEncrypted", false]}
}
