# METADATA
# title: A state machine logs what it does
# description: |
#   Without a log nobody can tell what an execution did, and those of the express
#   type leave no history at all. The level must be ALL, ERROR or FATAL and a log
#   group must be named.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A level or a log group that is not known before the run is a finding, unless the log group comes from one of the plan.
#   waivable: "yes"
#   category: logging
#   enforcement: production
#   remediation: Set loggingConfiguration.level to ALL or ERROR and loggingConfiguration.logDestination to the ARN of a log group, followed by :*.
#   related: [AwsSolutions-SF1, CKV_AWS_285, StepFunctions.1]
package tenantform.rules.sfn_logging

import data.tenantform.lib.plan

findings contains plan.finding(r, "loggingConfiguration", config, "the state machine has no log") if {
	some r in plan.of_type("aws:sfn/stateMachine:StateMachine")
	config := plan.get(r, "loggingConfiguration")
	not is_set(config)
}

findings contains plan.finding(r, "loggingConfiguration.level", level, "the state machine logs nothing") if {
	some r in plan.of_type("aws:sfn/stateMachine:StateMachine")
	config := plan.get(r, "loggingConfiguration")
	is_set(config)
	level := object.get(config, "level", null)
	not level in {"ALL", "ERROR", "FATAL"}
}

findings contains plan.finding(r, "loggingConfiguration.logDestination", group, "the state machine's log goes nowhere") if {
	some r in plan.of_type("aws:sfn/stateMachine:StateMachine")
	config := plan.get(r, "loggingConfiguration")
	is_set(config)
	group := object.get(config, "logDestination", null)
	not named(r, group)
}

# A configuration that can be looked into.
is_set(config) if {
	is_object(config)
	not plan.is_opaque(config)
}

named(_, group) if {
	is_string(group)
	group != ""
}

named(r, group) if {
	plan.is_unknown(group)
	count(plan.sources_of_type(r, "loggingConfiguration", "aws:cloudwatch/logGroup:LogGroup")) > 0
}
