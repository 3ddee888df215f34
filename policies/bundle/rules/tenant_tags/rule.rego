# METADATA
# title: Resources say whose they are
# description: |
#   Every resource that can carry tags has tenant-id, tier and model, equal to
#   what the stack is for. In a tenant's stacks tenant-id is the tenant's, tier
#   one that the stack may carry, and model that of the tier in the catalogue. In
#   the shared stacks they are "shared", "shared" and "pool". In a program that
#   is not one of Tenantform's they must be there, and equal what is known of
#   the stack. The types that can carry tags are those of the AWS provider.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: Tags that are not known before the run are a finding.
#   waivable: "yes"
#   category: tenancy
#   enforcement: mandatory
#   remediation: Set the tags on the resource, from values that are known before the run.
#   related: [Tenantform.MT1]
package tenantform.rules.tenant_tags

import data.tenantform.lib.plan

required := ["tenant-id", "tier", "model"]

# The resources that can carry tags, without those of which the tags are right as a
# whole, by tenant, tier and model: most are, and need no closer look.
taggable := [r |
	some type, rs in plan.by_type
	data.tenantform.aws.taggable[type]
	some r in rs
	not correct(r.inputs)
]

correct(inputs) if accepted[inputs.tags["tenant-id"]][inputs.tags.tier][inputs.tags.model]

findings contains plan.finding(r, "tags", tags, "the resource can carry tags and has none") if {
	some r in taggable
	tags := plan.get(r, "tags")
	not readable(tags)
}

findings contains plan.finding(r, path(key), value, message(key)) if {
	some r in taggable
	tags := plan.get(r, "tags")
	readable(tags)
	some key in required
	value := object.get(tags, key, null)
	not right(key, value, tags)
}

accepted := {"shared": {"shared": {"pool": true}}} if shared

accepted := {known("tenantId"): {tier: {tiers[tier]: true} | some tier in stack_tiers}} if {
	not shared
	known("tenantId") != "shared"
}

readable(tags) if {
	is_object(tags)
	not plan.is_opaque(tags)
}

path(key) := sprintf("tags[%q]", [key])

shared if input.subject.program in {"platform", "pool", "guardrails"}

known(field) := value if {
	value := object.get(input.subject, field, "")
	value != ""
}

stack_tiers := plan.list(object.get(input.subject, "tiers", null))

tiers := {t.name: t.model | some t in plan.list(object.get(input.catalogue, "tiers", null))}

right("tenant-id", value, _) if {
	shared
	value == "shared"
}

right("tenant-id", value, _) if {
	not shared
	value == known("tenantId")
	value != "shared"
}

right("tenant-id", value, _) if {
	input.subject.program == ""
	not known("tenantId")
	filled(value)
}

right("tier", value, _) if {
	shared
	value == "shared"
}

right("tier", value, _) if {
	not shared
	value in stack_tiers
}

right("tier", value, _) if {
	input.subject.program == ""
	count(stack_tiers) == 0
	filled(value)
}

right("model", value, _) if {
	shared
	value == "pool"
}

right("model", value, tags) if {
	not shared
	value == tiers[object.get(tags, "tier", "")]
}

right("model", value, tags) if {
	input.subject.program == ""
	not tiers[object.get(tags, "tier", "")]
	value in {"pool", "silo"}
}

filled(value) if {
	is_string(value)
	value != ""
}

message(key) := sprintf("the tag must be %q in a shared stack", [{"tenant-id": "shared", "tier": "shared", "model": "pool"}[key]]) if shared

message("tenant-id") := sprintf("the tag must be the stack's tenant, %s", [object.get(input.subject, "tenantId", "")]) if {
	not shared
	known("tenantId")
}

message("tenant-id") := "the tag must name the tenant" if {
	not shared
	not known("tenantId")
}

message("tier") := sprintf("the tag must be a tier that the stack may carry: %s", [concat(", ", stack_tiers)]) if not shared

message("model") := "the tag must be the model of the resource's tier in the catalogue" if not shared
