# METADATA
# title: A log group is encrypted with a key of its owner
# description: |
#   CloudWatch encrypts every log group, with a key of AWS's own unless another is
#   named. With a key of the owner's the key's policy says who may read the logs,
#   and without the key nobody can: a tenant's logs go with its key. Groups of the
#   class DELIVERY take no key of their own.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A key that is not known before the run is a finding, unless it comes from a key of the plan or of another stack.
#   waivable: "yes"
#   category: logging
#   enforcement: mandatory
#   remediation: Set kmsKeyId to the ARN of the owner's key. Let the key's policy allow logs.<region>.amazonaws.com to use it for the group, by kms:EncryptionContext:aws:logs:arn.
#   related: [CKV_AWS_158]
package tenantform.rules.log_group_encrypted

import data.tenantform.lib.keys
import data.tenantform.lib.plan

findings contains plan.finding(r, "kmsKeyId", key, "the log group is encrypted with AWS's own key") if {
	some r in plan.of_type("aws:cloudwatch/logGroup:LogGroup")
	plan.get(r, "logGroupClass") != "DELIVERY"
	key := plan.get(r, "kmsKeyId")
	not named(r, key)
}

# Logs takes the key itself, no alias of it.
named(r, key) if {
	keys.own(r, "kmsKeyId", key)
	not keys.aliased(r, "kmsKeyId")
}
