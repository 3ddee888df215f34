# METADATA
# title: A bucket keeps the versions of its objects
# description: |
#   Without versions an object that is overwritten or deleted, by mistake or by
#   somebody who broke in, is gone. Each bucket of the plan needs versioning, and
#   has it in production.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A setting is the bucket's when its bucket property comes from that bucket alone, or is its known name. A status that is not known before the run is a finding.
#   waivable: "yes"
#   category: storage
#   enforcement: production
#   remediation: Add an aws.s3.BucketVersioningV2 for the bucket with versioningConfiguration.status Enabled.
#   related: [CKV_AWS_21]
package tenantform.rules.s3_versioning

import data.tenantform.lib.plan
import data.tenantform.lib.s3

findings contains plan.finding(bucket, "", null, "nothing in the plan makes this bucket keep versions") if {
	some bucket in s3.buckets
	not bucket.urn in set_apart
	count(within(bucket)) == 0
}

findings contains plan.finding(v, "versioningConfiguration.status", status, "the bucket keeps no versions") if {
	some v in s3.settings("versioning")
	status := plan.field(plan.get(v, "versioningConfiguration"), "status")
	status != "Enabled"
}

findings contains plan.finding(bucket, property, enabled, "the bucket keeps no versions") if {
	some bucket in s3.buckets
	some [property, versioning] in within(bucket)
	enabled := plan.field(versioning, "enabled")
	enabled != true
}

set_apart := s3.having("versioning")

within(bucket) := [[property, versioning] |
	some property in ["versioning", "versionings"]
	some versioning in plan.list(plan.get(bucket, property))
]
