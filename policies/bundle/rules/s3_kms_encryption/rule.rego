# METADATA
# title: A bucket encrypts with a KMS key
# description: |
#   By default S3 encrypts with keys of its own, which nobody can withdraw, limit to
#   a tenant, or see the use of. Each bucket of the plan needs aws:kms or aws:kms:dsse
#   as its default encryption. Buckets that AWS delivers access logs to are left out: S3
#   and load balancers cannot deliver to a bucket that encrypts with a KMS key.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A configuration is the bucket's when its bucket property comes from that bucket alone, or is its known name. An algorithm that is not known before the run is a finding.
#   waivable: "yes"
#   category: storage
#   enforcement: mandatory
#   remediation: Add an aws.s3.BucketServerSideEncryptionConfigurationV2 with sseAlgorithm aws:kms and kmsMasterKeyId set to the owner's key, and bucketKeyEnabled true.
#   related: [CKV_AWS_145, CT.S3.PR.7]
package tenantform.rules.s3_kms_encryption

import data.tenantform.lib.plan
import data.tenantform.lib.s3

findings contains plan.finding(bucket, "", null, "nothing in the plan says how this bucket encrypts, so that it uses keys of S3") if {
	some bucket in s3.buckets
	not bucket.urn in configured
	not bucket.urn in s3.log_targets
}

findings contains plan.finding(r, property, algorithm, "the bucket does not encrypt with a KMS key") if {
	some [r, property, algorithms] in checked
	some algorithm in algorithms
	not algorithm in {"aws:kms", "aws:kms:dsse"}
}

findings contains plan.finding(r, property, null, "this names no algorithm, so that the bucket encrypts with keys of S3") if {
	some [r, property, algorithms] in checked
	count(algorithms) == 0
}

configured := s3.having("encryption") | {r.urn | some [r, _, _] in within}

checked := [[r, property, algorithms(rules)] |
	some [r, property, rules] in array.concat(apart, within)
	count(s3.log_targets & (s3.of(r, "bucket") | {r.urn})) == 0
]

apart := [[c, "rules", plan.list(plan.get(c, "rules"))] | some c in s3.settings("encryption")]

within := array.concat(
	[[b, "serverSideEncryptionConfiguration", plan.list(plan.field(config, "rule"))] |
		some b in plan.of_type("aws:s3/bucket:Bucket")
		config := plan.get(b, "serverSideEncryptionConfiguration")
		config != null
	],
	[[b, "serverSideEncryptionConfigurations", rules] |
		some b in plan.of_type("aws:s3/bucketV2:BucketV2")
		configs := plan.list(plan.get(b, "serverSideEncryptionConfigurations"))
		count(configs) > 0
		rules := [rule | some config in configs; some rule in plan.list(plan.field(config, "rules"))]
	],
)

# The algorithms of rules; what cannot be looked into stands for its own.
algorithms(rules) := {plan.field(default_rule, "sseAlgorithm") |
	some rule in rules
	some key in ["applyServerSideEncryptionByDefault", "applyServerSideEncryptionByDefaults"]
	some default_rule in plan.list(plan.field(rule, key))
}
