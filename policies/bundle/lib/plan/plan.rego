# METADATA
# title: The plan, grouped once
# description: |
#   Rules take their resources from here, by type, so that a rule looks at its
#   own types only and the grouping is made once a decision.
package tenantform.lib.plan

# METADATA
# description: Resources that exist after the run and are managed by it.
live := [r | some r in input.plan.resources; r.operation in {"same", "create", "update", "replace"}]

# METADATA
# description: The live resources of each type.
by_type := {type: rs |
	some r in live
	type := r.type
	rs := [x | some x in live; x.type == type]
}

# METADATA
# description: The live resources of a type, none where there are none.
of_type(type) := object.get(by_type, type, [])

# METADATA
# description: An input of a resource; null where it is not set.
get(r, property) := object.get(r, ["inputs", property], null)

# METADATA
# description: Tells whether a value is not known before the run; defined for every value.
default is_unknown(_) := false

is_unknown(v) if v["$unknown"] == true

# METADATA
# description: Tells whether a value is known and masked; defined for every value.
default is_secret(_) := false

is_secret(v) if v["$secret"] == true

# METADATA
# description: |
#   Tells whether a rule cannot look into a value, because it is unknown or
#   secret; defined for every value.
default is_opaque(_) := false

is_opaque(v) if is_unknown(v)

is_opaque(v) if is_secret(v)

# METADATA
# description: |
#   A finding about a property of a resource. It is marked unknown when the value
#   is, and its message then says so.
finding(r, property, value, message) := {
	"urn": r.urn, "property": property, "value": value,
	"message": message, "unknown": false,
} if {
	not is_opaque(value)
}

finding(r, property, value, _) := {
	"urn": r.urn, "property": property, "value": value,
	"message": "the value is known only after the run, so it cannot be checked before", "unknown": true,
} if {
	is_unknown(value)
}

finding(r, property, value, _) := {
	"urn": r.urn, "property": property, "value": value,
	"message": "the value is a secret, so it cannot be checked", "unknown": true,
} if {
	is_secret(value)
}
