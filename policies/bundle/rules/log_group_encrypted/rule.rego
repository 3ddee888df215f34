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
#   enforcement: advisory
#   remediation: Set kmsKeyId to the ARN of the owner's key. Let the key's policy allow logs.<region>.amazonaws.com to use it for the group, by kms:EncryptionContext:aws:logs:arn.
#   related: [CKV_AWS_158]
package tenantform.rules.log_group_encrypted

import data.tenantform.lib.plan

findings contains plan.finding(r, "kmsKeyId", key, "the log group is encrypted with AWS's own key") if {
	some r in plan.of_type("aws:cloudwatch/logGroup:LogGroup")
	plan.get(r, "logGroupClass") != "DELIVERY"
	key := plan.get(r, "kmsKeyId")
	not named(r, key)
}

named(_, key) if {
	is_string(key)
	key != ""
}

named(r, key) if {
	plan.is_unknown(key)
	some urn in object.get(r, ["propertyDependencies", "kmsKeyId"], [])
	keys[type_of(urn)]
}

type_of(urn) := type if {
	types := split(split(urn, "::")[2], "$")
	type := types[count(types) - 1]
}

# What an ARN of a key comes from; a key may also belong to another stack.
keys := {
	"aws:kms/externalKey:ExternalKey": true,
	"aws:kms/key:Key": true,
	"aws:kms/replicaKey:ReplicaKey": true,
	"pulumi:pulumi:StackReference": true,
}
