# METADATA
# title: No security group is open to the internet
# description: |
#   Nothing is let in from 0.0.0.0/0 or ::/0, on any port, nor from ranges so short
#   that a few of them are the whole internet. What serves the public does
#   so behind an API or a distribution, not behind an address of its own. Rules
#   within groups and rules of their own are read.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: A range that is not known before the run is a finding, unless it comes from VPCs, subnets and security groups of the plan alone.
#   waivable: "yes"
#   category: network
#   enforcement: mandatory
#   remediation: Let in a security group (securityGroups, referencedSecurityGroupId) or the ranges that need it in cidrBlocks, ipv6CidrBlocks, cidrIpv4 or cidrIpv6.
#   related: [AwsSolutions-EC23, CKV_AWS_24, CKV_AWS_25, CKV_AWS_260, CKV_AWS_277, EC2.18, EC2.19]
package tenantform.rules.ec2_no_open_ingress

import data.tenantform.lib.network
import data.tenantform.lib.plan

findings contains plan.finding(flow.resource, place, address, "traffic from all of the internet is let in") if {
	some flow in network.ingress
	some [place, address] in network.addresses(flow)
	network.open(flow, address)
}
