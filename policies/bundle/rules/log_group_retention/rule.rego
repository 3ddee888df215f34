# METADATA
# title: A log group keeps its logs for a set time
# description: |
#   Without a retention CloudWatch keeps logs for ever: they cost more each
#   month, and what a tenant's deletion must remove stays.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A retention that is not known before the run is a finding.
#   waivable: "yes"
#   category: logging
#   enforcement: mandatory
#   remediation: Set retentionInDays to the tier's log retention, a number of days above zero.
#   related: [CloudWatchLogGroupRetentionPeriod, CKV_AWS_66, CKV_AWS_338]
package tenantform.rules.log_group_retention

import data.tenantform.lib.plan

findings contains plan.finding(r, "retentionInDays", days, "the log group keeps its logs for ever") if {
	some r in plan.of_type("aws:cloudwatch/logGroup:LogGroup")
	plan.get(r, "logGroupClass") != "DELIVERY" # AWS sets the retention of this class itself
	days := plan.get(r, "retentionInDays")
	not set(days)
}

set(days) if {
	is_number(days)
	days > 0
}
