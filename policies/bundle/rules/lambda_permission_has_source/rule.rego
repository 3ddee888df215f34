# METADATA
# title: A service may invoke a function for one source only
# description: |
#   A permission for a service without a source lets the service act for
#   everybody: any account's topic, bucket or API reaches the function. The ARN of
#   a bucket names no account, so that whoever takes the name later is let in too.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: A sourceArn or sourceAccount that is not known counts where it comes from another resource. A principal that is not known may be a service's, unless it comes from roles or users of the plan.
#   waivable: "yes"
#   category: compute
#   enforcement: mandatory
#   remediation: Set sourceArn to what may invoke the function; for a bucket, set sourceAccount too.
#   related: [CKV_AWS_364, Lambda.1]
package tenantform.rules.lambda_permission_has_source

import data.tenantform.lib.lambda
import data.tenantform.lib.plan

findings contains plan.finding(p, "principal", principal, "the service may invoke the function for any account") if {
	some p in lambda.permissions
	principal := plan.get(p, "principal")
	service(p, principal)
	not lambda.for_account(p)
	not lambda.for_source(p)
}

findings contains plan.finding(p, "sourceAccount", account, "the ARN names no account, so whoever has a source of this name may invoke the function") if {
	some p in lambda.permissions
	service(p, plan.get(p, "principal"))
	lambda.for_source(p)
	lambda.without_account(p)
	account := plan.get(p, "sourceAccount")
	not lambda.for_account(p)
}

service(_, principal) if {
	is_string(principal)
	contains(principal, ".amazonaws.")
}

service(p, principal) if {
	plan.is_opaque(principal)
	not lambda.identity(p)
}
