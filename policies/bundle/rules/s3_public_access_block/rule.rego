# METADATA
# title: Every bucket blocks public access
# description: |
#   Each bucket of the plan needs a public access block in the same plan that is
#   its own and has all four settings on. The account's own block does not
#   count: another stack may switch it off.
# custom:
#   severity: critical
#   scope: stack
#   on_unknown: A block is the bucket's when its bucket property comes from that bucket alone, or is its known name. A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: storage
#   enforcement: mandatory
#   remediation: Add an aws.s3.BucketPublicAccessBlock for the bucket with blockPublicAcls, blockPublicPolicy, ignorePublicAcls and restrictPublicBuckets true.
#   related: [AwsSolutions-S2, CKV2_AWS_6, S3.1, S3.8, CT.S3.PR.1]
package tenantform.rules.s3_public_access_block

import data.tenantform.lib.plan

bucket_types := ["aws:s3/bucketV2:BucketV2", "aws:s3/bucket:Bucket"]

buckets := [r | some type in bucket_types; some r in plan.of_type(type)]

blocks := plan.of_type("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")

settings := ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"]

findings contains plan.finding(bucket, "", null, "no public access block in the plan is of this bucket") if {
	some bucket in buckets
	not blocked(bucket)
}

findings contains plan.finding(block, setting, value, "the setting is not on") if {
	some block in blocks
	some setting in settings
	value := plan.get(block, setting)
	value != true
}

blocked(bucket) if bucket.urn in covered

blocked(bucket) if plan.get(bucket, "bucket") in covered_names

blocked(bucket) if bucket.id in covered_names

# Buckets that a block's bucket comes from, if it comes from that one only.
covered := {urn |
	some block in blocks
	from := {u | some type in bucket_types; some u in plan.sources_of_type(block, "bucket", type)}
	count(from) == 1
	some urn in from
}

covered_names := {name | some block in blocks; name := plan.text(plan.get(block, "bucket")); name != ""}
