# METADATA
# title: The plan, grouped once
# description: |
#   Rules take their resources from here, by type, so that a rule looks at its
#   own types only and the grouping is made once a decision. The evaluator may
#   bring it along as the input's index, which holds what is worked out here.
#   Functions that tell something about a value are defined for every value: an
#   undefined one would make a finding vanish.
package tenantform.lib.plan

# METADATA
# description: Resources that exist after the run and are managed by it.
live := input.index.live if {
	input.index
} else := [r | some r in input.plan.resources; r.operation in {"same", "create", "update", "replace"}]

# METADATA
# description: The live resources of each type.
by_type := input.index.by_type if {
	input.index
} else := {type: rs |
	some type in {r.type | some r in live}
	rs := [r | some r in live; r.type == type]
}

# METADATA
# description: The types of the live resources.
types := object.keys(by_type)

# METADATA
# description: The live resources of a type, none where there are none.
of_type(type) := object.get(by_type, type, [])

# METADATA
# description: The resources of each type, also those that are deleted or read.
every_by_type := input.index.every_by_type if {
	input.index
} else := {type: rs |
	some type in {r.type | some r in input.plan.resources}
	rs := [r | some r in input.plan.resources; r.type == type]
}

# METADATA
# description: The resources of the plan by what happens to them.
by_operation := input.index.by_operation if {
	input.index
} else := {operation: rs |
	some operation in {r.operation | some r in input.plan.resources}
	rs := [r | some r in input.plan.resources; r.operation == operation]
}

# METADATA
# description: The pairs of a provider, as a resource tells it, and a type that is made with it.
provided := input.index.provided if {
	input.index
} else := {[object.get(r, "provider", {}), r.type] | some r in live; r.custom}

# METADATA
# description: The live resources by URN.
by_urn := input.index.by_urn if {
	input.index
} else := {r.urn: r | some r in live}

# METADATA
# description: |
#   For every resource of the plan, also one that is deleted, the URN of its
#   parent; an empty set where it has none.
parents := input.index.parents if {
	input.index
} else := {r.urn: {p | p := r.parent} | some r in input.plan.resources}

# METADATA
# description: The names of the components of the plan, by URN.
components := input.index.components if {
	input.index
} else := {r.urn: r.name | some r in input.plan.resources; not r.custom}

# METADATA
# description: The URNs of what a resource is below, itself included.
chain(urn) := graph.reachable(parents, {urn})

# METADATA
# description: An input of a resource; null where it is not set.
get(r, property) := object.get(r, ["inputs", property], null)

# METADATA
# description: The URNs that a property of a resource comes from.
sources(r, property) := {urn | some urn in object.get(r, ["propertyDependencies", property], [])}

# METADATA
# description: |
#   The live resources of a type that a property of a resource comes from. It is
#   the evidence where an id is known only after the run.
sources_of_type(r, property, type) := {urn |
	some urn in object.get(r, ["propertyDependencies", property], [])
	by_urn[urn].type == type
}

# METADATA
# description: A value as a list, one value as a list of it, null as none.
default list(_) := []

list(v) := v if is_array(v)

list(v) := [v] if {
	not is_array(v)
	v != null
}

# METADATA
# description: Tells whether a value is not known before the run.
default is_unknown(_) := false

is_unknown(v) if v["$unknown"] == true

# METADATA
# description: Tells whether a value is known and masked.
default is_secret(_) := false

is_secret(v) if v["$secret"] == true

# METADATA
# description: Tells whether a rule cannot look into a value, because it is unknown or secret.
default is_opaque(_) := false

is_opaque(v) if is_unknown(v)

is_opaque(v) if is_secret(v)

# METADATA
# description: A value as text, empty for one that is not text.
default text(_) := ""

text(v) := v if is_string(v)

# METADATA
# description: |
#   A field of an object; null where it is not set. A field of an object that is
#   unknown or secret is the object itself, so that a finding says so.
default field(_, _) := null

field(v, key) := object.get(v, key, null) if {
	is_object(v)
	not is_opaque(v)
}

field(v, _) := v if is_opaque(v)

# METADATA
# description: |
#   Tells whether the value of a property is given: a text that is not empty, or
#   something that is not known before the run and comes from another resource.
default given(_, _, _) := false

given(_, _, v) if {
	is_string(v)
	v != ""
}

given(r, property, v) if {
	is_unknown(v)
	count(sources(r, property)) > 0
}

# METADATA
# description: |
#   A finding about a property of a resource. Where the value is unknown or
#   secret the finding says so and is marked as unknown.
finding(r, property, value, message) := {
	"urn": r.urn, "property": property, "value": value,
	"message": message, "unknown": false,
} if {
	not is_opaque(value)
}

finding(r, property, value, message) := unverifiable(
	r, property, value,
	concat(": ", ["the value is known only after the run, so this cannot be ruled out", message]),
) if {
	is_unknown(value)
}

finding(r, property, value, message) := unverifiable(
	r, property, value,
	concat(": ", ["the value is a secret, so this cannot be ruled out", message]),
) if {
	is_secret(value)
}

# METADATA
# description: A finding because something cannot be told before the run.
unverifiable(r, property, value, message) := {
	"urn": r.urn, "property": property, "value": value,
	"message": message, "unknown": true,
}

# METADATA
# description: |
#   What is found where a value is of none of the types, as of type_name, that it may
#   have; a value that is not set, or that cannot be looked into, is of any. The value
#   is left out of the finding: it may be a secret that stands in the wrong place.
misfits(r, property, value, types) := {{
	"urn": r.urn, "property": property, "value": null, "unknown": false,
	"message": sprintf("the value is of type %s where only %s is accepted, so this cannot be told", [type_name(value), concat(" or ", types)]),
}} if {
	value != null
	not is_opaque(value)
	not type_name(value) in types
} else := set()
