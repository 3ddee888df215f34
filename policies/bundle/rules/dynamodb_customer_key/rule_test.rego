package tenantform.rules.dynamodb_customer_key_test

import data.tenantform.rules.dynamodb_customer_key as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

arn := "arn:aws:kms:eu-west-1:111111111111:key/1"

key := "urn:pulumi:s::p::aws:kms/key:Key::key"

found(type, inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": type, "operation": "same", "inputs": inputs, "propertyDependencies": from,
	}]}}
}

table(encryption, from) := found("aws:dynamodb/table:Table", {"serverSideEncryption": encryption}, {"serverSideEncryption": from})

test_table if {
	table({"enabled": true, "kmsKeyArn": arn}, []) == set()
	every v in [null, {}, {"enabled": false}, {"enabled": false, "kmsKeyArn": arn}, {"kmsKeyArn": arn}, {"enabled": "true"}, "x", []] {
		table(v, []) == {["serverSideEncryption.enabled", false]}
	}
	every v in [unknown, secret, {"enabled": unknown, "kmsKeyArn": arn}] { table(v, [key]) == {["serverSideEncryption.enabled", true]} }
}

test_key if {
	every v in [null, "", 1, "arn:aws:kms:eu-west-1:111111111111:alias/aws/dynamodb"] {
		table({"enabled": true, "kmsKeyArn": v}, [key]) == {["serverSideEncryption.kmsKeyArn", false]}
	}
	table({"enabled": true, "kmsKeyArn": unknown}, [key]) == set()
	every from in [[], ["urn:pulumi:s::p::aws:s3/bucketV2:BucketV2::b"]] {
		table({"enabled": true, "kmsKeyArn": unknown}, from) == {["serverSideEncryption.kmsKeyArn", true]}
	}
	table({"enabled": true, "kmsKeyArn": secret}, [key]) == {["serverSideEncryption.kmsKeyArn", true]}
}

replicas(v, from) := found("aws:dynamodb/table:Table", {"serverSideEncryption": {"enabled": true, "kmsKeyArn": arn}, "replicas": v}, {"replicas": from})

test_replicas_of_a_table if {
	every v in [null, [], [{"kmsKeyArn": arn}]] { replicas(v, []) == set() }
	replicas([{"kmsKeyArn": unknown}], [key]) == set()
	replicas([{"kmsKeyArn": arn}, {}], [key]) == {["replicas[1].kmsKeyArn", false]}
	replicas([{"kmsKeyArn": unknown}], []) == {["replicas[0].kmsKeyArn", true]}
	replicas(secret, [key]) == {["replicas[0].kmsKeyArn", true]}
}

test_replica if {
	found("aws:dynamodb/tableReplica:TableReplica", {"kmsKeyArn": arn}, {}) == set()
	found("aws:dynamodb/tableReplica:TableReplica", {"kmsKeyArn": unknown}, {"kmsKeyArn": [key]}) == set()
	found("aws:dynamodb/tableReplica:TableReplica", {"kmsKeyArn": unknown}, {}) == {["kmsKeyArn", true]}
	found("aws:dynamodb/tableReplica:TableReplica", {}, {}) == {["kmsKeyArn", false]}
}
