# METADATA
# title: A stage writes an access log
# description: |
#   The access log tells which key or caller asked for what, when, and with what
#   result; without it nobody can tell a tenant's use or misuse of the API. A stage
#   that a deployment makes by the way has no log.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A log that is not known counts where it comes from another resource.
#   waivable: "yes"
#   category: logging
#   enforcement: production
#   remediation: Set accessLogSettings.destinationArn to a log group, and accessLogSettings.format. Make the stage a resource of its own.
#   related: [AwsSolutions-APIG1, CKV_AWS_76]
package tenantform.rules.apigateway_access_log

import data.tenantform.lib.apigateway
import data.tenantform.lib.plan

findings contains plan.finding(s, "accessLogSettings.destinationArn", destination, "nobody can tell who used the API") if {
	some type in [apigateway.stage_type, "aws:apigatewayv2/stage:Stage"]
	some s in plan.of_type(type)
	destination := plan.field(plan.get(s, "accessLogSettings"), "destinationArn")
	not plan.given(s, "accessLogSettings", destination)
}

findings contains plan.finding(d, "stageName", name, "the deployment makes a stage by the way, without an access log") if {
	some d in plan.of_type("aws:apigateway/deployment:Deployment")
	name := plan.get(d, "stageName")
	not name in {null, ""}
}
