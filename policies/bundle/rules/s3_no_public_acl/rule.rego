# METADATA
# title: No ACL makes a bucket or an object public
# description: |
#   An ACL that lets in everybody, or everybody with an AWS account, publishes what
#   it is on, and nothing in the bucket's policy shows it. Canned ACLs and grants of
#   buckets, objects and copies are read, and the grants on access logs. It holds
#   also where a public access block makes S3 ignore the ACL.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: An ACL, or a grantee's URI, that is not known before the run is a finding.
#   waivable: "yes"
#   category: storage
#   enforcement: mandatory
#   remediation: Leave acl and grants out, disable ACLs with an aws.s3.BucketOwnershipControls of BucketOwnerEnforced, and let others in by the bucket's policy.
#   related: [CKV_AWS_20, CKV_AWS_57, S3.2, S3.3]
package tenantform.rules.s3_no_public_acl

import data.tenantform.lib.plan
import data.tenantform.lib.s3

findings contains plan.finding(r, "acl", acl, "the ACL lets in everybody, or is none that S3 has") if {
	some type in array.concat(s3.setting_types.acl, [
		"aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2",
		"aws:s3/bucketObject:BucketObject", "aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/objectCopy:ObjectCopy",
	])
	some r in plan.of_type(type)
	acl := plan.get(r, "acl")
	not acl in closed
}

closed := {null, "", "private", "log-delivery-write", "aws-exec-read", "bucket-owner-read", "bucket-owner-full-control"}

findings contains plan.finding(r, property, uri, "the grant is for everybody") if {
	some [r, property, grants] in lists
	some grant in plan.list(grants)
	uri := grantee(grant)
	public(uri)
}

lists := array.concat(
	array.concat(
		[[r, "targetGrants", plan.get(r, "targetGrants")] | some r in s3.settings("logging")],
		[[r, property, plan.get(r, property)] |
			some type, property in holders
			some r in plan.of_type(type)
		],
	),
	[[r, "accessControlPolicy.grants", plan.field(plan.get(r, "accessControlPolicy"), "grants")] |
		some r in s3.settings("acl")
	],
)

holders := {
	"aws:s3/bucket:Bucket": "grants",
	"aws:s3/bucketV2:BucketV2": "grants",
	"aws:s3/objectCopy:ObjectCopy": "grants",
}

# The URI is in the grant or in its grantee; one that cannot be looked into is itself.
grantee(grant) := uri if {
	uri := plan.field(grant, "uri")
	uri != null
} else := plan.field(plan.field(grant, "grantee"), "uri")

public(uri) if plan.is_opaque(uri)

public(uri) if contains(plan.text(uri), "/global/")

public(uri) if not type_name(uri) in {"string", "null", "object"}

findings contains f if {
	some r in s3.settings("acl")
	some f in plan.misfits(r, "accessControlPolicy", plan.get(r, "accessControlPolicy"), {"object"})
}
