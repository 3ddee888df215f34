package tenantform.lib.iam

import data.tenantform.lib.plan

# METADATA
# description: |
#   Findings about documents that nobody can read, for every rule that looks into
#   documents: what cannot be read must not pass.
unreadable := [unread(d) | some d in documents; d.state != "ok"]

# METADATA
# description: The same of the documents that say who may assume a role.
unreadable_trusts := [unread(d) | some d in trusts; d.state != "ok"]

# METADATA
# description: The finding about a document that cannot be read.
unread(d) := plan.unverifiable(d.resource, d.property, d.value, "the document, or its list of statements, is secret or known only after the run, so this cannot be ruled out") if d.state == "opaque"

unread(d) := plan.finding(d.resource, d.property, d.value, "this is no policy document that IAM accepts, so what it allows cannot be told") if d.state == "invalid"

policy_type := "aws:iam/policy:Policy"

# METADATA
# description: |
#   Types that attach managed policies to identities, and the property that names
#   them; it holds one ARN or a list.
attachments := {
	"aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "policyArn",
	"aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": "policyArns",
	"aws:iam/policyAttachment:PolicyAttachment": "policyArn",
	"aws:iam/role:Role": "managedPolicyArns",
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn",
	"aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": "policyArns",
	"aws:iam/userPolicyAttachment:UserPolicyAttachment": "policyArn",
	"aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": "policyArns",
}

# METADATA
# description: |
#   The managed policies that are attached: the resource that attaches, the property
#   and the ARN, which may be opaque. One that is unknown and comes from policies of
#   the plan is left out, because these are looked at themselves. A list where one ARN
#   is wanted, or the like, is one ARN that is null.
attached := [{"resource": r, "property": property, "value": value} |
	some type, property in attachments
	some r in plan.of_type(type)
	some value in arns(plan.get(r, property), property)
	not planned(r, property, value)
]

default arns(_, _) := [null]

arns(value, property) := plan.list(value) if type_name(value) in {"null", {true: "string", false: "array"}[property == "policyArn"]}

arns(value, _) := [value] if plan.is_opaque(value)

planned(r, property, value) if {
	plan.is_unknown(value)
	count(plan.sources_of_type(r, property, policy_type)) > 0
}

# METADATA
# description: |
#   URNs of the policies that are permissions boundaries and nothing else. They grant
#   nothing. Where it cannot be told what is attached, none is taken for one.
boundaries := {urn |
	some urn in bounding
	every a in attached { is_string(a.value) }
	not urn in attached_urns
	not attached_by_name(plan.by_urn[urn])
}

bounding := {urn |
	some type in ["aws:iam/role:Role", "aws:iam/user:User"]
	some r in plan.of_type(type)
	some urn in plan.sources_of_type(r, "permissionsBoundary", policy_type)
}

attached_urns := {urn |
	some type, property in attachments
	some r in plan.of_type(type)
	some urn in plan.sources_of_type(r, property, policy_type)
}

attached_by_name(r) if {
	some a in attached
	endswith(plan.text(a.value), concat("", ["/", plan.text(plan.get(r, "name"))]))
}

# METADATA
# description: |
#   The statements that allow something to an identity: the document, the
#   statement, the action patterns that no statement beside it denies on everything,
#   how far the resources reach, and whether a condition narrows that. The reach is
#   "all", "service" (all of a type, in any account), "account" (all of a type, in one
#   account), "named", or "unknown". The constraint is "some", "none" or "unknown".
allows := [{
	"document": d, "statement": s, "patterns": left(s.actions, taken),
	"reach": reach(s), "constraint": constraint(s, set()),
} |
	some d in documents
	not d.urn in boundaries
	taken := denied(d)
	some s in d.statements
	s.effect == "Allow"
]

# METADATA
# description: Those of them that nothing narrows.
loose := [a | some a in allows; a.reach != "named"; a.constraint != "some"]

denied(d) := {pattern |
	some s in d.statements
	s.effect == "Deny"
	s.condition == {}
	all_resources(s)
	some pattern in s.actions
}

# What is left of the patterns when those are taken away that another one includes.
left(patterns, taken) := patterns if {
	taken == set()
} else := {p | some p in patterns; every t in taken { not includes(t, p) }}

# METADATA
# description: How far a statement's resources reach; see allows.
reach(s) := "all" if {
	everything(s)
} else := "unknown" if {
	"Resource" in s.opaque
} else := widest(spans(s))

widest(found) := "service" if {
	"service" in found
} else := "account" if {
	"account" in found
} else := "named"

everything(s) if s.negated_resources

everything(s) if all_resources(s)

everything(s) if {
	s.resources == set()
	not "Resource" in s.opaque
}

spans(s) := {span(r) | some r in s.resources; has_wildcard(r)}

# How far one pattern reaches. The part of an ARN after the account is a type and
# a name; of these services it is a name alone.
nameless := {"execute-api", "s3"}

default span(_) := "named"

span(r) := "service" if count(split(r, ":")) < 6

span(r) := owner(parts[4]) if {
	parts := split(r, ":")
	count(parts) > 5
	any_of_type(parts[2], concat(":", array.slice(parts, 5, count(parts))))
}

owner(account) := "service" if trim(account, "*?") == ""

owner(account) := "account" if trim(account, "*?") != ""

any_of_type(service, name) if {
	service in nameless
	trim(name, "*?/") == ""
}

any_of_type(service, name) if {
	not service in nameless
	has_wildcard(name)
	fixed := split(replace(name, "?", "*"), "*")[0]
	regex.match(`^/?([A-Za-z-]+[:/])?$`, fixed)
}

# METADATA
# description: |
#   The actions of a table, lists of names in lower case by service, that an
#   allowing statement reaches.
hits(a, table) := named | wide | rest if {
	named := {p |
		some p in a.patterns
		[service, name] := split(p, ":")
		name in table[service]
	}
	wide := {concat(":", [service, name]) |
		some p in a.patterns
		has_wildcard(p)
		some service, names in table
		some name in names
		reaches(p, service, [name])
	}
	rest := {concat(":", [service, name]) |
		a.statement.negated_actions
		some service, names in table
		some name in names
		every p in a.statement.not_actions { not reaches(p, service, [name]) }
	}
}

# METADATA
# description: |
#   Findings for the loose statements of a reach among the given ones that allow an
#   action of a table, and for those of which the actions are not known.
reached(table, reaches, message) := {f |
	some a in loose
	a.reach in reaches | {"unknown"}
	names := hits(a, table)
	count(names) > 0
	f := verdict(a, sprintf("%s: %s", [message, some_of(names)]))
} | {f |
	some a in loose
	a.reach in reaches | {"unknown"}
	unknown_actions(a)
	count(hits(a, table)) == 0
	f := unsure(a, message)
}

# METADATA
# description: Tells whether some of a statement's actions are known only after the run.
unknown_actions(a) if "Action" in a.statement.opaque

unknown_actions(a) if "NotAction" in a.statement.opaque

# METADATA
# description: The finding about an allowing statement, marked as unknown where its reach or its condition is.
verdict(a, message) := plan.finding(a.document.resource, a.document.property, a.statement.source, message) if {
	a.reach != "unknown"
	a.constraint != "unknown"
}

verdict(a, message) := unsure(a, message) if a.reach == "unknown"

verdict(a, message) := unsure(a, message) if {
	a.reach != "unknown"
	a.constraint == "unknown"
}

# METADATA
# description: The finding about an allowing statement that its resources and condition do not matter for.
told(a, message) := plan.finding(a.document.resource, a.document.property, a.statement.source, message)

# METADATA
# description: The finding about an allowing statement of which a part is known only after the run.
unsure(a, message) := plan.unverifiable(
	a.document.resource, a.document.property, a.statement.source,
	concat("", ["a part of the statement is secret or known only after the run, so this cannot be ruled out: ", message]),
)

# METADATA
# description: Up to four of the names, as a text.
some_of(names) := concat(", ", array.concat(array.slice(sorted, 0, 4), more)) if {
	sorted := sort(names)
	more := [x | count(sorted) > 4; x := sprintf("and %d more", [count(sorted) - 4])]
}

# METADATA
# description: Tells whether AWS knows no narrower resource than "*" for all that an action pattern reaches.
unrestrictable(pattern) if {
	[service, action] := split(pattern, ":")
	some entry in data.tenantform.actions.unrestrictable[service]
	covers(entry, action)
}

covers(entry, action) if entry == action

covers(entry, action) if {
	endswith(entry, "*")
	startswith(action, trim_suffix(entry, "*"))
}

# METADATA
# description: |
#   Tells whether a service of AWS asks that its own role be given what a statement
#   allows on every resource, and nobody but that service may assume the role.
asked_for(a) if {
	not a.statement.negated_actions
	not unknown_actions(a)
	roles := roles_with(a.document.resource)
	count(roles) > 0
	every urn in roles { asked_by(assumed_by[urn], a.patterns) }
}

asked_by(who, patterns) if {
	count(who) == 1
	some [kind, service] in who
	kind == "Service"
	patterns - {p | some p in data.tenantform.actions.asked_for[service]} == set()
}

default roles_with(_) := set()

roles_with(r) := {r.urn} if r.type == "aws:iam/role:Role"

roles_with(r) := plan.sources_of_type(r, "role", "aws:iam/role:Role") if r.type == "aws:iam/rolePolicy:RolePolicy"

# Who may assume a role, as pairs of kind and name; a pair of two empty texts where that cannot be told.
assumed_by := {d.urn: {who | some s in d.statements; s.effect == "Allow"; some who in assuming(s)} |
	some d in trusts
	d.state == "ok"
}

assuming(s) := s.principals if {
	count(s.principals) > 0
	not "Principal" in s.opaque
}

assuming(s) := {["", ""]} if count(s.principals) == 0

assuming(s) := {["", ""]} if {
	count(s.principals) > 0
	"Principal" in s.opaque
}

# METADATA
# description: |
#   Tells whether a statement of a resource's or a role's policy speaks of everybody: by
#   "*", by a wildcard, by NotPrincipal, or by naming nobody.
everybody(s) if s.negated_principals

everybody(s) if {
	some [_, name] in s.principals
	has_wildcard(name)
}

everybody(s) if {
	s.principals == set()
	not "Principal" in s.opaque
}
