# METADATA
# title: Not everybody may invoke a function
# description: |
#   A permission for the principal "*" lets every account of AWS invoke the
#   function, with the function's role at the end of it, unless an organization, an
#   account or an ARN narrows it. One for a function URL without a signature lets
#   in the internet.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: A principal that is not known is a finding, unless it comes from roles or users of the plan. A sourceArn that is not known counts where it comes from another resource.
#   waivable: exact
#   category: compute
#   enforcement: mandatory
#   remediation: Set principal to an account, a role's ARN or a service. Where it has to be "*", set principalOrgId, sourceAccount or sourceArn.
#   related: [LambdaFunctionPublicAccessProhibited, CKV_AWS_301, Lambda.1, CT.LAMBDA.PR.2]
package tenantform.rules.lambda_permission_not_public

import data.tenantform.lib.lambda
import data.tenantform.lib.plan

findings contains plan.finding(p, "principal", principal, "every account of AWS may invoke the function") if {
	some p in lambda.permissions
	principal := plan.get(p, "principal")
	not lambda.fixed(principal)
	not lambda.identity(p)
	not narrowed(p)
}

findings contains plan.finding(p, "functionUrlAuthType", auth, "callers of the function URL need no signature") if {
	some p in lambda.permissions
	auth := plan.get(p, "functionUrlAuthType")
	not auth in {null, "AWS_IAM"}
}

narrowed(p) if lambda.fixed(plan.get(p, "principalOrgId"))

narrowed(p) if lambda.for_account(p)

narrowed(p) if lambda.for_source(p)
