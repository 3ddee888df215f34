# METADATA
# title: Subnets give no public addresses
# description: |
#   Where a subnet gives public addresses by itself, whatever is started in it can be
#   reached from the internet as soon as a group lets it. What needs a public
#   address is given one of its own. A default subnet gives them unless it is told not to.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: network
#   enforcement: mandatory
#   remediation: Set mapPublicIpOnLaunch to false; for a subnet, leaving it out is the same.
#   related: [CKV_AWS_130, EC2.15]
package tenantform.rules.vpc_subnet_no_public_addresses

import data.tenantform.lib.plan

findings contains plan.finding(r, "mapPublicIpOnLaunch", given, "what is started in the subnet gets a public address") if {
	some type, safe in off
	some r in plan.of_type(type)
	given := plan.get(r, "mapPublicIpOnLaunch")
	not given in safe
}

off := {
	"aws:ec2/subnet:Subnet": {false, null},
	"aws:ec2/defaultSubnet:DefaultSubnet": {false},
}
