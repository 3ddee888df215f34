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
named(r, property) := directly(r, property) | {urn |
	some alias in plan.sources_of_type(r, property, alias_type)
	some urn in aliased[alias]
}

directly(r, property) := plan.sources_of_type(r, property, function_type) | object.get(
	urns_by_name,
	function_name(plan.text(plan.get(r, property))), set(),
)

aliased := {a.urn: directly(a, "functionName") | some a in plan.of_type(alias_type)}

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
# description: The URNs of the functions that an event source mapping polls for.
polled := {urn |
	some m in plan.of_type("aws:lambda/eventSourceMapping:EventSourceMapping")
	some urn in named(m, "functionName")
}

# METADATA
# description: Tells whether a function is made of a container image, which has no runtime, layers or signature.
image(f) if plan.get(f, "packageType") == "Image"
