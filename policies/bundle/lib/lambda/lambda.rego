# METADATA
# title: Lambda functions
# description: |
#   The functions of the plan and what speaks of them: permissions, mappings and
#   settings name a function by its name, by an ARN, or by where the name comes
#   from, also through an alias.
package tenantform.lib.lambda

import data.tenantform.lib.plan

function_type := "aws:lambda/function:Function"

alias_type := "aws:lambda/alias:Alias"

# METADATA
# description: The live functions.
functions := plan.of_type(function_type)

# METADATA
# description: The URNs of the live functions that a property of a resource names.
named(r, property) := urns if {
	urns := urns_by_name[function_name(plan.text(plan.get(r, property)))]
} else := {urn |
	some from in plan.sources(r, property)
	some urn in stands_for[from]
}

# The functions that a resource stands for: a function itself, and an alias its function.
stands_for := object.union({f.urn: {f.urn} | some f in functions}, {a.urn: aliased(a) | some a in plan.of_type(alias_type)})

aliased(a) := plan.sources_of_type(a, "functionName", function_type) | object.get(
	urns_by_name,
	function_name(plan.text(plan.get(a, "functionName"))), set(),
)

urns_by_name := by_name

by_name[name] contains f.urn if {
	some f in functions
	name := plan.text(plan.get(f, "name"))
	name != ""
}

# METADATA
# description: The name in a function's name or ARN, with or without a qualifier.
function_name(text) := split(parts[count(parts) - 1], ":")[0] if parts := split(text, ":function:")

# METADATA
# description: The live event source mappings.
mappings := plan.of_type("aws:lambda/eventSourceMapping:EventSourceMapping")

# METADATA
# description: The URNs of the functions that each event source mapping polls for.
polls := {m.urn: named(m, "functionName") | some m in mappings}

# METADATA
# description: The URNs of the functions that each permission is for.
permits := {p.urn: named(p, "function") | some p in permissions}

# METADATA
# description: Tells whether a function is made of a container image, which has no runtime, layers or signature.
image(f) if plan.get(f, "packageType") == "Image"

# METADATA
# description: The live permissions of functions.
permissions := plan.of_type("aws:lambda/permission:Permission")

# METADATA
# description: Tells whether a text stands for one thing alone, without a wildcard.
fixed(v) if {
	is_string(v)
	v != ""
	not contains(v, "*")
	not contains(v, "?")
}

# METADATA
# description: Tells whether a permission is for what one account does.
for_account(p) if fixed(plan.get(p, "sourceAccount"))

for_account(p) if {
	plan.is_unknown(plan.get(p, "sourceAccount"))
	plan.given(p, "sourceAccount", plan.get(p, "sourceAccount"))
}

# METADATA
# description: |
#   Tells whether a permission is for an ARN. The resource may have wildcards; what
#   is before it, service, region and account, may not.
for_source(p) if {
	arn := plan.text(plan.get(p, "sourceArn"))
	startswith(arn, "arn:")
	narrow(arn)
}

for_source(p) if {
	plan.is_unknown(plan.get(p, "sourceArn"))
	plan.given(p, "sourceArn", plan.get(p, "sourceArn"))
}

narrow(arn) if {
	fixed(arn)
	count(split(arn, ":")) > 5
}

narrow(arn) if {
	not fixed(arn)
	parts := split(arn, ":")
	count(parts) > 5
	fixed(concat(":", array.slice(parts, 0, 5)))
	trim(concat(":", array.slice(parts, 5, count(parts))), "*?:/") != ""
}

# METADATA
# description: |
#   Tells whether the ARN that a permission is for names no account, as that of a
#   bucket: whoever has a bucket of this name later is let in.
without_account(p) if split(plan.text(plan.get(p, "sourceArn")), ":")[4] == ""

without_account(p) if {
	plan.is_unknown(plan.get(p, "sourceArn"))
	some type in ["aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"]
	count(plan.sources_of_type(p, "sourceArn", type)) > 0
}

# METADATA
# description: Tells whether a principal that is not known comes from roles and users of the plan alone.
identity(p) if {
	plan.is_unknown(plan.get(p, "principal"))
	from := plan.sources(p, "principal")
	count(from) > 0
	every urn in from { plan.by_urn[urn].type in {"aws:iam/role:Role", "aws:iam/user:User"} }
}
