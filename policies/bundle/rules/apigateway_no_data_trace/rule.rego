# METADATA
# title: A stage does not log whole requests
# description: |
#   The data trace writes the headers and bodies of requests and answers into the
#   execution log: tenants' data and tokens, for whoever may read the log.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: logging
#   enforcement: mandatory
#   remediation: Set settings.dataTraceEnabled to false, or leave it out.
#   related: [CKV_AWS_276]
package tenantform.rules.apigateway_no_data_trace

import data.tenantform.lib.apigateway
import data.tenantform.lib.plan

findings contains plan.finding(s, "settings.dataTraceEnabled", enabled, "whole requests and answers are logged") if {
	some s in apigateway.settings
	enabled := plan.field(plan.get(s, "settings"), "dataTraceEnabled")
	not enabled in {false, null}
}

findings contains f if {
	some s in apigateway.settings
	some f in plan.misfits(s, "settings", plan.get(s, "settings"), {"object"})
}
