# METADATA
# title: A layer is for an account or an organization
# description: |
#   A layer's permission for the principal "*" without an organization lets every
#   account of AWS read the code in the layer.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: A principal that is not known is a finding, unless an organization is set.
#   waivable: "yes"
#   category: compute
#   enforcement: mandatory
#   remediation: Set principal to an account, or set organizationId beside the principal "*".
#   related: [CT.LAMBDA.PR.4]
package tenantform.rules.lambda_layer_permission_limited

import data.tenantform.lib.lambda
import data.tenantform.lib.plan

findings contains plan.finding(p, "principal", principal, "every account of AWS may read the layer") if {
	some p in plan.of_type("aws:lambda/layerVersionPermission:LayerVersionPermission")
	principal := plan.get(p, "principal")
	not lambda.fixed(principal)
	not plan.given(p, "organizationId", plan.get(p, "organizationId"))
}
