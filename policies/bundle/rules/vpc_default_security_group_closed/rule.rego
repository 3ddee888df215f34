# METADATA
# title: The default security group of a VPC lets nothing through
# description: |
#   What is started in a VPC without a security group gets the default one, which
#   lets its members talk to each other and to the world. Each VPC of the plan
#   needs a resource in the same plan that takes the default group over, without
#   rules, and no rule of its own may be added to that group.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A vpcId that is not known counts when it comes from that VPC alone. Rules that are not known are a finding. A group that a rule is added to is refused where it is known, or comes from a resource that shows it, to be a default one; most groups are made in the run and not known before.
#   waivable: "yes"
#   category: network
#   enforcement: mandatory
#   remediation: Add an aws.ec2.DefaultSecurityGroup with vpcId set to the VPC's id and with empty ingress and egress; give what needs traffic a group of its own.
#   related: [CKV2_AWS_12, EC2.2]
package tenantform.rules.vpc_default_security_group_closed

import data.tenantform.lib.network
import data.tenantform.lib.plan

group_type := "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"

groups := plan.of_type(group_type)

findings contains plan.finding(vpc, "", null, "nothing in the plan closes the default security group of this VPC") if {
	some vpc in network.vpcs
	not vpc.urn in taken
	not of_region(vpc)
}

findings contains plan.finding(g, direction, rules, "the default security group has rules") if {
	some g in groups
	some direction in ["ingress", "egress"]
	rules := plan.get(g, direction)
	not rules in {null, []}
}

findings contains plan.finding(r, "securityGroupId", plan.get(r, "securityGroupId"), "this adds a rule to the default security group") if {
	some type in rule_types
	some r in plan.of_type(type)
	of_default(r)
}

findings contains f if {
	some type in rule_types
	some r in plan.of_type(type)
	some f in plan.misfits(r, "securityGroupId", plan.get(r, "securityGroupId"), {"string"})
}

rule_types := [
	"aws:ec2/securityGroupRule:SecurityGroupRule",
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
]

taken := {urn | some g in groups; some urn in network.vpc_of(g)}

# Without a vpcId it is the group of the region's default VPC.
of_region(vpc) if {
	vpc.type == "aws:ec2/defaultVpc:DefaultVpc"
	some g in groups
	plan.get(g, "vpcId") in {null, ""}
}

of_default(r) if count(plan.sources_of_type(r, "securityGroupId", group_type)) > 0

of_default(r) if plan.get(r, "securityGroupId") in ids

# A VPC has the id of its default group as an output.
of_default(r) if {
	some type in network.vpc_types
	count(plan.sources_of_type(r, "securityGroupId", type)) > 0
	count(plan.sources_of_type(r, "securityGroupId", "aws:ec2/securityGroup:SecurityGroup")) == 0
}

ids := {id | some g in groups; id := plan.text(object.get(g, "id", "")); id != ""}
