package tenantform.rules.s3_access_logs_test

import data.tenantform.rules.s3_access_logs as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

bucket(inputs) := {"urn": "b", "type": "aws:s3/bucketV2:BucketV2", "operation": "create", "inputs": inputs}

plain(inputs) := object.union(bucket(inputs), {"type": "aws:s3/bucket:Bucket"})

setting(inputs) := {
	"urn": "s", "type": "aws:s3/bucketLoggingV2:BucketLoggingV2", "operation": "create",
	"inputs": object.union({"bucket": unknown}, inputs), "propertyDependencies": {"bucket": ["b"]},
}

none := {["b", "", false]}

test_logged if {
	found([bucket({}), setting({"targetBucket": "logs"})]) == set()
	found([bucket({}), object.union(setting({"targetBucket": unknown}), {"propertyDependencies": {"targetBucket": ["x"]}})]) == set()
	found([plain({"loggings": [{"targetBucket": "logs"}]})]) == set()
}

test_none if {
	found([bucket({})]) == none
	found([plain({"loggings": []})]) == none
}

test_no_target if {
	found([bucket({}), setting({})]) == {["s", "targetBucket", false]}
	found([bucket({}), setting({"targetBucket": ""})]) == {["s", "targetBucket", false]}
	found([bucket({}), setting({"targetBucket": 1})]) == {["s", "targetBucket", false]}
	found([bucket({}), setting({"targetBucket": unknown})]) == {["s", "targetBucket", true]}
	found([bucket({}), setting({"targetBucket": secret})]) == {["s", "targetBucket", true]}
	found([plain({"loggings": [{}]})]) == {["b", "loggings", false]}
	found([plain({"loggings": unknown})]) == {["b", "loggings", true]}
}

test_target_of_logs if {
	target := object.union(bucket({"bucket": "logs"}), {"urn": "t"})
	found([bucket({}), setting({"targetBucket": "logs"}), target]) == set()
	found([bucket({"bucket": "files"}), setting({"targetBucket": "files"})]) == set()
}
