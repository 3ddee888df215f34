package tenantform.rules.s3_public_access_block_test

import data.tenantform.rules.s3_public_access_block as rule

bucket(name, inputs) := {"urn": name, "type": "aws:s3/bucketV2:BucketV2", "operation": "create", "inputs": inputs}

on := {"blockPublicAcls": true, "blockPublicPolicy": true, "ignorePublicAcls": true, "restrictPublicBuckets": true}

block(inputs, from) := {
	"urn": "block", "type": "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "operation": "create",
	"inputs": inputs, "propertyDependencies": {"bucket": from},
}

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

own := object.union(on, {"bucket": unknown})

test_own_block if {
	found([bucket("a", {}), block(own, ["a"])]) == set()
	found([bucket("a", {"bucket": "files"}), block(object.union(on, {"bucket": "files"}), [])]) == set()
	found([object.union(bucket("a", {}), {"id": "files-1"}), block(object.union(on, {"bucket": "files-1"}), [])]) == set()
}

test_none if {
	found([bucket("a", {})]) == {["a", "", false]}
	found([bucket("a", {"bucket": "files"}), block(own, [])]) == {["a", "", false]}
	found([bucket("a", {"bucket": ""}), block(own, [])]) == {["a", "", false]}
	found([bucket("a", {"bucket": unknown}), block(own, [])]) == {["a", "", false]}
	found([bucket("a", {}), bucket("b", {}), block(own, ["a"])]) == {["b", "", false]}
	found([bucket("a", {}), bucket("b", {}), block(own, ["a", "b"])]) == {["a", "", false], ["b", "", false]}
	found([object.union(bucket("a", {}), {"type": "aws:s3/bucket:Bucket"})]) == {["a", "", false]}
}

test_each_setting if every setting in object.keys(on) {
	found([bucket("a", {}), block(object.union(own, {setting: false}), ["a"])]) == {["block", setting, false]}
	found([bucket("a", {}), block(object.remove(own, [setting]), ["a"])]) == {["block", setting, false]}
	found([bucket("a", {}), block(object.union(own, {setting: unknown}), ["a"])]) == {["block", setting, true]}
	found([bucket("a", {}), block(object.union(own, {setting: "true"}), ["a"])]) == {["block", setting, false]}
}

test_block_that_goes_away if {
	found([bucket("a", {}), object.union(block(own, ["a"]), {"operation": "delete"})]) == {["a", "", false]}
}
