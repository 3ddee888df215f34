# METADATA
# title: A grant on a pooled table reaches the tenant's own items only
# description: |
#   In a pooled table the items of all tenants lie side by side, told apart by
#   their partition key. What a tenant's stack allows on such a table therefore
#   needs ForAllValues on dynamodb:LeadingKeys with the tenant's id, or a key that
#   begins with it and a separator, and Null of the same key with "false", because
#   ForAllValues holds for a request without keys, too. A scan names no key and is
#   never allowed. A table is pooled unless its name is the tenant's.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: A document, table or condition that is not known before the run is a finding.
#   waivable: exact
#   category: tenancy
#   enforcement: mandatory
#   remediation: Use the component TenantAccess, or give the statement the conditions ForAllValues:StringEquals dynamodb:LeadingKeys with the tenant's id and Null dynamodb:LeadingKeys "false", and name the actions, without dynamodb:Scan.
#   related: [Tenantform.MT2]
package tenantform.rules.tenant_table_leading_keys

import data.tenantform.lib.iam
import data.tenantform.lib.plan
import data.tenantform.lib.tenancy

# What tells something of a table and nothing of its items.
harmless := {
	"dynamodb:describetable", "dynamodb:describetimetolive", "dynamodb:describecontinuousbackups", "dynamodb:describelimits",
	"dynamodb:describeendpoints", "dynamodb:listtables", "dynamodb:listtagsofresource",
}

findings contains f if {
	tenancy.alone
	some f in iam.unreadable
}

findings contains plan.finding(g.document.resource, g.document.property, g.statement.source, "the grant on a pooled table is not bound to the tenant's items by dynamodb:LeadingKeys, so it reaches those of other tenants") if {
	some g in grants
	not bound(g.statement)
	not perhaps_bound(g.statement)
	not unknown_table(g.statement)
}

findings contains plan.unverifiable(g.document.resource, g.document.property, g.statement.source, "which table or keys the grant is for is known only after the run, so it may reach the items of other tenants") if {
	some g in grants
	not bound(g.statement)
	vague(g.statement)
}

findings contains plan.finding(g.document.resource, g.document.property, g.statement.source, "the grant on a pooled table allows dynamodb:Scan, which names no key") if {
	some g in grants
	not unknown_table(g.statement)
	scans(g.statement)
}

grants := [{"document": d, "statement": s} |
	tenancy.alone
	some d in iam.documents
	not d.urn in iam.boundaries
	some s in d.statements
	s.effect == "Allow"
	touches_items(s)
	pooled(s)
]

touches_items(s) if {
	some pattern in s.actions
	not pattern in harmless
	iam.reaches(pattern, "dynamodb", ["*"])
}

touches_items(s) if {
	s.negated_actions
	not "dynamodb:*" in s.not_actions
	not iam.all_actions({"actions": s.not_actions})
}

touches_items(s) if {
	count(s.opaque & {"Action", "NotAction"}) > 0
	some resource in s.resources
	contains(resource, ":dynamodb:")
}

pooled(s) if s.negated_resources

pooled(s) if iam.all_resources(s)

pooled(s) if {
	some resource in s.resources
	parts := split(resource, ":")
	count(parts) > 5
	iam_service(parts[2])
	not tenancy.belongs(replace(resource, concat("", [":", parts[2], ":"]), ":dynamodb:")) == "own"
}

pooled(s) if "Resource" in s.opaque

pooled(s) if {
	s.resources == set()
	not "Resource" in s.opaque
}

iam_service("dynamodb")

iam_service(service) if {
	contains(service, "*")
	startswith("dynamodb", split(service, "*")[0])
}

# The table is not known, and no other one that is pooled is.
unknown_table(s) if {
	"Resource" in s.opaque
	not pooled(object.union(s, {"opaque": s.opaque - {"Resource"}, "resources": s.resources | {"arn:aws:none:::"}}))
}

bound(s) if {
	guarded(s)
	some operator, tests in s.condition
	lower(operator) in {"forallvalues:stringequals", "forallvalues:stringlike"}
	is_object(tests)
	some key, values in tests
	lower(key) == "dynamodb:leadingkeys"
	listed := plan.list(values)
	count(listed) > 0
	every value in listed { own_key(value) }
}

guarded(s) if {
	found := {value | some [operator, value] in iam.conditions(s, "dynamodb:LeadingKeys"); operator == "null"}
	count(found) > 0
	every value in found { value in {"false", "False", false} }
}

own_key(value) if tail(value, tenancy.tenant) == ""

own_key(value) if substring(tail(value, tenancy.tenant), 0, 1) in {"#", "/", "|", ":"}

own_key(value) if tail(value, tenancy.variable) == ""

own_key(value) if substring(tail(value, tenancy.variable), 0, 1) in {"#", "/", "|", ":"}

tail(value, start) := substring(value, count(start), -1) if {
	is_string(value)
	start != ""
	startswith(value, start)
}

perhaps_bound(s) if iam.vague(s)

vague(s) if unknown_table(s)

vague(s) if perhaps_bound(s)

scans(s) if {
	some pattern in s.actions
	iam.reaches(pattern, "dynamodb", ["scan"])
}

scans(s) if s.negated_actions
