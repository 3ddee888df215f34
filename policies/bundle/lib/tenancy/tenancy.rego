# METADATA
# title: Whose something is
# description: |
#   Physical names tell the tenant: "acme-silo-data", "acme-pool-a-data" and
#   "acme-data-111111111111-eu-west-1" are acme's, "platform-alerts" and "pool-a-data"
#   are shared. Ids may hold hyphens, so that a name which begins with "acme-" need
#   not be acme's: "acme-eu-silo" is acme-eu's. Tags tell it of resources of the plan.
package tenantform.lib.tenancy

import data.tenantform.lib.plan

# METADATA
# description: The stack's tenant; empty where there is none or it is not known.
tenant := plan.text(object.get(input.subject, "tenantId", ""))

# METADATA
# description: Tells whether the stack is one tenant's.
default alone := false

alone if {
	tenant != ""
	not together
}

# METADATA
# description: Tells whether the stack is of all tenants.
default together := false

together if input.subject.program in {"platform", "pool", "guardrails"}

# METADATA
# description: |
#   The variable that stands for the tenant of a session, which a role of several
#   tenants is bound to.
variable := "${aws:PrincipalTag/TenantID}"

# METADATA
# description: |
#   Tells whether a physical name, or a pattern of names, is the tenant's whatever a
#   wildcard in it stands for.
default own(_) := false

own(name) if {
	is_string(name)
	tenant != ""
	not contains(name, "*")
	not contains(name, "?")
	not contains(name, "$")
	begins(name, {tenant})
	other(name) == ""
}

own(name) if {
	is_string(name)
	tenant != ""
	known := fixed(name)
	known != name
	some form in forms
	startswith(known, form)
}

own(name) if {
	is_string(name)
	startswith(name, concat("", [variable, "-"]))
}

own(name) if name in {variable, marker}

own(name) if {
	is_string(name)
	startswith(name, concat("", [marker, "-"]))
}

# Stands for the variable where a text is taken apart, for that has a colon and a slash.
marker := "$tenant"

forms := {concat("", [tenant, "-silo", end]) | some end in ["-", "/", "."]} | {concat("", [tenant, "-pool-"])} | {concat("-", [tenant, kind, account, ""]) |
	account := plan.text(object.get(input.subject, "account", ""))
	account != ""
	some kind in ["data", "work", "logs"]
}

# METADATA
# description: Tells whether a physical name is of what all tenants share.
default shared(_) := false

shared(name) if {
	is_string(name)
	begins(name, shared_names)
}

shared_names := {first | some first in data.tenantform.settings.shared_names}

# Tells whether one of the names is the whole first part of a name.
begins(name, firsts) if name in firsts

begins(name, firsts) if strings.any_prefix_match(name, starts[firsts])

starts[firsts] := {concat("", [first, end]) | some first in firsts; some end in ["-", "/", ".", "_"]} if some firsts in [shared_names, {tenant}]

# METADATA
# description: The part of a pattern before its first wildcard or variable.
fixed(pattern) := split(replace(replace(pattern, "?", "*"), "$", "*"), "*")[0]

# METADATA
# description: |
#   The other tenant that a physical name is of, by the form of the name; empty
#   where its form says nothing.
default other(_) := ""

other(name) := id if {
	is_string(name)
	marked(name)
	not mine(name)
	not shared(name)
	found := regex.find_all_string_submatch_n(form, name, 1)
	id := found[0][1]
	id != tenant
}

# METADATA
# description: What the names of placements and of their buckets hold, behind the tenant.
marks := ["-silo", "-pool-", "-data-", "-work-", "-logs-"]

marked(text) if {
	some mark in marks
	contains(text, mark)
}

# METADATA
# description: The texts of the inputs of live resources that hold one of the marks.
texts := input.index.marked if {
	input.index
} else := {value |
	some r in plan.live
	r.custom
	walk(object.get(r, "inputs", {}), [_, value])
	is_string(value)
	marked(value)
}

mine(name) if {
	tenant != ""
	name == silo
}

mine(name) if {
	tenant != ""
	strings.any_prefix_match(name, placements)
}

silo := concat("", [tenant, "-silo"])

placements := {concat("", [tenant, part]) | some part in ["-silo-", "-silo/", "-pool-"]}

form := concat("", ["^([a-z][a-z0-9-]*?)", place, "(?:[-/:.]|$)"])

# METADATA
# description: |
#   A pattern of what stands behind the tenant in the names of placements, and in those
#   of the buckets for its data, its worker's code and the logs of access to them.
place := `-(?:silo|pool-[a-z0-9]+|(?:data|work|logs)-[0-9]{12})`

# METADATA
# description: |
#   Whose an ARN, or a pattern of ARNs, is by the name in it: "own", "shared",
#   "other", or "" where its service gives no names.
default belongs(_) := ""

belongs(arn) := whose(names(arn)) if count(names(arn)) > 0

whose(found) := "own" if {
	some name in found
	own(name)
}

whose(found) := "shared" if {
	every name in found { not own(name) }
	some name in found
	shared(name)
}

whose(found) := "other" if {
	every name in found { not own(name) }
	every name in found { not shared(name) }
}

# METADATA
# description: |
#   The names in an ARN that tell whose it is. That is one, but in the name of a
#   log group, in which any part may be it.
default names(_) := set()

names(arn) := named(parts[2], parts) if {
	parts := split(replace(arn, variable, marker), ":")
	count(parts) > 5
	parts[0] == "arn"
}

named("s3", parts) := {split(parts[5], "/")[0]}

named(service, parts) := {parts[5]} if service in {"sqs", "sns"}

named(service, parts) := {second(split(parts[5], "/"))} if service in {"dynamodb", "kinesis", "firehose", "events"}

named("iam", parts) := {segments[count(segments) - 1]} if segments := split(parts[5], "/")

named(service, parts) := {second(array.slice(parts, 5, count(parts)))} if service in {"lambda", "secretsmanager", "states"}

named("logs", parts) := {segment | some segment in split(second(array.slice(parts, 5, count(parts))), "/"); segment != ""}

second(list) := list[1] if count(list) > 1

second(list) := "*" if count(list) < 2

# METADATA
# description: |
#   The tenant-id tag of each live resource that has one, by URN; "shared" for what
#   all tenants share.
tagged := input.index.tagged if {
	input.index
} else := {r.urn: id |
	some r in plan.live
	id := plan.text(r.inputs.tags["tenant-id"])
	id != ""
}

# METADATA
# description: |
#   Whose the resources are that a property comes from, by their tags.
owners(r, property) := {tagged[urn] | some urn in plan.sources(r, property)}

# METADATA
# description: |
#   Tells whether a property comes from resources of the plan, and from none that is one
#   tenant's by its tag.
default from_shared(_, _) := false

from_shared(r, property) if {
	from := plan.sources(r, property)
	count(from) > 0
	every urn in from {
		plan.by_urn[urn]
		object.get(tagged, urn, "shared") == "shared"
	}
}
