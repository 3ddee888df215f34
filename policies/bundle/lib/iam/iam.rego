# METADATA
# title: IAM policy documents
# description: |
#   Every document of the plan, parsed once and brought to one form: lists
#   instead of single values, actions in lower case. A document that cannot be
#   read, or that IAM's grammar does not allow, is "invalid", and one that is
#   not known before the run, or secret, is "opaque"; neither has statements, so
#   a rule must look at the state first. The evaluator may bring the documents along
#   in the input's index, read as here.
package tenantform.lib.iam

import data.tenantform.lib.plan

# Types that hold one document, and in which property.
holders := {
	"aws:iam/groupPolicy:GroupPolicy": "policy",
	"aws:iam/policy:Policy": "policy",
	"aws:iam/rolePolicy:RolePolicy": "policy",
	"aws:iam/userPolicy:UserPolicy": "policy",
	"aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
}

# Types that hold the policy of a resource, and in which property. A type of which
# the property may be left out is followed by true.
resource_holders := {
	"aws:apigateway/restApi:RestApi": ["policy", true],
	"aws:apigateway/restApiPolicy:RestApiPolicy": ["policy", false],
	"aws:cloudwatch/eventBusPolicy:EventBusPolicy": ["policy", false],
	"aws:cloudwatch/logResourcePolicy:LogResourcePolicy": ["policyDocument", false],
	"aws:ec2/vpcEndpoint:VpcEndpoint": ["policy", true],
	"aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy": ["policy", true],
	"aws:ecr/repositoryPolicy:RepositoryPolicy": ["policy", false],
	"aws:efs/fileSystemPolicy:FileSystemPolicy": ["policy", false],
	"aws:kms/externalKey:ExternalKey": ["policy", true],
	"aws:kms/key:Key": ["policy", true],
	"aws:kms/keyPolicy:KeyPolicy": ["policy", false],
	"aws:kms/replicaKey:ReplicaKey": ["policy", true],
	"aws:s3/bucketPolicy:BucketPolicy": ["policy", false],
	"aws:secretsmanager/secret:Secret": ["policy", true],
	"aws:secretsmanager/secretPolicy:SecretPolicy": ["policy", false],
	"aws:sns/topic:Topic": ["policy", true],
	"aws:sns/topicPolicy:TopicPolicy": ["policy", false],
	"aws:sqs/queue:Queue": ["policy", true],
	"aws:sqs/queuePolicy:QueuePolicy": ["policy", false],
}

# METADATA
# description: |
#   The documents that say who may assume the live roles, in the form of documents.
trusts := input.index.trusts if {
	input.index
} else := [document(r, "assumeRolePolicy", plan.get(r, "assumeRolePolicy")) | some r in plan.of_type("aws:iam/role:Role")]

# METADATA
# description: |
#   The policies of live resources such as buckets, queues and keys, in the form of
#   documents. A resource that may do without a policy, and does, has none here.
resource_documents := input.index.resource_documents if {
	input.index
} else := [document(r, property, value) |
	some type, [property, optional] in resource_holders
	some r in plan.of_type(type)
	value := plan.get(r, property)
	not absent(value, optional)
]

absent(null, true)

absent("", true)

# METADATA
# description: |
#   The documents that grant something to an identity, of the live resources:
#   the resource's URN, the property, the value as it was, the state ("ok",
#   "invalid" or "opaque") and the statements.
documents := input.index.documents if {
	input.index
} else := array.concat(
	[document(r, property, plan.get(r, property)) |
		some type, property in holders
		some r in plan.of_type(type)
	],
	[document(r, property, value) |
		some r in plan.of_type("aws:iam/role:Role")
		some [property, value] in inline(r)
	],
)

document(r, property, value) := {
	"urn": r.urn, "resource": r, "property": property, "value": value,
	"state": read.state, "statements": read.statements,
} if {
	read := parsed(value)
}

# The documents within a role. A list that is unknown as a whole is one opaque document.
inline(r) := [["inlinePolicies", policies]] if {
	policies := plan.get(r, "inlinePolicies")
	plan.is_opaque(policies)
}

inline(r) := [[sprintf("inlinePolicies[%d].policy", [i]), value] |
	some i, entry in plan.list(plan.get(r, "inlinePolicies"))
	entry != {} # IAM's way to say that there are none
	value := policy_of(entry)
] if {
	not plan.is_opaque(plan.get(r, "inlinePolicies"))
}

default policy_of(_) := null

policy_of(entry) := entry if plan.is_opaque(entry)

policy_of(entry) := object.get(entry, "policy", null) if {
	is_object(entry)
	not plan.is_opaque(entry)
}

# METADATA
# description: The state and the statements of a document, given as text or as an object.
default parsed(_) := {"state": "invalid", "statements": []}

parsed(value) := {"state": "opaque", "statements": []} if plan.is_opaque(value)

parsed(value) := statements(doc, plain(value)) if {
	is_string(value)
	json.is_valid(value)
	doc := json.unmarshal(value)
	unambiguous(value, json.marshal(doc))
}

parsed(value) := statements(value, false) if {
	is_object(value)
	not plan.is_opaque(value)
}

# JSON with a key twice in one object is read differently by different readers,
# so that what a rule sees need not be what AWS sees. Without backslashes every
# quotation mark bounds a key or a text, and a key that was dropped takes two with
# it. With them, count colons: outside of texts each follows a key.
unambiguous(text, again) if {
	not contains(text, `\`)
	strings.count(text, `"`) == strings.count(again, `"`)
} else if {
	contains(text, `\`)
	colons(text) == colons(again)
}

# Tells whether nothing in a text can be a mark of what is unknown or secret.
plain(text) if {
	not contains(text, `\`)
	not contains(text, `"$`)
} else := false

colons(text) := strings.count(regex.replace(text, `"(?:[^"\\]|\\.)*"`, ""), ":")

default statements(_, _) := {"state": "invalid", "statements": []}

statements(doc, _) := {"state": "opaque", "statements": []} if plan.is_opaque(doc.Statement)

statements(doc, sure) := {"state": "ok", "statements": [form(s, sure) | some s in list]} if {
	is_object(doc)
	object.keys(doc) - {"Version", "Id", "Statement"} == set()
	object.get(doc, "Version", "2008-10-17") in {"2008-10-17", "2012-10-17"}
	not plan.is_opaque(doc.Statement)
	list := plan.list(doc.Statement)
	every s in list { well_formed(s) }
}

grammar := {
	"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource",
	"Principal", "NotPrincipal", "Condition",
}

well_formed(s) if {
	is_object(s)
	keys := object.keys(s)
	keys - grammar == set()
	count(keys & {"Action", "NotAction"}) == 1
	count(keys & {"Resource", "NotResource"}) < 2
	count(keys & {"Principal", "NotPrincipal"}) < 2
	s.Effect in {"Allow", "Deny"}
	is_object(object.get(s, "Condition", {}))
	spelt(texts(object.get(s, "Action", object.get(s, "NotAction", null))))
	texts(object.get(s, "Resource", object.get(s, "NotResource", "*")))
}

# The texts of a value, which holds at least one or what is not known before the run.
texts(v) := [v] if is_string(v)

texts(v) := known if {
	is_array(v)
	count(v) > 0
	known := [x | some x in v; is_string(x)]
	every x in v { known_or_opaque(x) }
}

texts(v) := [] if plan.is_opaque(v)

known_or_opaque(x) if is_string(x)

known_or_opaque(x) if plan.is_opaque(x)

# Actions that IAM would accept; all in one text, because one match costs less than many.
spelt([])

spelt(actions) if {
	not "" in actions
	text := concat("\n", actions)
	strings.count(text, "\n") == count(actions) - 1
	regex.match(`^(?:(?:\*+|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+)(?:\n|$))+$`, text)
}

# METADATA
# description: |
#   A statement in one form. Lists hold what is known; "opaque" names the
#   elements of which something is not.
normal(s) := form(s, false)

form(s, sure) := {
	"effect": s.Effect,
	"actions": {lower(x) | some x in plan.list(object.get(s, "Action", null)); is_string(x)},
	"not_actions": {lower(x) | some x in plan.list(object.get(s, "NotAction", null)); is_string(x)},
	"resources": {x | some x in plan.list(object.get(s, "Resource", null)); is_string(x)},
	"principals": principals(object.get(s, "Principal", null)),
	"negated_principals": object.get(s, "NotPrincipal", null) != null,
	"negated_actions": object.get(s, "NotAction", null) != null,
	"negated_resources": object.get(s, "NotResource", null) != null,
	"condition": object.get(s, "Condition", {}),
	"opaque": opaque(s, sure),
	"source": s,
}

opaque(_, true) := set()

opaque(s, false) := {key |
	some key in ["Action", "NotAction", "Resource", "NotResource"]
	not is_string(s[key])
	some x in plan.list(s[key])
	is_object(x)
	plan.is_opaque(x)
} | {key |
	some key in ["Principal", "NotPrincipal"]
	opaque_principal(object.get(s, key, null))
}

# The principals of a statement as pairs of kind and name; "*" alone is AWS's.
default principals(_) := set()

principals("*") := {["AWS", "*"]}

principals(p) := {[kind, name] |
	some kind, names in p
	some name in plan.list(names)
	is_string(name)
} if {
	is_object(p)
	not plan.is_opaque(p)
}

opaque_principal(p) if plan.is_opaque(p)

opaque_principal(p) if {
	is_object(p)
	some names in p
	some name in plan.list(names)
	plan.is_opaque(name)
}

# METADATA
# description: Tells whether a statement speaks of everybody, in AWS or beyond.
default public(_) := false

public(s) if ["AWS", "*"] in s.principals

public(s) if s.negated_principals

# METADATA
# description: |
#   The values that a statement's condition holds a key against, as pairs of the
#   operator in lower case and a value; keys do not mind their case.
conditions(s, key) := {[lower(operator), value] |
	some operator, tests in s.condition
	is_object(tests)
	some k, values in tests
	lower(k) == lower(key)
	some value in plan.list(values)
}

# METADATA
# description: |
#   Tells whether a pattern, in lower case, is of every action: "*", "**", "*:*"
#   and the like. A wildcard as the service counts as every service.
every_action(pattern) if {
	contains(pattern, "*")
	regex.match(`^([*?:]*\*[*?:]*|[^:]*[*?][^:]*:[*?]*\*[*?]*)$`, pattern)
}

# METADATA
# description: |
#   Tells whether a pattern is of every resource: "*", "arn:aws:*" and the like. The
#   account or region may be named: everything in an account is everything.
every_resource(pattern) if {
	contains(pattern, "*")
	spans_all(pattern)
}

spans_all(pattern) if wild(pattern)

spans_all(pattern) if {
	parts := split(pattern, ":")
	count(parts) in {2, 3}
	parts[0] in {"arn", "*"}
	wild(parts[count(parts) - 1])
}

spans_all(pattern) if {
	parts := split(pattern, ":")
	count(parts) > 3
	parts[0] in {"arn", "*"}
	wild(parts[2])
	wild(parts[count(parts) - 1])
}

# Nothing but wildcards, at least one of them for any text.
wild(text) if {
	contains(text, "*")
	trim(text, "*?:") == ""
}

has_wildcard(text) if contains(text, "*")

has_wildcard(text) if contains(text, "?")

# METADATA
# description: Tells whether a statement speaks of every resource.
all_resources(s) if {
	some pattern in s.resources
	every_resource(pattern)
}

# METADATA
# description: Tells whether a statement speaks of every action.
all_actions(s) if {
	some pattern in s.actions
	every_action(pattern)
}

# METADATA
# description: |
#   Tells whether an action pattern reaches one of the named actions of a
#   service, all in lower case; "*" stands for any action of the service.
reaches(pattern, _, _) if every_action(pattern)

reaches(pattern, service, names) if {
	startswith(pattern, service)
	[service, action] = split(pattern, ":")
	some name in names
	action_is(action, name)
}

reaches(pattern, _, names) if {
	has_wildcard(pattern)
	[s, action] := split(pattern, ":")
	has_wildcard(s)
	some name in names
	action_is(action, name)
}

action_is(_, "*")

action_is(action, name) if action == name

action_is(action, name) if {
	has_wildcard(action)
	regex.match(concat("", ["^", replace(replace(action, "*", ".*"), "?", "."), "$"]), name)
}

# METADATA
# description: Tells whether one action pattern includes everything that another one does.
includes(pattern, other) if pattern == other

includes(pattern, _) if every_action(pattern)

includes(pattern, other) if {
	[service, action] := split(pattern, ":")
	wild(action)
	startswith(other, concat("", [service, ":"]))
}
