# METADATA
# title: ACLs are switched off for a bucket
# description: |
#   With BucketOwnerEnforced the bucket's owner owns every object, and policies alone
#   say who may do what. With any other setting whoever uploads an object can keep
#   it to himself or publish it. AWS does so for new buckets; the plan has to say it,
#   so that a change of it is seen.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A setting is the bucket's when its bucket property comes from that bucket alone, or is its known name. An ownership that is not known before the run is a finding.
#   waivable: "yes"
#   category: storage
#   enforcement: mandatory
#   remediation: Add an aws.s3.BucketOwnershipControls for the bucket with rule.objectOwnership BucketOwnerEnforced, and take ACLs out.
#   related: [S3.12, CT.S3.PR.5]
package tenantform.rules.s3_acls_disabled

import data.tenantform.lib.plan
import data.tenantform.lib.s3

findings contains plan.finding(bucket, "", null, "nothing in the plan switches ACLs off for this bucket") if {
	some bucket in s3.buckets
	not bucket.urn in set_apart
}

findings contains plan.finding(c, "rule.objectOwnership", ownership, "ACLs are not switched off") if {
	some c in s3.settings("ownership")
	ownership := plan.field(plan.get(c, "rule"), "objectOwnership")
	ownership != "BucketOwnerEnforced"
}

set_apart := s3.having("ownership")
