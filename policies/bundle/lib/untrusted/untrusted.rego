# METADATA
# title: Code that tenants supplied
# description: |
#   Which functions run it, with which roles, and what these roles grant. A
#   function is untrusted below a TenantFunction component, and in the
#   functions program everything is.
package tenantform.lib.untrusted

import data.tenantform.lib.iam
import data.tenantform.lib.plan

component := "tenantform:tenantfunction:TenantFunction"

above := {r.urn | some r in object.get(plan.every_by_type, component, [])}

# METADATA
# description: Tells whether a resource belongs to code that a tenant supplied.
untrusted(_) if input.subject.program == "functions"

untrusted(r) if contains(r.urn, concat("", [component, "$"]))

untrusted(r) if {
	count(above) > 0
	count(plan.chain(r.urn) & above) > 0
}

# METADATA
# description: The untrusted functions.
functions := [f | some f in plan.of_type("aws:lambda/function:Function"); untrusted(f)]

# METADATA
# description: The name of the log group that a function writes; it may be opaque.
log_group(f) := plan.get(f, "loggingConfig") if plan.is_opaque(plan.get(f, "loggingConfig"))

log_group(f) := object.get(
	f, ["inputs", "loggingConfig", "logGroup"],
	concat("", ["/aws/lambda/", plan.text(plan.get(f, "name"))]),
) if {
	not plan.is_opaque(plan.get(f, "loggingConfig"))
}

# METADATA
# description: The URNs of the roles that a function may have; none when its role is not in the plan.
roles_of(f) := plan.sources_of_type(f, "role", role_type) | {urn |
	some urn in roles_by_name[role_name(plan.text(plan.get(f, "role")))]
}

role_type := "aws:iam/role:Role"

role_name(arn) := name if {
	parts := split(arn, "/")
	name := parts[count(parts) - 1]
}

roles_by_name := {name: urns |
	some name in {x.name | some x in named_roles}
	urns := {x.urn | some x in named_roles; x.name == name}
}

named_roles := [{"name": name, "urn": r.urn} |
	some r in plan.of_type(role_type)
	name := plan.text(plan.get(r, "name"))
	name != ""
]

# METADATA
# description: The functions that run with a role, by the role's URN.
functions_by_role := {urn: fs |
	some urn in used
	fs := [functions[use.function] | some use in uses; use.role == urn]
}

uses := [{"role": urn, "function": i} | some i, f in functions; some urn in roles_of(f)]

used := {use.role | some use in uses}

# METADATA
# description: The roles of untrusted functions, and those that belong to untrusted code without a function.
roles := [r | some r in plan.of_type(role_type); concerns(r)]

concerns(r) if r.urn in used

concerns(r) if untrusted(r)

# METADATA
# description: The documents that hold for a role, by the role's URN; its boundary is not among them.
documents_by_role := {urn: docs |
	some urn in {link.role | some link in links}
	docs := [iam.documents[link.document] | some link in links; link.role == urn]
}

# Which document holds for which role, by its place among all documents.
links := array.concat(
	[{"role": urn, "document": i} |
		count(roles) > 0
		some i, d in iam.documents
		some urn in holders(d.resource)
		urn in role_urns
	],
	[{"role": urn, "document": i} |
		count(roles) > 0
		some [urns, r, property] in attached
		some urn in urns & role_urns
		some policy in plan.sources_of_type(r, property, policy_type)
		some i, d in iam.documents
		d.urn == policy
	],
)

role_urns := {r.urn | some r in roles}

policy_type := "aws:iam/policy:Policy"

documents_by_urn := {urn: docs |
	some urn in {d.urn | some d in iam.documents}
	docs := [d | some d in iam.documents; d.urn == urn]
}

holders(r) := {r.urn} if r.type == role_type

holders(r) := named(r, "role") if r.type == "aws:iam/rolePolicy:RolePolicy"

# The roles that a property names, by where it comes from or by the name itself.
named(r, property) := plan.sources_of_type(r, property, role_type) | {urn |
	some value in plan.list(plan.get(r, property))
	some urn in roles_by_name[plan.text(value)]
}

# What attaches policies to roles: the roles' URNs, what attaches, and where it names the policies.
attached := [[urns, r, property] |
	some type, property in iam.attachments
	some r in plan.of_type(type)
	urns := gaining(r)
	count(urns) > 0
]

# The roles that gain what a resource attaches; properties of these names hold roles wherever there are any.
gaining(r) := {r.urn} if r.type == role_type

gaining(r) := {urn |
	some property in ["role", "roles", "roleName"]
	some urn in named(r, property)
} if {
	r.type != role_type
}

# METADATA
# description: |
#   Policies that hold for a role and are not in the plan, so that nobody can say
#   what they grant: the role's URN, the resource, the property and the value.
outside := [[urn, r, property, value] |
	some [urns, r, property] in attached
	values := plan.list(plan.get(r, property))
	from := plan.sources_of_type(r, property, policy_type)
	some value in values
	not of_plan(value, values, from)
	some urn in urns
]

# A value comes from policies of the plan. In a list of several they have to be as
# many as the values that are not known, and a known one has to be of one of them.
of_plan(_, values, from) if {
	count(values) == 1
	count(from) > 0
}

of_plan(value, values, from) if {
	plan.is_unknown(value)
	count([v | some v in values; plan.is_unknown(v)]) <= count(from)
}

of_plan(value, _, from) if {
	some urn in from
	plan.text(value) in policy_arns(plan.by_urn[urn], value)
}

# What the ARN of a policy is, as its id or by its name.
policy_arns(policy, _) := {policy.id} if plan.text(object.get(policy, "id", "")) != ""

policy_arns(policy, value) := {value |
	name := plan.text(plan.get(policy, "name"))
	name != ""
	endswith(plan.text(value), concat("", [":policy", object.get(policy, ["inputs", "path"], "/"), name]))
} if {
	plan.text(object.get(policy, "id", "")) == ""
}
