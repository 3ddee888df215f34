# METADATA
# title: A database has no public address
# description: |
#   A database that can be reached from the internet is tried by everybody, and then a
#   security group and a password are all there is between them and every
#   tenant's rows. In a cluster the instances have the addresses.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: network
#   enforcement: mandatory
#   remediation: Leave publiclyAccessible out or set it to false, and put the database into private subnets. For people there is a bastion with Session Manager.
#   related: [CKV_AWS_17, CT.RDS.PR.23]
package tenantform.rules.rds_not_public

import data.tenantform.lib.plan

findings contains plan.finding(r, "publiclyAccessible", public, "the database gets an address that the internet can reach") if {
	some type in ["aws:rds/instance:Instance", "aws:rds/clusterInstance:ClusterInstance"]
	some r in plan.of_type(type)
	public := plan.get(r, "publiclyAccessible")
	not public in {null, false}
}
