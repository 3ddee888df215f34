# METADATA
# title: Every VPC has flow logs
# description: |
#   Each VPC of the plan needs a flow log of its own in the same plan, of all or of
#   the rejected traffic at least. Before the VPC exists its id is unknown:
#   the flow log's vpcId must come from that VPC and no other. Where the id
#   is known an equal one counts too.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A vpcId that is not known counts when it comes from the VPC alone; a VPC for which nothing is known is a finding. A traffic type that is not known is a finding.
#   waivable: "yes"
#   category: network
#   enforcement: mandatory
#   remediation: Add an aws.ec2.FlowLog with vpcId set to the VPC's id and trafficType ALL or REJECT.
#   related: [AwsSolutions-VPC7, CKV2_AWS_11, EC2.6]
package tenantform.rules.vpc_flow_logs

import data.tenantform.lib.plan

vpc_types := ["aws:ec2/vpc:Vpc", "aws:ec2/defaultVpc:DefaultVpc"]

vpcs := [r | some type in vpc_types; some r in plan.of_type(type)]

findings contains plan.finding(vpc, "", null, "no flow log in the plan is of this VPC and of all or the rejected traffic") if {
	some vpc in vpcs
	not logged(vpc, seen)
	not logged(vpc, perhaps)
}

findings contains plan.unverifiable(vpc, "", null, "the traffic type of the VPC's flow log is known only after the run") if {
	some vpc in vpcs
	not logged(vpc, seen)
	logged(vpc, perhaps)
}

seen := coverage([log | some log in logs; plan.get(log, "trafficType") in {"ALL", "REJECT"}])

perhaps := coverage([log | some log in logs; plan.is_opaque(plan.get(log, "trafficType"))])

logs := plan.of_type("aws:ec2/flowLog:FlowLog")

# What flow logs are of: VPCs that the id comes from, if from one only, and ids that are known.
coverage(some_logs) := {
	"urns": {urn |
		some log in some_logs
		from := {u | some type in vpc_types; some u in plan.sources_of_type(log, "vpcId", type)}
		count(from) == 1
		some urn in from
	},
	"ids": {id | some log in some_logs; id := plan.text(plan.get(log, "vpcId")); id != ""},
}

logged(vpc, what) if vpc.urn in what.urns

logged(vpc, what) if vpc.id in what.ids
