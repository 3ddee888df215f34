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
	not spread(f, ids)
}

subnet_type := "aws:ec2/subnet:Subnet"

spread(f, ids) if {
	plan.is_opaque(ids)
	count({zone(urn) | some urn in plan.sources_of_type(f, "vpcConfig", subnet_type)}) > 1
}

# Several subnets, unless all of them are in the plan and in one zone.
spread(_, ids) if {
	is_array(ids)
	count({id | some id in ids; not plan.is_opaque(id)}) + count([id | some id in ids; plan.is_opaque(id)]) > 1
	not crowded(ids)
	not opaque_within(ids)
}

spread(f, ids) if {
	is_array(ids)
	opaque_within(ids)
	count({zone(urn) | some urn in subnets(f, ids)} | {id | some id in ids; is_string(id); not urns_by_id[id]}) > 1
}

crowded(ids) if {
	every id in ids { urns_by_id[id] }
	count({zone(urn) | some id in ids; some urn in urns_by_id[id]}) == 1
}

opaque_within(ids) if {
	some id in ids
	plan.is_opaque(id)
}

subnets(f, ids) := plan.sources_of_type(f, "vpcConfig", subnet_type) | {urn | some id in ids; some urn in urns_by_id[id]}

# The zone of a subnet, or, where it is not known, the subnet.
zone(urn) := object.get(named_zones, urn, urn)

named_zones := {r.urn: zone |
	some r in plan.of_type(subnet_type)
	zone := [z | some key in ["availabilityZone", "availabilityZoneId"]; z := plan.text(plan.get(r, key)); z != ""][0]
}

urns_by_id := by_id

by_id[id] contains r.urn if {
	some r in plan.of_type(subnet_type)
	id := plan.text(object.get(r, "id", ""))
	id != ""
}
