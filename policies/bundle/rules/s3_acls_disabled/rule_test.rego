package tenantform.rules.s3_acls_disabled_test

import data.tenantform.rules.s3_acls_disabled as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

bucket(inputs) := {"urn": "b", "type": "aws:s3/bucketV2:BucketV2", "operation": "create", "inputs": inputs}

plain(inputs) := object.union(bucket(inputs), {"type": "aws:s3/bucket:Bucket"})

setting(inputs) := {
	"urn": "s", "type": "aws:s3/bucketOwnershipControls:BucketOwnershipControls", "operation": "create",
	"inputs": object.union({"bucket": unknown}, inputs), "propertyDependencies": {"bucket": ["b"]},
}

none := {["b", "", false]}

owner(value) := found([bucket({}), setting({"rule": {"objectOwnership": value}})])

test_ownership if {
	owner("BucketOwnerEnforced") == set()
	every value in ["BucketOwnerPreferred", "ObjectWriter", "", null, 1] { owner(value) == {["s", "rule.objectOwnership", false]} }
	owner(unknown) == {["s", "rule.objectOwnership", true]}
	owner(secret) == {["s", "rule.objectOwnership", true]}
	found([bucket({}), setting({"rule": unknown})]) == {["s", "rule.objectOwnership", true]}
	found([bucket({}), setting({})]) == {["s", "rule.objectOwnership", false]}
}

test_none if {
	found([bucket({})]) == none
	found([plain({})]) == none
	found([bucket({}), object.union(setting({"rule": {"objectOwnership": "BucketOwnerEnforced"}}), {"operation": "delete"})]) == none
}
