package tenantform.lib.iam

import data.tenantform.lib.plan

# METADATA
# description: |
#   Whether a condition narrows a statement: "some" where it holds a key against a
#   value that leaves something out, with an operator that a missing key does not
#   satisfy. That a key is there, or is not, narrows nothing, but for what Lambda does
#   for a function before it runs. Keys that tell how a request comes, and the ignored
#   ones, in lower case, do not count.
constraint(s, ignored) := "none" if {
	s.condition == {}
} else := "some" if {
	narrowed(s, ignored)
} else := "unknown" if {
	vague(s)
} else := "none"

narrowed(s, ignored) if {
	some operator, tests in s.condition
	is_object(tests)
	not plan.is_opaque(tests)
	some key, values in tests
	not lower(key) in ignored
	not lower(key) in data.tenantform.actions.general_keys
	binding(lower(operator), lower(key), s)
	telling(lower(operator), lower(key), plan.list(values))
}

# Lambda makes the network interfaces of a function with the function's role, which is
# not the function's own code, for that brings the key along.
narrowed(s, _) if {
	some ["null", value] in conditions(s, "lambda:SourceFunctionArn")
	value in {"true", "True", true}
	not s.negated_actions
	count(s.actions) > 0
	every action in s.actions { action in data.tenantform.actions.lambda_network }
}

# Operators that a request must satisfy. ForAllValues does only where the key must be there.
binding(operator, _, _) if trim_prefix(operator, "foranyvalue:") in operators

binding(operator, key, s) if {
	startswith(operator, "forallvalues:")
	trim_prefix(operator, "forallvalues:") in operators
	required(key, s)
}

operators := {
	"arnequals", "arnlike", "binaryequals", "bool", "ipaddress", "numericequals", "numericlessthan",
	"numericlessthanequals", "stringequals", "stringequalsignorecase", "stringlike",
}

required(key, s) if {
	tests := conditions(s, key)
	some [operator, value] in tests
	operator == "null"
	value in {"false", "False", false}
	every test in tests { present(test) }
}

present(test) if test[0] != "null"

present(test) if test[1] in {"false", "False", false}

telling(operator, key, values) if {
	count(values) > 0
	every value in values { leaves_out(operator, key, value) }
	not either(operator, values)
}

# A boolean is one or the other.
either(operator, values) if {
	endswith(operator, "bool")
	count({lower(sprintf("%v", [value])) | some value in values}) > 1
}

leaves_out(_, key, value) if {
	narrow(forms[key], value)
}

leaves_out(operator, key, value) if {
	not forms[key]
	is_string(value)
	trim(value, "*?") != ""
	not wide(operator, value)
}

leaves_out(_, key, value) if {
	not forms[key]
	is_boolean(value)
}

leaves_out(_, key, value) if {
	not forms[key]
	is_number(value)
}

# ARNs of any account, of any resource of a type, and ranges of most addresses.
wide(_, value) if {
	startswith(value, "arn:")
	has_wildcard(value)
	span(value) == "service"
}

wide(_, value) if {
	startswith(value, "arn:")
	every_resource(value)
}

wide(operator, value) if {
	endswith(operator, "ipaddress")
	regex.match(`/0*[0-7]$`, value)
}

# METADATA
# description: |
#   Condition keys that say who asks or whose something is, in lower case, and the form
#   of the values that name one; see narrow.
forms := object.union(caller_forms, {
	"aws:resourceaccount": "account", "s3:resourceaccount": "account", "s3:dataaccesspointaccount": "account",
	"aws:resourceorgid": "organisation", "aws:resourceorgpaths": "organisation",
})

# METADATA
# description: Those of them that say who asks, or for whom a service does.
caller_forms := {
	"aws:principalaccount": "account", "aws:sourceaccount": "account", "aws:sourceowner": "account", "kms:calleraccount": "account",
	"aws:principalorgid": "organisation", "aws:sourceorgid": "organisation",
	"aws:principalorgpaths": "organisation", "aws:sourceorgpaths": "organisation",
	"aws:principalarn": "arn", "aws:sourcearn": "arn",
	"aws:sourcevpc": "name", "aws:sourcevpce": "name",
	"aws:principalservicename": "name",
	"aws:userid": "identity",
}

# METADATA
# description: |
#   Tells whether a value of a form names one account, organisation, owner of an ARN
#   or name: no wildcard or variable may stand in that part.
narrow("account", value) if fixed(value)

narrow("name", value) if fixed(value)

narrow("organisation", value) if {
	is_string(value)
	fixed(split(value, "/")[0])
}

# Of an ARN the account has to be named, or, where ARNs have none, the resource.
narrow("arn", value) if {
	is_string(value)
	parts := split(value, ":")
	count(parts) > 5
	fixed(arn_owner(parts))
}

# The id of an identity; sessions of a role have its id and a name of their own.
narrow("identity", value) if {
	is_string(value)
	fixed(split(value, ":")[0])
}

arn_owner(parts) := parts[4] if parts[4] != ""

arn_owner(parts) := split(parts[5], "/")[0] if parts[4] == ""

fixed(text) if {
	is_string(text)
	text != ""
	not contains(text, "*")
	not contains(text, "?")
	not contains(text, "$")
}

vague(s) if plan.is_opaque(s.condition)

vague(s) if {
	some tests in s.condition
	plan.is_opaque(tests)
}

vague(s) if {
	some tests in s.condition
	is_object(tests)
	some values in tests
	some value in plan.list(values)
	plan.is_opaque(value)
}

# METADATA
# description: |
#   Condition keys, in lower case, that say who the caller is in a way that nobody in
#   another account can choose.
caller_keys := {k | some k in data.tenantform.actions.narrowing_principals}

# METADATA
# description: |
#   The constraint that a statement's condition on one of the keys is. Tags of the
#   caller and of the request count where sts:externalid is among the keys, for who
#   has an account of their own chooses the tags in it.
caller_constraint(s, keys) := constraint(s, {lower(k) |
	some tests in s.condition
	is_object(tests)
	some k, _ in tests
	not tells(lower(k), keys)
})

tells(key, keys) if key in keys

tells(key, keys) if {
	startswith(key, "aws:principaltag/")
	"sts:externalid" in keys
}

tells(key, keys) if {
	startswith(key, "aws:requesttag/")
	"sts:externalid" in keys
}
