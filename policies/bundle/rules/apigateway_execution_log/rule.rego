# METADATA
# title: A stage logs the errors on the way of a request
# description: |
#   The execution log tells why API Gateway refused a request or could not reach
#   what is behind it, which the access log does not. It takes settings for every
#   method with the level ERROR or INFO.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A level that is not known before the run is a finding. Settings belong to a stage by where their stageName comes from, or by the API and the name.
#   waivable: "yes"
#   category: logging
#   enforcement: production
#   remediation: Add MethodSettings for the stage with the methodPath "*/*" and settings.loggingLevel ERROR or INFO.
#   related: [AwsSolutions-APIG6, CKV2_AWS_4, APIGateway.1, CT.APIGATEWAY.PR.1]
package tenantform.rules.apigateway_execution_log

import data.tenantform.lib.apigateway
import data.tenantform.lib.plan

findings contains plan.finding(s, "stageName", plan.text(plan.get(s, "stageName")), "no settings switch on the log of every method of the stage") if {
	some s in apigateway.stages
	not settled(s)
}

settled(s) if {
	some settings in apigateway.settings_of(s)
	apigateway.every_method(settings)
}

findings contains plan.finding(settings, "settings.loggingLevel", level, "errors of these methods are not logged") if {
	some settings in apigateway.settings
	level := plan.field(plan.get(settings, "settings"), "loggingLevel")
	not level in {"ERROR", "INFO"}
	not inherits(settings, level)
}

# What is set for one method and says nothing of the log leaves it as it is for all.
inherits(settings, null) if {
	is_string(plan.get(settings, "methodPath"))
	not apigateway.every_method(settings)
}
