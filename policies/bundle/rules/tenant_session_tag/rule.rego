# METADATA
# title: A role that works for tenants works for one at a time
# description: |
#   Who assumes a role of a tenant's stack has to name the tenant with the session
#   tag TenantID, so that a mistaken caller gets no session. A role of a shared stack
#   that may reach tenants' data or functions can be assumed only with that tag, and each
#   such grant is bound to it by a condition or a resource with
#   ${aws:PrincipalTag/TenantID}. Roles that a service of AWS assumes have no
#   session of a tenant; what they may do other rules look at.
# custom:
#   severity: critical
#   scope: stack
#   on_unknown: A trust policy, a document, or what matters of its statements, that is not known before the run is a finding.
#   waivable: exact
#   category: tenancy
#   enforcement: mandatory
#   remediation: Give the statement of the trust policy StringEquals aws:RequestTag/TenantID with the tenant's id, in a shared stack Null aws:RequestTag/TenantID "false", and the grant a condition with ${aws:PrincipalTag/TenantID}.
#   related: [Tenantform.MT17]
package tenantform.rules.tenant_session_tag

import data.tenantform.lib.iam
import data.tenantform.lib.plan
import data.tenantform.lib.tenancy

tag := "aws:RequestTag/TenantID"

scoped if tenancy.alone

scoped if tenancy.together

trusts := [d |
	scoped
	some d in iam.trusts
	concerns(d)
]

concerns(_) if tenancy.alone

concerns(d) if {
	tenancy.together
	d.urn in reaching
}

findings contains iam.unread(d) if {
	some d in trusts
	d.state != "ok"
}

assumptions := [[d, s] |
	some d in trusts
	some s in d.statements
	s.effect == "Allow"
	some pattern in s.actions
	iam.reaches(pattern, "sts", ["assumerole", "assumerolewithwebidentity", "assumerolewithsaml", "tagsession"])
	by_identity(s)
]

# Everything but services of AWS.
by_identity(s) if {
	some [kind, _] in s.principals
	kind != "Service"
}

by_identity(s) if s.negated_principals

by_identity(s) if "Principal" in s.opaque

findings contains plan.finding(d.resource, d.property, s.source, "the role can be assumed without the session tag TenantID of the tenant") if {
	some [d, s] in assumptions
	not tagged(s)
	not iam.vague(s)
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "the conditions are known only after the run, so the role may be assumed without the session tag TenantID") if {
	some [d, s] in assumptions
	not tagged(s)
	iam.vague(s)
}

tagged(s) if {
	tenancy.alone
	values := {value | some [operator, value] in iam.conditions(s, tag); operator == "stringequals"}
	values == {tenancy.tenant}
}

tagged(s) if {
	tenancy.together
	values := {value | some [operator, value] in iam.conditions(s, tag); operator == "null"}
	count(values) > 0
	every value in values { value in {"false", "False", false} }
}

# Grants of shared stacks.

findings contains plan.finding(d.resource, d.property, s.source, "the grant reaches every tenant's data or functions and is not bound to the session's tag TenantID") if {
	some [d, s] in tenant_grants
	not bound(s)
	not iam.vague(s)
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "the conditions are known only after the run, so the grant may not be bound to the session's tag TenantID") if {
	some [d, s] in tenant_grants
	not bound(s)
	iam.vague(s)
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "the actions or the resources are known only after the run, so the grant may reach every tenant's data or functions without the session's tag TenantID") if {
	some d in granting
	some s in d.statements
	s.effect == "Allow"
	not reaches_tenants(s)
	may_reach_tenants(s)
	not bound(s)
}

findings contains iam.unread(d) if {
	some d in granting
	d.state != "ok"
}

granting := [d |
	tenancy.together
	some d in iam.documents
	not d.urn in iam.boundaries
]

tenant_grants := [[d, s] |
	some d in granting
	some s in d.statements
	s.effect == "Allow"
	reaches_tenants(s)
]

# The roles with such grants.
reaching := {urn | some [d, _] in tenant_grants; some urn in role_of(d.resource)}

role_of(r) := {r.urn} if r.type == "aws:iam/role:Role"

role_of(r) := plan.sources_of_type(r, "role", "aws:iam/role:Role") | {role.urn |
	name := plan.text(plan.get(r, "role"))
	name != ""
	some role in plan.of_type("aws:iam/role:Role")
	plan.get(role, "name") == name
} if {
	r.type == "aws:iam/rolePolicy:RolePolicy"
}

role_of(r) := {urn |
	some a in plan.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
	r.urn in plan.sources(a, "policyArn")
	some urn in plan.sources_of_type(a, "role", "aws:iam/role:Role")
} if {
	r.type == "aws:iam/policy:Policy"
}

# Items of tables, and functions by a pattern, are tenants'.
reaches_tenants(s) if {
	some pattern in s.actions
	iam.reaches(pattern, "dynamodb", item_actions)
	some resource in s.resources
	of_service(resource, "dynamodb")
}

reaches_tenants(s) if {
	some pattern in s.actions
	iam.reaches(pattern, "lambda", invocations)
	some resource in s.resources
	of_service(resource, "lambda")
	contains(resource, "*")
	not tenancy.belongs(resource) == "shared"
}

may_reach_tenants(s) if {
	"Resource" in s.opaque
	some pattern in s.actions
	iam.reaches(pattern, "dynamodb", item_actions)
}

may_reach_tenants(s) if {
	"Resource" in s.opaque
	some pattern in s.actions
	iam.reaches(pattern, "lambda", invocations)
}

may_reach_tenants(s) if {
	"Action" in s.opaque
	"Resource" in s.opaque
}

may_reach_tenants(s) if {
	"Action" in s.opaque
	some resource in s.resources
	some service in ["dynamodb", "lambda"]
	of_service(resource, service)
}

invocations := ["invokefunction", "invokeasync", "invokefunctionurl"]

item_actions := [
	"getitem", "batchgetitem", "query", "scan", "putitem", "updateitem", "deleteitem", "batchwriteitem",
	"conditioncheckitem", "partiqlselect", "partiqlinsert", "partiqlupdate", "partiqldelete",
]

of_service(resource, _) if iam.every_resource(resource)

of_service(resource, service) if split(resource, ":")[2] == service

bound(s) if {
	some operator, tests in s.condition
	lower(operator) in {"stringequals", "stringlike", "forallvalues:stringequals", "forallvalues:stringlike"}
	is_object(tests)
	some key, values in tests
	lower(key) in {"aws:resourcetag/tenant-id", "dynamodb:leadingkeys"}
	guarded(lower(operator), s)
	listed := plan.list(values)
	count(listed) > 0
	every value in listed { startswith(plan.text(value), tenancy.variable) }
}

bound(s) if {
	count(s.resources) > 0
	not "Resource" in s.opaque
	every resource in s.resources {
		some name in tenancy.names(resource)
		tenancy.own(name)
	}
}

guarded(operator, _) if not startswith(operator, "forallvalues:")

guarded(operator, s) if {
	startswith(operator, "forallvalues:")
	["null", "false"] in iam.conditions(s, "dynamodb:LeadingKeys")
}
