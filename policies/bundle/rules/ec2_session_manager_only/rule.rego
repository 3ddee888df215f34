# METADATA
# title: An instance is reached through Session Manager alone
# description: |
#   Session Manager needs neither an address nor a key: who may start a session is in
#   IAM, and each is recorded. A public address is scanned within minutes, and a key
#   pair is a file that is copied, shared and never asked back. An instance without
#   a subnet starts in the default one, which gives public addresses.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A key pair or address that is not known before the run is a finding.
#   waivable: "yes"
#   category: network
#   enforcement: production
#   remediation: Leave keyName out, set associatePublicIpAddress to false and subnetId to a private subnet, and give the instance a role for Session Manager and no elastic address.
#   related: [CKV_AWS_88, CT.EC2.PR.8, CT.EC2.PR.9, EC2.9]
package tenantform.rules.ec2_session_manager_only

import data.tenantform.lib.ec2
import data.tenantform.lib.plan

findings contains plan.finding(r, "keyName", key, "whoever has the key pair's file signs in, and nobody records it") if {
	some r in array.concat(ec2.instances, ec2.templates)
	key := plan.get(r, "keyName")
	not key in {null, ""}
}

findings contains plan.finding(r, "associatePublicIpAddress", public, "the instance gets a public address") if {
	some r in ec2.instances
	public := plan.get(r, "associatePublicIpAddress")
	not public in {null, false}
}

findings contains plan.finding(t, property, public, "instances of the launch template get a public address") if {
	some t in ec2.templates
	some i, interface in plan.list(plan.get(t, "networkInterfaces"))
	public := plan.field(interface, "associatePublicIpAddress")
	not public in {null, "", "false", false}
	property := sprintf("networkInterfaces[%d].associatePublicIpAddress", [i])
}

findings contains f if {
	some t in ec2.templates
	some i, interface in plan.list(plan.get(t, "networkInterfaces"))
	some f in plan.misfits(t, sprintf("networkInterfaces[%d]", [i]), interface, {"object"})
}

findings contains plan.finding(r, "subnetId", null, "the instance starts in the default subnet, which gives it a public address") if {
	some r in ec2.instances
	r.type != ec2.configuration_type # its group has the subnets
	plan.get(r, "associatePublicIpAddress") == null
	plan.get(r, "subnetId") == null
	plan.list(plan.get(r, "networkInterfaces")) == []
	ec2.origin(r) == "none"
}

findings contains plan.finding(a, property, instance, "it is a public address of an instance") if {
	some type, property in {"aws:ec2/eip:Eip": "instance", "aws:ec2/eipAssociation:EipAssociation": "instanceId"}
	some a in plan.of_type(type)
	instance := plan.get(a, property)
	not instance in {null, ""}
}
