# METADATA
# title: A function in a VPC is in two zones
# description: |
#   A function with subnets of one availability zone stands still when the zone
#   does. Outside of a VPC Lambda sees to this itself.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: Subnets that are not known are a finding, unless two subnets of the plan that they come from are in different zones. A zone that is not known counts as another one.
#   waivable: "yes"
#   category: compute
#   enforcement: production
#   remediation: Set vpcConfig.subnetIds to subnets of two availability zones or more.
#   related: [Lambda.5]
package tenantform.rules.lambda_two_zones

import data.tenantform.lib.lambda
import data.tenantform.lib.plan

findings contains plan.finding(f, "vpcConfig.subnetIds", ids, "the function is in one availability zone, and stands still when that does") if {
	some f in lambda.functions
	ids := plan.field(plan.get(f, "vpcConfig"), "subnetIds")
	count(plan.list(ids)) > 0 # without subnets it is in no VPC
	count(places(f, ids)) < 2
}

subnet_type := "aws:ec2/subnet:Subnet"

# The zones of a function's subnets. A subnet of which the zone is not known is one
# of its own; a text instead of a list is one subnet.
default places(_, _) := set()

places(f, ids) := sources(f) if plan.is_opaque(ids)

places(f, ids) := known(ids) | {place | opaque_within(ids); some place in sources(f)} if {
	is_array(ids)
	count(ids) > 1
}

known(ids) := {place |
	some id in ids
	is_string(id)
	some place in object.get(places_by_id, id, {id})
}

opaque_within(ids) if {
	some id in ids
	plan.is_opaque(id)
}

sources(f) := {place(urn) | some urn in plan.sources_of_type(f, "vpcConfig", subnet_type)}

place(urn) := object.get(zones, urn, urn)

zones := {r.urn: zone |
	some r in plan.of_type(subnet_type)
	zone := [z | some key in ["availabilityZone", "availabilityZoneId"]; z := plan.text(plan.get(r, key)); z != ""][0]
}

places_by_id := by_id

by_id[id] contains place(r.urn) if {
	some r in plan.of_type(subnet_type)
	id := plan.text(object.get(r, "id", ""))
	id != ""
}

findings contains misfit if {
	some f in lambda.functions
	some misfit in plan.misfits(f, "vpcConfig", plan.get(f, "vpcConfig"), {"object"})
}
