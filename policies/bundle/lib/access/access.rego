# METADATA
# title: Who a resource's own policy lets in
# description: |
#   What the statements of the policies of buckets, queues, topics and endpoints
#   have in common.
package tenantform.lib.access

import data.tenantform.lib.iam
import data.tenantform.lib.plan

# METADATA
# description: |
#   Tells whether a statement refuses everybody the requests that come without
#   TLS, under no other condition. Actions and resources are for the rule to look at.
refuses_plain(s) if {
	s.effect == "Deny"
	["AWS", "*"] in s.principals
	count(s.condition) == 1
	some operator, tests in s.condition
	lower(operator) in {"bool", "boolifexists"}
	is_object(tests)
	count(tests) == 1
	some key, values in tests
	lower(key) == "aws:securetransport"
	list := plan.list(values)
	count(list) > 0
	every value in list { value in {"false", "False", false} }
}

# METADATA
# description: |
#   How far an Allow reaches: "public" when anybody may use it, "unknown" when
#   that follows only after the run, and "limited".
default reach(_) := "limited"

reach(s) := "public" if {
	iam.public(s)
	not confined(s, by_identity)
	not perhaps_confined(s, by_identity)
}

reach(s) := "unknown" if {
	iam.public(s)
	not confined(s, by_identity)
	perhaps_confined(s, by_identity)
}

reach(s) := "unknown" if {
	"Principal" in s.opaque
	not iam.public(s)
	not confined(s, by_identity)
}

# METADATA
# description: Condition keys that say who asks, or for whom a service does, and the form of their values.
by_identity := object.remove(iam.caller_forms, ["aws:principalservicename", "aws:userid"])

# METADATA
# description: Condition keys that say whose resource is asked for, and the form of their values.
by_resource := {
	"aws:resourceaccount": "account", "s3:resourceaccount": "account", "s3:dataaccesspointaccount": "account",
	"aws:resourceorgid": "organisation", "aws:resourceorgpaths": "organisation",
}

# METADATA
# description: Tells whether a condition lets in only what one of the keys names.
confined(s, keys) if {
	some [form, values] in tested(s, keys)
	count(values) > 0
	every value in values { narrow(form, value) }
}

# METADATA
# description: Tells whether a condition with one of the keys is not known before the run.
perhaps_confined(s, keys) if {
	some [form, values] in tested(s, keys)
	some value in values
	plan.is_opaque(value)
	every known in values { narrow_or_opaque(form, known) }
}

tested(s, keys) := {[form, plan.list(values)] |
	some operator, tests in s.condition
	lower(operator) in positive
	some key, values in tests
	form := concat(" ", [keys[lower(key)], lower(key), lower(operator)])
}

# Operators that fail where the key is missing. ForAllValues does not, nor do those that end in IfExists.
positive := {op |
	some prefix in ["", "foranyvalue:"]
	some name in ["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"]
	op := concat("", [prefix, name])
}

narrow_or_opaque(_, value) if plan.is_opaque(value)

narrow_or_opaque(form, value) if narrow(form, value)

narrow(form, value) if iam.narrow(split(form, " ")[0], value)

# METADATA
# description: |
#   Tells whether one of the ARN patterns of a statement is of the queue or topic of a
#   name, which is the last part of its ARN.
named(s, name) if {
	some pattern in s.resources
	covers(pattern, name)
}

covers("*", _)

covers(pattern, name) if {
	name != ""
	endswith(pattern, concat("", [":", name]))
}

covers(pattern, name) if {
	name != ""
	endswith(pattern, "*")
	parts := split(pattern, ":")
	startswith(name, trim_suffix(parts[count(parts) - 1], "*"))
}
