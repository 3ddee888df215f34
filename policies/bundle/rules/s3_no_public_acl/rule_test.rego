package tenantform.rules.s3_no_public_acl_test

import data.tenantform.rules.s3_no_public_acl as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

r(type, inputs) := {"urn": "r", "type": type, "operation": "create", "inputs": inputs}

types := [
	"aws:s3/bucketAclV2:BucketAclV2", "aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2",
	"aws:s3/bucketObject:BucketObject", "aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/objectCopy:ObjectCopy",
]

test_acl if every type in types {
	found([r(type, {})]) == set()
	every acl in ["private", "log-delivery-write", "bucket-owner-full-control", ""] { found([r(type, {"acl": acl})]) == set() }
	every acl in ["public-read", "public-read-write", "authenticated-read", "Public-Read", 1] { found([r(type, {"acl": acl})]) == {["r", "acl", false]} }
	found([r(type, {"acl": unknown})]) == {["r", "acl", true]}
	found([r(type, {"acl": secret})]) == {["r", "acl", true]}
}

everybody := "http://acs.amazonaws.com/groups/global/AllUsers"

test_grants if every type in ["aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2", "aws:s3/objectCopy:ObjectCopy"] {
	found([r(type, {"grants": [{"id": "x"}, {"uri": "http://acs.amazonaws.com/groups/s3/LogDelivery"}]})]) == set()
	found([r(type, {"grants": [{"uri": everybody}]})]) == {["r", "grants", false]}
	found([r(type, {"grants": [{"uri": "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"}]})]) == {["r", "grants", false]}
	found([r(type, {"grants": [{"uri": unknown}]})]) == {["r", "grants", true]}
	found([r(type, {"grants": unknown})]) == {["r", "grants", true]}
	found([r(type, {"grants": [secret]})]) == {["r", "grants", true]}
	found([r(type, {"grants": [{"uri": 1}]})]) == {["r", "grants", false]}
}

acl(policy) := found([r("aws:s3/bucketAclV2:BucketAclV2", {"accessControlPolicy": policy})])

test_access_control_policy if {
	acl({"grants": [{"grantee": {"type": "CanonicalUser", "id": "x"}, "permission": "READ"}]}) == set()
	acl({"grants": [{"grantee": {"type": "Group", "uri": everybody}}]}) == {["r", "accessControlPolicy.grants", false]}
	acl({"grants": [{"grantee": unknown}]}) == {["r", "accessControlPolicy.grants", true]}
	acl({"grants": unknown}) == {["r", "accessControlPolicy.grants", true]}
	acl(unknown) == {["r", "accessControlPolicy.grants", true]}
}

test_grants_on_logs if {
	found([r("aws:s3/bucketLoggingV2:BucketLoggingV2", {"targetGrants": [{"grantee": {"uri": everybody}}]})]) == {["r", "targetGrants", false]}
}
