# METADATA
# title: An alarm's actions are switched on
# description: |
#   An alarm with actionsEnabled false goes off without anybody being told. A
#   metric alarm that only feeds a composite one needs no actions of its own, but
#   must not have them switched off either: who adds one would not notice.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: logging
#   enforcement: mandatory
#   remediation: Take actionsEnabled out or set it to true. To silence an alarm during maintenance use a suppressor, which ends.
#   related: [CKV_AWS_319]
package tenantform.rules.alarm_actions_enabled

import data.tenantform.lib.plan

types := ["aws:cloudwatch/compositeAlarm:CompositeAlarm", "aws:cloudwatch/metricAlarm:MetricAlarm"]

findings contains plan.finding(r, "actionsEnabled", enabled, "the alarm's actions are switched off") if {
	some type in types
	some r in plan.of_type(type)
	enabled := plan.get(r, "actionsEnabled")
	not enabled in {true, null}
}
