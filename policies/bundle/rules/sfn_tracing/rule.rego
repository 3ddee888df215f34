# METADATA
# title: A state machine is traced
# description: |
#   With tracing X-Ray shows the way of a request through the state machine and
#   the services that it calls, and where the time went.
# custom:
#   severity: low
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: logging
#   enforcement: production
#   remediation: Set tracingConfiguration.enabled to true and let the role do xray:PutTraceSegments and xray:PutTelemetryRecords.
#   related: [AwsSolutions-SF2, CKV_AWS_284]
package tenantform.rules.sfn_tracing

import data.tenantform.lib.plan

findings contains plan.finding(r, "tracingConfiguration", config, "the state machine is not traced") if {
	some r in plan.of_type("aws:sfn/stateMachine:StateMachine")
	config := plan.get(r, "tracingConfiguration")
	not is_set(config)
}

findings contains plan.finding(r, "tracingConfiguration.enabled", enabled, "the state machine is not traced") if {
	some r in plan.of_type("aws:sfn/stateMachine:StateMachine")
	config := plan.get(r, "tracingConfiguration")
	is_set(config)
	enabled := object.get(config, "enabled", null)
	enabled != true
}

# A configuration that can be looked into.
is_set(config) if {
	is_object(config)
	not plan.is_opaque(config)
}
