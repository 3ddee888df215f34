package tenantform.rules.s3_lifecycle_test

import data.tenantform.rules.s3_lifecycle as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

bucket(inputs) := {"urn": "b", "type": "aws:s3/bucketV2:BucketV2", "operation": "create", "inputs": inputs}

plain(inputs) := object.union(bucket(inputs), {"type": "aws:s3/bucket:Bucket"})

setting(inputs) := {
	"urn": "s", "type": "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", "operation": "create",
	"inputs": object.union({"bucket": unknown}, inputs), "propertyDependencies": {"bucket": ["b"]},
}

none := {["b", "", false]}

rules(value) := found([bucket({}), setting({"rules": value})])

test_apart if {
	rules([{"status": "Disabled"}, {"status": "Enabled"}]) == set()
	rules([unknown, {"status": "Enabled"}]) == set()
	every value in [[], null, [{}], [{"status": "Disabled"}], [{"status": true}], ["x"]] { rules(value) == {["s", "rules", false]} }
	rules([{"status": unknown}]) == {["s", "rules", true]}
	rules(unknown) == {["s", "rules", true]}
	rules(secret) == {["s", "rules", true]}
}

test_none if {
	found([bucket({})]) == none
	found([plain({"lifecycleRules": []})]) == none
}

test_within if {
	found([plain({"lifecycleRules": [{"enabled": true}]})]) == set()
	found([bucket({"lifecycleRules": [{"enabled": false}]})]) == {["b", "lifecycleRules", false]}
	found([plain({"lifecycleRules": unknown})]) == {["b", "lifecycleRules", true]}
}
