# METADATA
# title: A table refuses to be deleted
# description: |
#   With deletion protection DynamoDB refuses to delete the table, whoever asks and
#   with whatever tool; taking it away takes two steps, of which the first loses
#   nothing. A run that is to take the table away, a finished move's or a
#   confirmed deletion's, may leave it off.
# custom:
#   severity: high
#   scope: operation
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "exact"
#   category: data
#   enforcement: production
#   remediation: Set deletionProtectionEnabled to true, on replicas too. To take the table away, run with the release of the finished move or of the confirmed deletion.
#   related: [DynamoDB.6]
package tenantform.rules.dynamodb_deletion_protection

import data.tenantform.lib.plan
import data.tenantform.lib.release

findings contains plan.finding(t, "deletionProtectionEnabled", on, "one call deletes the table and all that is in it") if {
	some type in ["aws:dynamodb/table:Table", "aws:dynamodb/tableReplica:TableReplica"]
	some t in plan.of_type(type)
	on := plan.get(t, "deletionProtectionEnabled")
	on != true
	not release.covers(t)
}
