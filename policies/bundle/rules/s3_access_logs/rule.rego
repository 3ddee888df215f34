# METADATA
# title: The requests to a bucket are logged
# description: |
#   Access logs tell who read which object, and when, which nobody can find out
#   afterwards. Data events in CloudTrail do the same and are set for an account, where
#   no plan of a bucket shows them; where that is done, waive this. The buckets that logs are
#   delivered to are left out.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A setting is the bucket's when its bucket property comes from that bucket alone, or is its known name. A target that is not known and comes from no other resource is a finding.
#   waivable: "yes"
#   category: logging
#   enforcement: mandatory
#   remediation: Add an aws.s3.BucketLoggingV2 for the bucket with targetBucket and targetPrefix, or record the data events of the account's buckets.
#   related: [AwsSolutions-S1, CKV_AWS_18, S3.9, CT.S3.PR.2]
package tenantform.rules.s3_access_logs

import data.tenantform.lib.plan
import data.tenantform.lib.s3

findings contains plan.finding(bucket, "", null, "nothing in the plan logs the requests to this bucket") if {
	some bucket in s3.buckets
	not bucket.urn in logged
	not bucket.urn in s3.log_targets
	count(plan.list(plan.get(bucket, "loggings"))) == 0
}

findings contains plan.finding(l, "targetBucket", target, "no bucket is named for the logs") if {
	some l in s3.settings("logging")
	target := plan.get(l, "targetBucket")
	not plan.given(l, "targetBucket", target)
}

findings contains plan.finding(bucket, "loggings", target, "no bucket is named for the logs") if {
	some bucket in s3.buckets
	some logging in plan.list(plan.get(bucket, "loggings"))
	target := plan.field(logging, "targetBucket")
	not plan.given(bucket, "loggings", target)
}

logged := s3.having("logging")
