# METADATA
# title: Only the platform calls a tenant's code
# description: |
#   The permission to invoke a function that runs a tenant's code is for one of the
#   roles with which the platform calls it for a session of that tenant, the
#   settings' list invoker_roles, where {region} stands for the function's region, in
#   the account of the function, and for nothing but lambda:InvokeFunction. An API
#   Gateway may have it when the API is in the plan and carries the same tenant's
#   tag. Others could pass one tenant's call to another one's code.
# custom:
#   severity: critical
#   scope: stack
#   on_unknown: A principal or action that is not known before the run is a finding, and so is a function that comes from none of the plan; an unknown sourceArn counts when it comes from the tenant's APIs of the plan only.
#   waivable: "never"
#   category: tenancy
#   enforcement: mandatory
#   remediation: Set principal to the ARN of the platform's invoker role in the function's account and action to lambda:InvokeFunction, as the component TenantFunction does.
#   related: [Tenantform.MT7]
package tenantform.rules.untrusted_function_invoker

import data.tenantform.lib.lambda
import data.tenantform.lib.plan
import data.tenantform.lib.tenancy
import data.tenantform.lib.untrusted

permissions := [p |
	some p in plan.of_type("aws:lambda/permission:Permission")
	concerns(p)
]

concerns(p) if untrusted.untrusted(p)

concerns(p) if {
	some f in untrusted.functions
	f.urn in lambda.named(p, "function")
}

findings contains plan.finding(p, "action", plan.get(p, "action"), "the permission is for more than to invoke the function") if {
	some p in permissions
	plan.get(p, "action") != "lambda:InvokeFunction"
}

findings contains plan.finding(p, "principal", plan.get(p, "principal"), "the principal is neither the platform's invoker nor an API of the same tenant, so others can call the tenant's code") if {
	some p in permissions
	not invoker(p)
	not route(p)
}

findings contains plan.finding(p, "functionUrlAuthType", plan.get(p, "functionUrlAuthType"), "the permission is for a function URL, which goes past the platform") if {
	some p in permissions
	plan.get(p, "functionUrlAuthType") != null
}

# A function of another tenant, given by its name.
findings contains plan.finding(p, "function", plan.get(p, "function"), "the function is not the tenant's") if {
	tenancy.alone
	some p in permissions
	name := lambda.function_name(plan.text(plan.get(p, "function")))
	name != ""
	not tenancy.own(name)
}

findings contains f if {
	some p in permissions
	some f in plan.misfits(p, "function", plan.get(p, "function"), {"string"})
}

findings contains plan.finding(p, "function", called, "whose function this is cannot be told") if {
	tenancy.alone
	some p in permissions
	called := plan.get(p, "function")
	plan.is_opaque(called)
	count(lambda.named(p, "function")) == 0
}

invoker(p) if {
	parts := split(plan.text(plan.get(p, "principal")), ":")
	count(parts) == 6
	parts[0] == "arn"
	parts[2] == "iam"
	of_account(parts[4], p)
	startswith(parts[5], "role/")
	segments := split(parts[5], "/")
	called_invoker(segments[count(segments) - 1], p)
}

called_invoker(role, p) if {
	some name in data.tenantform.settings.invoker_roles
	role == replace(name, "{region}", p.provider.region)
}

# As with the account, below.
called_invoker(role, p) if {
	not p.provider.region
	input.subject.program == ""
	some name in data.tenantform.settings.invoker_roles
	parts := split(name, "{region}")
	startswith(role, parts[0])
	endswith(role, parts[count(parts) - 1])
}

of_account(id, p) if id == p.provider.account

# A default provider, which the project's own programs have not, does not tell its account.
of_account(_, p) if {
	not p.provider.account
	input.subject.program == ""
}

# An API of the plan that is the tenant's; by its id where that is known.
route(p) if {
	plan.get(p, "principal") == "apigateway.amazonaws.com"
	from := plan.sources(p, "sourceArn")
	count(from) > 0
	every urn in from { own_api(urn) }
}

own_api(urn) if {
	plan.by_urn[urn].type in {"aws:apigateway/restApi:RestApi", "aws:apigatewayv2/api:Api"}
	tenancy.tagged[urn] == tenancy.tenant
}
