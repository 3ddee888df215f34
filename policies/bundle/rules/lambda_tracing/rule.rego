# METADATA
# title: A function is traced
# description: |
#   With active tracing X-Ray shows where a request spent its time and which call
#   failed. In the mode PassThrough, Lambda's default, a function that nobody
#   upstream traces has none.
# custom:
#   severity: low
#   scope: resource
#   on_unknown: A mode that is not known before the run is a finding.
#   waivable: "yes"
#   category: logging
#   enforcement: production
#   remediation: Set tracingConfig.mode to Active, and let the function's role put trace segments.
#   related: [LambdaTracing, CKV_AWS_50]
package tenantform.rules.lambda_tracing

import data.tenantform.lib.lambda
import data.tenantform.lib.plan

findings contains plan.finding(f, "tracingConfig.mode", mode, "requests to the function leave no trace of their own") if {
	some f in lambda.functions
	mode := plan.field(plan.get(f, "tracingConfig"), "mode")
	mode != "Active"
}
