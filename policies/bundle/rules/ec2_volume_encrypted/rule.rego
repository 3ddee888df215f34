# METADATA
# title: A volume is encrypted
# description: |
#   What a program writes to a disk stays in the volume and in its snapshots, which are
#   copied and shared more lightly than the program. The root volume of an instance is
#   encrypted where it, its launch template or the account's default for the
#   region says so.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A setting that is not known before the run is a finding, and so is a volume that is made from a snapshot or by a launch template which is not of the plan.
#   waivable: "yes"
#   category: storage
#   enforcement: mandatory
#   remediation: Set encrypted to true in the volume, in rootBlockDevice and ebsBlockDevices of the instance, or in ebs of the blockDeviceMappings of its launch template; or add an aws.ebs.EncryptionByDefault.
#   related: [CKV_AWS_3, CKV_AWS_8, CT.EC2.PR.7, EC2.3]
package tenantform.rules.ec2_volume_encrypted

import data.tenantform.lib.ec2
import data.tenantform.lib.plan

findings contains plan.finding(v, "encrypted", on, "what is written to the volume lies there in the clear") if {
	some v in plan.of_type("aws:ebs/volume:Volume")
	on := plan.get(v, "encrypted")
	on != true
	not ec2.within(v, by_default)
}

by_default := ec2.places([d |
	some d in plan.of_type("aws:ebs/encryptionByDefault:EncryptionByDefault")
	plan.get(d, "enabled") in {null, true}
])

instances := [r | some r in ec2.instances; not ec2.within(r, by_default)]

findings contains plan.finding(r, "rootBlockDevice.encrypted", on, "the root volume is not encrypted") if {
	some r in instances
	root := plan.get(r, "rootBlockDevice")
	on := plan.field(root, "encrypted")
	on != true
	not from_template(r, on)
}

from_template(r, null) if ec2.origin(r) in {"plan", "elsewhere"}

findings contains plan.unverifiable(r, "launchTemplate", value, "the launch template is not one of the plan, so whether it encrypts the root volume cannot be seen") if {
	some r in instances
	plan.field(plan.get(r, "rootBlockDevice"), "encrypted") == null
	ec2.origin(r) == "elsewhere"
	value := plan.get(r, "launchTemplate")
}

devices := [[r, device, i] |
	some r in instances
	some i, device in plan.list(plan.get(r, "ebsBlockDevices"))
	plan.field(device, "encrypted") != true
]

findings contains plan.finding(r, property, on, "the volume is not encrypted") if {
	some [r, device, i] in devices
	not restored(device)
	on := plan.field(device, "encrypted")
	property := sprintf("ebsBlockDevices[%d].encrypted", [i])
}

findings contains plan.unverifiable(r, property, snapshot, "the volume is encrypted only if the snapshot is that it is made from") if {
	some [r, device, i] in devices
	restored(device)
	snapshot := plan.field(device, "snapshotId")
	property := sprintf("ebsBlockDevices[%d].snapshotId", [i])
}

restored(device) if {
	plan.field(device, "encrypted") == null
	not plan.field(device, "snapshotId") in {null, ""}
}

templates := [[t, plan.list(plan.get(t, "blockDeviceMappings"))] |
	some t in ec2.templates
	not ec2.within(t, by_default)
]

findings contains plan.finding(t, "blockDeviceMappings", null, "the launch template leaves the root volume as the image has it") if {
	some [t, mappings] in templates
	every mapping in mappings { plan.field(mapping, "ebs") == null }
}

findings contains plan.finding(t, property, on, "a volume of the launch template is not encrypted") if {
	some [t, mappings] in templates
	some i, mapping in mappings
	ebs := plan.field(mapping, "ebs")
	ebs != null
	on := plan.field(ebs, "encrypted")
	not on in {true, "true"}
	property := sprintf("blockDeviceMappings[%d].ebs.encrypted", [i])
}
