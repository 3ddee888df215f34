package tenantform.rules.s3_versioning_test

import data.tenantform.rules.s3_versioning as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

bucket(inputs) := {"urn": "b", "type": "aws:s3/bucketV2:BucketV2", "operation": "create", "inputs": inputs}

plain(inputs) := object.union(bucket(inputs), {"type": "aws:s3/bucket:Bucket"})

setting(inputs) := {
	"urn": "s", "type": "aws:s3/bucketVersioningV2:BucketVersioningV2", "operation": "create",
	"inputs": object.union({"bucket": unknown}, inputs), "propertyDependencies": {"bucket": ["b"]},
}

none := {["b", "", false]}

status(value) := found([bucket({}), setting({"versioningConfiguration": {"status": value}})])

wrong := {["s", "versioningConfiguration.status", false]}

hidden := {["s", "versioningConfiguration.status", true]}

test_apart if {
	status("Enabled") == set()
	every value in ["Suspended", "Disabled", "", null, true] { status(value) == wrong }
	found([bucket({}), setting({})]) == wrong
	status(unknown) == hidden
	status(secret) == hidden
	found([bucket({}), setting({"versioningConfiguration": unknown})]) == hidden
}

test_none if {
	found([bucket({})]) == none
	found([plain({})]) == none
	found([bucket({}), object.union(setting({"versioningConfiguration": {"status": "Enabled"}}), {"operation": "delete"})]) == none
}

test_within if {
	found([plain({"versioning": {"enabled": true}})]) == set()
	found([plain({"versioning": {"enabled": false}})]) == {["b", "versioning", false]}
	found([plain({"versioning": unknown})]) == {["b", "versioning", true]}
	found([bucket({"versionings": [{"enabled": true}]})]) == set()
	found([bucket({"versionings": [{"mfaDelete": true}]})]) == {["b", "versionings", false]}
}
