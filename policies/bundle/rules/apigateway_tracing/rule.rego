# METADATA
# title: A stage is traced
# description: |
#   With tracing X-Ray shows the way of a request from the API through the
#   functions behind it, and where it was slow or failed.
# custom:
#   severity: low
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: logging
#   enforcement: production
#   remediation: Set xrayTracingEnabled to true.
#   related: [CKV_AWS_73, APIGateway.3]
package tenantform.rules.apigateway_tracing

import data.tenantform.lib.apigateway
import data.tenantform.lib.plan

findings contains plan.finding(s, "xrayTracingEnabled", enabled, "requests to the stage leave no trace") if {
	some s in apigateway.stages
	enabled := plan.get(s, "xrayTracingEnabled")
	enabled != true
}
