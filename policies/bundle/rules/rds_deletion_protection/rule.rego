# METADATA
# title: A database refuses to be deleted
# description: |
#   With deletion protection RDS refuses to delete the database, whoever asks and with
#   whatever tool; taking it away takes two steps, of which the first loses
#   nothing. A run that is to take the database away, a finished move's or a
#   confirmed deletion's, may leave it off.
# custom:
#   severity: high
#   scope: operation
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "exact"
#   category: data
#   enforcement: production
#   remediation: Set deletionProtection to true. To take the database away, run with the release of the finished move or of the confirmed deletion.
#   related: [AwsSolutions-RDS10, CKV_AWS_139, RDS.7]
package tenantform.rules.rds_deletion_protection

import data.tenantform.lib.plan
import data.tenantform.lib.release

findings contains plan.finding(r, "deletionProtection", on, "one call deletes the database and its backups") if {
	some type in ["aws:rds/cluster:Cluster", "aws:rds/instance:Instance"]
	some r in plan.of_type(type)
	on := plan.get(r, "deletionProtection")
	on != true
	not release.covers(r)
}
