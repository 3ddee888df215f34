# METADATA
# title: A table can be restored to any moment of the last weeks
# description: |
#   With point-in-time recovery DynamoDB keeps a table's changes, so that what a
#   fault or a wrong hand overwrote can be brought back. Backups that are taken
#   once a day lose what came after. Each replica has a recovery of its own.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: data
#   enforcement: production
#   remediation: Set pointInTimeRecovery.enabled to true, and pointInTimeRecovery of each replica.
#   related: [AwsSolutions-DDB3, CKV_AWS_28, DynamoDB.2, CT.DYNAMODB.PR.1]
package tenantform.rules.dynamodb_point_in_time_recovery

import data.tenantform.lib.plan

findings contains plan.finding(t, "pointInTimeRecovery.enabled", on, "what is overwritten in the table cannot be brought back") if {
	some t in plan.of_type("aws:dynamodb/table:Table")
	on := plan.field(plan.get(t, "pointInTimeRecovery"), "enabled")
	on != true
}

findings contains plan.finding(t, property, on, "what is overwritten in this replica of the table cannot be brought back") if {
	some t in plan.of_type("aws:dynamodb/table:Table")
	some i, replica in plan.list(plan.get(t, "replicas"))
	on := plan.field(replica, "pointInTimeRecovery")
	on != true
	property := sprintf("replicas[%d].pointInTimeRecovery", [i])
}

findings contains plan.finding(r, "pointInTimeRecovery", on, "what is overwritten in the replica cannot be brought back") if {
	some r in plan.of_type("aws:dynamodb/tableReplica:TableReplica")
	on := plan.get(r, "pointInTimeRecovery")
	on != true
}
