# METADATA
# title: A table takes the load that comes
# description: |
#   A table of a fixed capacity refuses requests once it is used up, and one tenant's
#   peak is another's fault. On demand the table takes what comes; with provisioned
#   capacity the reading and the writing of the table and of each global
#   secondary index must be scaled, by a target and a policy of it.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A billing mode that is not known before the run is a finding. A target whose table is not known counts for the table that its resourceId comes from.
#   waivable: "yes"
#   category: data
#   enforcement: production
#   remediation: Set billingMode to PAY_PER_REQUEST, or add an aws.appautoscaling.Target and a Policy for ReadCapacityUnits and for WriteCapacityUnits of the table and of each index.
#   related: [CKV2_AWS_16, DynamoDB.1]
package tenantform.rules.dynamodb_scales

import data.tenantform.lib.plan

table_type := "aws:dynamodb/table:Table"

target_type := "aws:appautoscaling/target:Target"

mode(t) := plan.get(t, "billingMode")

findings contains plan.finding(t, "billingMode", mode(t), "this has to be known to tell whether the table takes the load that comes") if {
	some t in plan.of_type(table_type)
	not mode(t) in {null, "PAY_PER_REQUEST", "PROVISIONED"}
}

findings contains plan.finding(t, property, null, concat("", ["nothing of the plan scales ", dimension, " of it"])) if {
	some t in plan.of_type(table_type)
	mode(t) in {null, "PROVISIONED"}
	some [property, resource, kind] in parts(t)
	some units in ["ReadCapacityUnits", "WriteCapacityUnits"]
	dimension := concat(":", ["dynamodb", kind, units])
	not scaled[[resource, dimension]]
	not scaled[[t.urn, dimension]]
}

# What is scaled of a table: where it is in its inputs, the name that autoscaling has for it, and what kind it is.
parts(t) := array.concat(
	[["billingMode", concat("/", ["table", name(t)]), "table"]],
	[[sprintf("globalSecondaryIndexes[%d]", [i]), resource, "index"] |
		some i, index in plan.list(plan.get(t, "globalSecondaryIndexes"))
		resource := concat("/", ["table", name(t), "index", plan.text(plan.field(index, "name"))])
	],
)

name(t) := plan.text(plan.get(t, "name"))

# The targets that a policy is of, by the name or the table's URN and by the dimension.
scaled[[of, dimension]] := true if {
	some target in plan.of_type(target_type)
	with_policy(target)
	dimension := plan.text(plan.get(target, "scalableDimension"))
	some of in {plan.text(plan.get(target, "resourceId"))} | unnamed(target)
}

unnamed(target) := plan.sources_of_type(target, "resourceId", table_type) if {
	plan.is_unknown(plan.get(target, "resourceId"))
} else := set()

with_policy(target) if policed.urns[[target.urn, plan.get(target, "scalableDimension")]]

with_policy(target) if policed.names[key(target)]

policed := {
	"urns": {[urn, dimension]: true |
		some p in policies
		some urn in plan.sources_of_type(p, "resourceId", target_type)
		dimension := dimension_of(p, urn)
	},
	"names": {key(p): true | some p in policies},
}

policies := plan.of_type("aws:appautoscaling/policy:Policy")

# The dimension of a policy, its target's where it comes from there.
dimension_of(p, urn) := plan.get(plan.by_urn[urn], "scalableDimension") if {
	urn in plan.sources(p, "scalableDimension")
} else := plan.get(p, "scalableDimension")

# What a policy and its target have in common; the table's URN where its name is not known.
key(r) := [named, plan.get(r, "scalableDimension")] if {
	named := plan.get(r, "resourceId")
	is_string(named)
} else := [unnamed(r), plan.get(r, "scalableDimension")]
