# METADATA
# title: A bucket has a lifecycle
# description: |
#   Without rules a bucket keeps every old version and every part of an upload that
#   was given up, for ever and at full price, and what a tenant's deletion must
#   remove stays. Each bucket of the plan needs a rule that is enabled.
# custom:
#   severity: low
#   scope: stack
#   on_unknown: A configuration is the bucket's when its bucket property comes from that bucket alone, or is its known name. Rules, or a status, that are not known before the run are a finding.
#   waivable: "yes"
#   category: storage
#   enforcement: production
#   remediation: Add an aws.s3.BucketLifecycleConfigurationV2 for the bucket, with a rule of status Enabled that has noncurrentVersionExpiration and abortIncompleteMultipartUpload.
#   related: [CKV2_AWS_61, S3.13, CT.S3.PR.6]
package tenantform.rules.s3_lifecycle

import data.tenantform.lib.plan
import data.tenantform.lib.s3

findings contains plan.finding(bucket, "", null, "nothing in the plan says how long this bucket keeps what is old") if {
	some bucket in s3.buckets
	not bucket.urn in set_apart
	count(plan.list(plan.get(bucket, "lifecycleRules"))) == 0
}

findings contains plan.finding(r, property, rules, "no rule is enabled") if {
	some [r, property, rules, key, on] in configured
	not enabled(rules, key, on)
	not perhaps(rules, key)
}

findings contains plan.unverifiable(r, property, rules, "whether a rule is enabled is known only after the run") if {
	some [r, property, rules, key, on] in configured
	not enabled(rules, key, on)
	perhaps(rules, key)
}

set_apart := s3.having("lifecycle")

# What has rules, where, the rules, and what is to be in them.
configured := array.concat(
	[[c, "rules", plan.get(c, "rules"), "status", "Enabled"] | some c in s3.settings("lifecycle")],
	[[b, "lifecycleRules", rules, "enabled", true] |
		some b in s3.buckets
		rules := plan.get(b, "lifecycleRules")
		count(plan.list(rules)) > 0
	],
)

enabled(rules, key, on) if {
	some rule in plan.list(rules)
	plan.field(rule, key) == on
}

perhaps(rules, key) if {
	some rule in plan.list(rules)
	plan.is_opaque(plan.field(rule, key))
}
