# METADATA
# title: A tenant's stack reaches into no other tenant's
# description: |
#   Nothing in a tenant's stack has, in any text, a name of the form that another
#   tenant's silo, pooled placement or bucket has; what its roles may do names the
#   tenant's resources or shared ones, and no pattern that others' names match, too;
#   and no resource depends on one that carries another tenant's tag, be it through
#   resources without tags. The last holds in every program.
# custom:
#   severity: critical
#   scope: stack
#   on_unknown: A document that is not known before the run is a finding; other unknown values are looked at by where they come from, because a text that is not there shows no name.
#   waivable: exact
#   category: tenancy
#   enforcement: mandatory
#   remediation: Take the reference away. Tenants share what is in the platform's and pools' stacks only; name the tenant's own resources in full, or with a pattern that begins with PLACEMENT-.
#   related: [Tenantform.MT4]
package tenantform.rules.tenant_names_no_other

import data.tenantform.lib.iam
import data.tenantform.lib.plan
import data.tenantform.lib.tenancy

# Names of the form of another tenant's, in any text. Most plans hold none, which
# is told by counting the marks, and the tenant's own and shared names, in the whole
# text.

findings contains plan.finding(r, path(where), value, sprintf("the name is of the tenant %s", [concat(", ", others)])) if {
	suspicious
	some r in plan.live
	r.custom
	some where, value in strings_of(r)
	others := named(value)
	count(others) > 0
}

default suspicious := false

suspicious if {
	tenancy.alone
	some mark in tenancy.marks
	found := strings.count(whole, mark)
	found > 0
	found > sum([strings.count(whole, start) |
		some before in ["\n", `"`, "'", "/", ":", " ", "[", "="]
		some first in innocent
		start := concat("", [before, first, mark])
	])
}

innocent := {tenancy.tenant} | tenancy.shared_names

whole := concat("", ["\n", concat("\n", tenancy.texts)])

strings_of(r) := {where: value |
	text := json.marshal(r.inputs)
	some mark in tenancy.marks
	contains(text, mark)
	walk(r.inputs, [where, value])
	is_string(value)
	contains(value, mark)
}

named(text) := {id |
	some [word] in regex.find_all_string_submatch_n(names, text, -1)
	id := tenancy.other(word)
	id != ""
}

names := concat("", ["[a-z][a-z0-9-]*", tenancy.place, `\b(?:[-/:.][a-z0-9-]*)?`])

path(where) := substring(concat("", [step(part) | some part in where]), 1, -1)

step(part) := sprintf("[%d]", [part]) if is_number(part)

step(part) := sprintf(".%s", [part]) if is_string(part)

# Grants.

findings contains f if {
	tenancy.alone
	some f in iam.unreadable
}

findings contains plan.finding(d.resource, d.property, s.source, sprintf("the grant on %s reaches what is neither the tenant's nor shared", [resource])) if {
	some [d, s] in allows
	some resource in s.resources
	tenancy.belongs(resource) == "other"
	not by_tag(s)
}

findings contains plan.finding(d.resource, d.property, s.source, "the grant is of every resource, and other tenants' are among them") if {
	some [d, s] in allows
	everything(s)
	not by_tag(s)
	some pattern in s.actions
	some service in ["dynamodb", "s3", "sqs", "sns", "lambda", "secretsmanager", "kinesis", "states"]
	iam.reaches(pattern, service, ["*"])
	not iam.unrestrictable(pattern)
}

allows := [[d, s] |
	tenancy.alone
	some d in iam.documents
	not d.urn in iam.boundaries
	some s in d.statements
	s.effect == "Allow"
]

everything(s) if iam.all_resources(s)

everything(s) if s.negated_resources

# Only what carries the tenant's tag.
by_tag(s) if {
	values := {value | some [operator, value] in iam.conditions(s, "aws:ResourceTag/tenant-id"); operator in {"stringequals", "stringlike"}}
	count(values) > 0
	every value in values { value in {tenancy.tenant, tenancy.variable} }
}

# Dependencies.

findings contains plan.finding(r, "", null, sprintf("it is %s's and depends on %s, which is %s's", [id, plan.by_urn[urn].name, owner])) if {
	count(object.keys(ids)) > 1
	some id, _ in ids
	some r_urn, own_id in tenancy.tagged
	own_id == id
	r := plan.by_urn[r_urn]
	some urn in reached(r)
	owner := tenancy.tagged[urn]
	owner != id
	owner != "shared"
}

# The tenants that are spoken of in the plan, but for what they share.
ids := {id: true |
	some id in tenancy.tagged
	id != "shared"
}

reached(r) := graph.reachable(edges, needs(r))

# Through resources that are nobody's by their tags, the walk goes on.
edges := {r.urn: next |
	count(object.keys(ids)) > 1
	some r in plan.live
	next := [urn | not tenancy.tagged[r.urn]; some urn in needs(r)]
}

needs(r) := {urn | some urn in plan.list(object.get(r, "dependencies", null))} | {urn |
	some urns in object.get(r, "propertyDependencies", {})
	some urn in urns
}
