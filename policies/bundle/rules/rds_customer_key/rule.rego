# METADATA
# title: A database is encrypted with a key of its owner
# description: |
#   Encrypted storage without a key of its own uses AWS's key of RDS, whose policy
#   nobody can change: a snapshot can be given to no other account, and what is in the
#   backups of a tenant that left stays readable. A replica in the same region has
#   its source's key.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A key that is not known before the run is a finding, unless it comes from a key of the plan or of another stack.
#   waivable: "yes"
#   category: data
#   enforcement: production
#   remediation: Set kmsKeyId to the ARN of the owner's key; a new key means a new database, restored from a snapshot.
#   related: [CKV_AWS_327]
package tenantform.rules.rds_customer_key

import data.tenantform.lib.keys
import data.tenantform.lib.plan

findings contains plan.finding(r, "kmsKeyId", key, "the database is encrypted with AWS's own key of RDS, if at all") if {
	some type in ["aws:rds/cluster:Cluster", "aws:rds/instance:Instance"]
	some r in plan.of_type(type)
	key := plan.get(r, "kmsKeyId")
	not keys.own(r, "kmsKeyId", key)
	not of_its_source(r, key)
}

# A name, not an ARN, is that of a source in the same region.
of_its_source(r, null) if {
	source := plan.text(plan.get(r, "replicateSourceDb"))
	source != ""
	not startswith(source, "arn:")
}

of_its_source(r, null) if {
	count(plan.sources_of_type(r, "replicateSourceDb", "aws:rds/instance:Instance")) > 0
}
