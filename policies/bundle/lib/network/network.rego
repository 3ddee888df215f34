# METADATA
# title: VPCs and what is let through
# description: |
#   The VPC that a resource is in, and the rules of security groups in one form,
#   however they are written: within a group, or as resources of their own.
package tenantform.lib.network

import data.tenantform.lib.plan

vpc_types := ["aws:ec2/vpc:Vpc", "aws:ec2/defaultVpc:DefaultVpc"]

group_types := ["aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"]

# METADATA
# description: The live VPCs.
vpcs := [r | some type in vpc_types; some r in plan.of_type(type)]

urns_by_id := by_id

by_id[id] contains r.urn if {
	some r in vpcs
	id := plan.text(object.get(r, "id", ""))
	id != ""
}

# METADATA
# description: The URN of the VPC that a resource is in; an empty set where it cannot be told.
vpc_of(r) := object.get(urns_by_id, plan.text(plan.get(r, "vpcId")), sole(r))

sole(r) := from if {
	from := {urn | some type in vpc_types; some urn in plan.sources_of_type(r, "vpcId", type)}
	count(from) == 1
} else := set()

# METADATA
# description: |
#   What is let in: the resource, where in it, and the rule as it is written. A list,
#   or an element of it, that cannot be looked into is a rule too.
ingress := array.concat(within("ingress"), apart("ingress", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"))

# METADATA
# description: What is let out, as ingress is what is let in.
egress := array.concat(within("egress"), apart("egress", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"))

within(direction) := array.concat(
	[{"resource": r, "path": direction, "rule": rules} |
		some type in group_types
		some r in plan.of_type(type)
		rules := plan.get(r, direction)
		plan.is_opaque(rules)
	],
	[{"resource": r, "path": sprintf("%s[%d]", [direction, i]), "rule": rule} |
		some type in group_types
		some r in plan.of_type(type)
		rules := plan.get(r, direction)
		not plan.is_opaque(rules)
		some i, rule in plan.list(rules)
	],
)

# A rule of which the direction cannot be told is of both.
apart(direction, type) := array.concat(
	[{"resource": r, "path": "", "rule": object.get(r, "inputs", {})} |
		some r in plan.of_type("aws:ec2/securityGroupRule:SecurityGroupRule")
		not plan.get(r, "type") in {"ingress", "egress"} - {direction}
	],
	[{"resource": r, "path": "", "rule": object.get(r, "inputs", {})} | some r in plan.of_type(type)],
)

# METADATA
# description: |
#   The addresses that a rule speaks of, as pairs of the place and the value. What is no
#   rule, or no list of addresses or address where that is wanted, has one that is null.
addresses(flow) := [[flow.path, flow.rule]] if plan.is_opaque(flow.rule)

addresses(flow) := [[flow.path, null]] if not is_object(flow.rule)

addresses(flow) := [[place(flow.path, key), value] |
	some key, type in {"cidrBlocks": "array", "ipv6CidrBlocks": "array", "cidrIpv4": "string", "cidrIpv6": "string"}
	some value in ranges(plan.field(flow.rule, key), type)
] if {
	is_object(flow.rule)
	not plan.is_opaque(flow.rule)
}

# A value of the wrong type is one range that is null.
default ranges(_, _) := [null]

ranges(value, type) := plan.list(value) if type_name(value) in {type, "null"}

ranges(value, type) := [value] if {
	plan.is_opaque(value)
	type_name(value) != type
}

place("", key) := key

place(path, key) := concat(".", [path, key]) if path != ""

# METADATA
# description: |
#   Tells whether an address range is all of the internet, or such a part of it that
#   a few make it up: an IPv4 range below /8, an IPv6 range below /7. What is no text
#   is taken for one, and what cannot be looked into unless it comes from VPCs,
#   subnets and groups of the plan alone.
open(_, address) if wide(address)

open(flow, address) if {
	plan.is_opaque(address)
	not own(flow, address)
}

open(_, address) if {
	not is_string(address)
	not plan.is_opaque(address)
}

wide(address) if {
	is_string(address)
	parts := split(trim_space(address), "/")
	parts[1] in short[contains(address, ":")]
}

short := {false: {"0", "1", "2", "3", "4", "5", "6", "7"}, true: {"0", "1", "2", "3", "4", "5", "6"}}

own(flow, address) if {
	plan.is_unknown(address)
	not plan.is_opaque(flow.rule)
	from := origins(flow)
	count(from) > 0
	every urn in from { plan.by_urn[urn].type in own_types }
}

own_types := {type | some type in array.concat(vpc_types, group_types)} | {
	"aws:ec2/subnet:Subnet", "aws:ec2/defaultSubnet:DefaultSubnet",
	"aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",
}

origins(flow) := plan.sources(flow.resource, split(flow.path, "[")[0]) if flow.path != ""

origins(flow) := {urn |
	some key in ["cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6"]
	some urn in plan.sources(flow.resource, key)
} if {
	flow.path == ""
}
