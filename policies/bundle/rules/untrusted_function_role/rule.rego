# METADATA
# title: The role of a tenant's code grants the code nothing
# description: |
#   The role of a function that runs a tenant's code denies it everything, or
#   has a permissions boundary of ours. A deny counts when it is of every
#   resource, and of every action or every one but those with which
#   Lambda itself writes the function's log and traces; more exceptions count
#   when another such deny takes them back. A condition on a deny is accepted
#   where it holds for every call of the code: lambda:SourceFunctionArn present,
#   or equal to the functions that have the role. Besides, the role may never
#   allow iam, sts or the invocation of functions, may write no log
#   but its own, and has no policy that cannot be read.
# custom:
#   severity: critical
#   scope: stack
#   on_unknown: A document, boundary or role that is not known before the run is a finding.
#   waivable: "never"
#   category: identity
#   enforcement: mandatory
#   remediation: Take the grants away and deny everything, as the component TenantFunction does. Where the code must call AWS set permissionsBoundary to a policy of your own account.
#   related: [Tenantform.MT5]
package tenantform.rules.untrusted_function_role

import data.tenantform.lib.iam
import data.tenantform.lib.plan
import data.tenantform.lib.untrusted

documents(role) := object.get(untrusted.documents_by_role, role.urn, [])

statements(role) := [s | some d in documents(role); some s in d.statements]

findings contains plan.unverifiable(f, "role", plan.get(f, "role"), "the function's role is not in the plan, so what it grants cannot be told") if {
	some f in untrusted.functions
	count(untrusted.roles_of(f)) != 1
}

findings contains plan.unverifiable(d.resource, d.property, d.value, "the document, or its list of statements, is secret or known only after the run; it may grant the code anything") if {
	some role in untrusted.roles
	some d in documents(role)
	d.state == "opaque"
}

findings contains plan.finding(d.resource, d.property, d.value, "this is no policy document that IAM accepts, so what it grants cannot be told") if {
	some role in untrusted.roles
	some d in documents(role)
	d.state == "invalid"
}

findings contains plan.finding(r, property, value, "this policy is not in the plan, so what it grants the code cannot be told") if {
	some role in untrusted.roles
	some [urn, r, property, value] in untrusted.outside
	urn == role.urn
	not accepted(value, role)
}

accepted(arn, _) if data.tenantform.settings.allowed_managed_policies[arn] == "traces"

accepted(arn, role) if {
	data.tenantform.settings.allowed_managed_policies[arn] == "every log"
	denies_logs(role)
}

findings contains plan.finding(role, "permissionsBoundary", boundary(role), message) if {
	some role in untrusted.roles
	not denies_everything(role)
	not bounded(role)
	message := unprotected(role)
}

unprotected(role) := "the role has neither a deny of everything nor a permissions boundary" if boundary(role) == null

unprotected(role) := "the role has no deny of everything, and this boundary is not one of ours" if boundary(role) != null

findings contains plan.finding(d.resource, d.property, s.source, "the statement lets the code use iam, sts or invoke functions") if {
	some role in untrusted.roles
	some d in documents(role)
	some s in d.statements
	dangerous(s)
}

findings contains plan.finding(d.resource, d.property, s.source, "the boundary lets the code use iam, sts or invoke functions") if {
	some role in untrusted.roles
	some urn in plan.sources_of_type(role, "permissionsBoundary", untrusted.policy_type)
	some d in untrusted.documents_by_urn[urn]
	some s in d.statements
	dangerous(s)
	not denies_everything(role)
}

findings contains plan.finding(d.resource, d.property, s.source, "the statement lets the code write other logs than its own") if {
	some role in untrusted.roles
	some d in documents(role)
	some s in d.statements
	s.effect == "Allow"
	some pattern in s.actions
	iam.reaches(pattern, "logs", ["*"])
	not own_logs(s, role)
	not denies_logs(role)
}

# Everything that the code could do with the role.

dangerous(s) if {
	s.effect == "Allow"
	some pattern in s.actions
	forbidden(pattern)
}

dangerous(s) if {
	s.effect == "Allow"
	s.negated_actions
}

dangerous(s) if {
	s.effect == "Allow"
	count(s.opaque & {"Action", "NotAction"}) > 0
}

forbidden(pattern) if iam.reaches(pattern, "iam", ["*"])

forbidden(pattern) if iam.reaches(pattern, "sts", ["*"])

forbidden(pattern) if iam.reaches(pattern, "lambda", ["invokefunction", "invokeasync", "invokefunctionurl"])

own_logs(s, role) if {
	not s.negated_resources
	not "Resource" in s.opaque
	names := {untrusted.log_group(f) | some f in object.get(untrusted.functions_by_role, role.urn, [])}
	every resource in s.resources { within(resource, names) }
}

within(resource, names) if {
	some name in names
	is_string(name)
	regex.match(`^arn:[a-z-]+:logs:[a-z0-9-]+:[0-9]{12}:log-group:`, resource)
	rest := substring(resource, indexof(resource, ":log-group:") + 11, -1)
	rest in {name, concat("", [name, ":*"]), concat("", [name, ":log-stream:*"])}
}

# A deny without exceptions leaves nothing of the logs.
denies_logs(role) if {
	some s in denies(role)
	iam.all_actions(s)
}

# The denies that hold for every call of the code on every resource.
denies(role) := [s |
	some s in statements(role)
	s.effect == "Deny"
	iam.all_resources(s)
	holds_for_code(s, role)
]

denies_everything(role) if {
	some s in denies(role)
	iam.all_actions(s)
}

denies_everything(role) if {
	some s in denies(role)
	s.negated_actions
	not "NotAction" in s.opaque
	every exception in s.not_actions { taken_back(exception, role) }
}

taken_back(action, _) if action in data.tenantform.settings.lambda_service_actions

taken_back(action, role) if {
	some s in denies(role)
	some pattern in s.actions
	iam.includes(pattern, action)
}

# Conditions that hold for every call of the code.

holds_for_code(s, _) if s.condition == {}

holds_for_code(s, _) if {
	[["Null", "lambda:sourcefunctionarn", value]] = clauses(s)
	plan.list(value) in [["false"], [false]]
}

holds_for_code(s, role) if {
	[[operator, "lambda:sourcefunctionarn", value]] = clauses(s)
	lower(operator) in {
		"arnequals", "arnlike", "stringequals", "stringlike",
		"arnequalsifexists", "arnlikeifexists", "stringequalsifexists", "stringlikeifexists",
	}
	fs := object.get(untrusted.functions_by_role, role.urn, [])
	count(fs) > 0
	every f in fs { matched(f, plan.list(value), operator) }
}

clauses(s) := [[operator, lower(key), value] | some operator, keys in s.condition; some key, value in keys]

matched(f, values, operator) if {
	some value in values
	is_string(value)
	parts := split(value, ":")
	count(parts) == 7
	parts[0] == "arn"
	parts[2] == "lambda"
	part_is(parts[3], object.get(f.provider, "region", ""), operator)
	part_is(parts[4], object.get(f.provider, "account", ""), operator)
	parts[5] == "function"
	part_is(parts[6], plan.text(plan.get(f, "name")), operator)
}

matched(_, values, operator) if {
	not contains(lower(operator), "stringequals")
	"*" in values
}

part_is(part, value, _) if {
	part == value
	value != ""
}

part_is("*", _, operator) if not contains(lower(operator), "stringequals")

# Permissions boundaries.

boundary(role) := plan.get(role, "permissionsBoundary")

# One of the plan, whose documents are looked at, or one of an account's own.
bounded(role) if {
	some urn in plan.sources_of_type(role, "permissionsBoundary", untrusted.policy_type)
	every d in object.get(untrusted.documents_by_urn, urn, [{"state": "missing"}]) { d.state == "ok" }
}

bounded(role) if {
	is_string(boundary(role))
	regex.match(`^arn:aws[a-z-]*:iam::[0-9]{12}:policy/.+`, boundary(role))
}
