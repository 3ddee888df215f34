# METADATA
# title: A database's storage is encrypted
# description: |
#   Storage that is not encrypted stays so: neither the database nor its snapshots and
#   replicas can be encrypted later without a copy of all of it. A serverless
#   cluster of the first kind always is, and a replica from another region is where
#   its own key is named. Instances of a cluster store nothing of their own.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: data
#   enforcement: mandatory
#   remediation: Set storageEncrypted to true; in a replica from another region name kmsKeyId.
#   related: [AwsSolutions-RDS2, CKV_AWS_96, CT.RDS.PR.16]
package tenantform.rules.rds_storage_encrypted

import data.tenantform.lib.plan

findings contains plan.finding(r, "storageEncrypted", on, "what is in the database lies in the clear on its disks and in its snapshots") if {
	some type in ["aws:rds/cluster:Cluster", "aws:rds/instance:Instance"]
	some r in plan.of_type(type)
	on := plan.get(r, "storageEncrypted")
	on != true
	not otherwise(r, on)
}

# RDS encrypts it although the property is not set.
otherwise(r, null) if {
	r.type == "aws:rds/cluster:Cluster"
	plan.get(r, "engineMode") == "serverless"
}

# An ARN names the source where it is in another region; the property is not looked at then.
otherwise(r, _) if {
	r.type == "aws:rds/instance:Instance"
	startswith(plan.text(plan.get(r, "replicateSourceDb")), "arn:")
	plan.given(r, "kmsKeyId", plan.get(r, "kmsKeyId"))
}
