# METADATA
# title: A VPC reaches tables and buckets by endpoints
# description: |
#   Where a plan has a VPC and also tables or buckets, the VPC needs a gateway
#   endpoint for the service. Without one the requests leave the network, over a
#   way out that the VPC need not have, and past the policy that says whose data
#   may be reached. Gateway endpoints cost nothing. The network in which the code of
#   tenants runs is left out: from there nothing is to be reached.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A vpcId that is not known counts when it comes from that VPC alone. A service name that is not known is a finding.
#   waivable: "yes"
#   category: network
#   enforcement: production
#   remediation: Add an aws.ec2.VpcEndpoint of the VPC with serviceName com.amazonaws.<region>.dynamodb or com.amazonaws.<region>.s3 and the VPC's routeTableIds.
#   related: [EC2.10]
package tenantform.rules.vpc_endpoints_present

import data.tenantform.lib.network
import data.tenantform.lib.plan
import data.tenantform.lib.s3

findings contains plan.finding(vpc, "", null, sprintf("the VPC has no endpoint for %s, of which the plan has data", [service])) if {
	some vpc in inhabited
	some service in needed
	not concat(" ", [vpc.urn, service]) in present
	not vpc.urn in perhaps
}

findings contains plan.unverifiable(vpc, "", null, sprintf("whether an endpoint of the VPC is for %s is known only after the run", [service])) if {
	some vpc in inhabited
	some service in needed
	not concat(" ", [vpc.urn, service]) in present
	vpc.urn in perhaps
}

inhabited := [vpc | some vpc in network.vpcs; not contains(vpc.urn, "tenantform:functionhost:Host$")]

needed contains "dynamodb" if count(plan.of_type("aws:dynamodb/table:Table")) > 0

needed contains "s3" if count(s3.buckets) > 0

endpoints := plan.of_type("aws:ec2/vpcEndpoint:VpcEndpoint")

present := {concat(" ", [urn, service]) |
	some e in endpoints
	parts := split(plan.text(plan.get(e, "serviceName")), ".")
	service := parts[count(parts) - 1]
	some urn in network.vpc_of(e)
}

perhaps := {urn |
	some e in endpoints
	plan.is_opaque(plan.get(e, "serviceName"))
	some urn in network.vpc_of(e)
}
