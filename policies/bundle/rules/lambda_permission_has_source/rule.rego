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

findings contains plan.finding(p, "principal", plan.get(p, "principal"), "the service may invoke the function for any account") if {
	some p in of_services
	not lambda.for_source(p)
}

findings contains plan.finding(p, "sourceAccount", plan.get(p, "sourceAccount"), "the ARN names no account, so whoever has a source of this name may invoke the function") if {
	some p in of_services
	lambda.without_account(p)
	lambda.for_source(p)
}

# Permissions of services that are not for one account.
of_services := [p |
	some p in lambda.permissions
	service(p, plan.get(p, "principal"))
	not lambda.for_account(p)
]

service(_, principal) if {
	is_string(principal)
	contains(principal, ".amazonaws.")
}

# What is no text may be a service's name in another form.
service(_, principal) if {
	not is_string(principal)
	not plan.is_opaque(principal)
	principal != null
}

service(p, principal) if {
	plan.is_opaque(principal)
	not lambda.identity(p)
}
