# METADATA
# title: A grant on a shared bucket reaches the tenant's own objects only
# description: |
#   What a tenant's stack allows on a bucket that is not the tenant's own names
#   objects below a prefix of which one part is the tenant's id, or the session's
#   TenantID. A list of objects needs the condition s3:prefix on the same. Nothing else
#   of such a bucket may be touched, because it is every tenant's.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: A document, bucket or prefix that is not known before the run is a finding.
#   waivable: exact
#   category: tenancy
#   enforcement: mandatory
#   remediation: Name the objects as arn:aws:s3:::BUCKET/TENANT/*, give s3:ListBucket a condition StringLike s3:prefix with TENANT/*, and take the bucket's other actions away.
#   related: [Tenantform.MT3]
package tenantform.rules.tenant_bucket_prefix

import data.tenantform.lib.iam
import data.tenantform.lib.plan
import data.tenantform.lib.tenancy

harmless := {"s3:getbucketlocation", "s3:listallmybuckets", "s3:getbucketversioning", "s3:getencryptionconfiguration"}

findings contains f if {
	tenancy.alone
	some f in iam.unreadable
}

grants := [{"document": d, "statement": s} |
	tenancy.alone
	some d in iam.documents
	not d.urn in iam.boundaries
	some s in d.statements
	s.effect == "Allow"
	touches(s)
]

touches(s) if {
	some pattern in s.actions
	not pattern in harmless
	iam.reaches(pattern, "s3", ["*"])
}

touches(s) if {
	s.negated_actions
	not "s3:*" in s.not_actions
	not iam.all_actions({"actions": s.not_actions})
}

touches(s) if {
	count(s.opaque & {"Action", "NotAction"}) > 0
	some resource in s.resources
	startswith(resource, "arn:aws:s3:")
}

findings contains plan.finding(g.document.resource, g.document.property, g.statement.source, "the grant on buckets that are not the tenant's is not limited to the tenant's prefix, so it reaches the objects of other tenants") if {
	some g in grants
	wide(g.statement)
	not iam.vague(g.statement)
}

findings contains plan.unverifiable(g.document.resource, g.document.property, g.statement.source, "which bucket or prefix the grant is for is known only after the run, so it may reach the objects of other tenants") if {
	some g in grants
	unsure(g.statement)
}

unsure(s) if {
	wide(s)
	iam.vague(s)
}

unsure(s) if {
	"Resource" in s.opaque
	not wide(s)
}

wide(s) if s.negated_resources

wide(s) if iam.all_resources(s)

wide(s) if {
	s.resources == set()
	not "Resource" in s.opaque
}

wide(s) if {
	some resource in s.resources
	parts := split(resource, ":")
	count(parts) > 5
	of_s3(parts[2])
	name := concat(":", array.slice(parts, 5, count(parts)))
	not tenancy.own(split(plain(name), "/")[0])
	not within(name)
	not listed(name, s)
}

of_s3("s3")

of_s3(service) if {
	contains(service, "*")
	startswith("s3", split(service, "*")[0])
}

# Objects below the tenant's prefix. What stands before it must be known.
within(name) if {
	parts := split(plain(name), "/")
	below(array.slice(parts, 1, count(parts)))
}

# The session's tenant is the stack's, for who assumes its roles has to say so.
plain(name) := replace(name, tenancy.variable, tenancy.tenant)

below(segments) if {
	some i, segment in segments
	segment == tenancy.tenant
	i < count(segments) - 1
	before := concat("", array.slice(segments, 0, i))
	tenancy.fixed(before) == before
}

# The bucket itself, of which only the list of the tenant's objects is allowed.
listed(name, s) if {
	not contains(name, "/")
	tenancy.fixed(name) == name
	not s.negated_actions
	not "Action" in s.opaque
	every pattern in s.actions { lists(pattern) }
	prefixed(s)
}

lists(pattern) if pattern in harmless

lists(pattern) if pattern in {"s3:listbucket", "s3:listbucketversions", "s3:listbucketmultipartuploads"}

lists(pattern) if not iam.reaches(pattern, "s3", ["*"])

# Object actions say nothing of a bucket itself.
lists(pattern) if pattern in {"s3:getobject", "s3:putobject", "s3:deleteobject", "s3:getobjectversion", "s3:abortmultipartupload", "s3:listmultipartuploadparts"}

prefixed(s) if {
	some [operator, _] in iam.conditions(s, "s3:prefix")
	operator in {"stringequals", "stringlike"}
	values := {value | some [op, value] in iam.conditions(s, "s3:prefix"); op in {"stringequals", "stringlike"}}
	every value in values { own_prefix(value) }
}

own_prefix(value) if {
	is_string(value)
	below(split(plain(value), "/"))
}
