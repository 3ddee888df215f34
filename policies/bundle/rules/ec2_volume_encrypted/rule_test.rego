package tenantform.rules.ec2_volume_encrypted_test

import data.tenantform.rules.ec2_volume_encrypted as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

template_inputs := {"name": "bastion", "blockDeviceMappings": [{"ebs": {"encrypted": "true"}}]}

instance := "aws:ec2/instance:Instance"

configuration := "aws:ec2/launchConfiguration:LaunchConfiguration"

template := "aws:ec2/launchTemplate:LaunchTemplate"

known_template := {"urn": "t", "id": "lt-1", "type": template, "operation": "same", "inputs": template_inputs}

place := {"urn": "core", "region": "eu-west-1", "account": "111111111111"}

found(type, inputs) := found_beside(type, inputs, [])

found_beside(type, inputs, others) := out if {
	resources := array.concat([{"urn": "u", "type": type, "operation": "same", "inputs": inputs, "provider": place}], others)
	out := {[f.property, f.unknown] | some f in rule.findings; f.urn == "u"} with input as {"plan": {"resources": resources}}
}

volume := "aws:ebs/volume:Volume"

test_volume if {
	found(volume, {"encrypted": true}) == set()
	found(volume, {}) == {["encrypted", false]}
	every v in [null, false, "true", {}] { found(volume, {"encrypted": v}) == {["encrypted", false]} }
	every v in [unknown, secret] { found(volume, {"encrypted": v}) == {["encrypted", true]} }
}

test_root if every type in [instance, configuration] {
	found(type, {"rootBlockDevice": {"encrypted": true}}) == set()
	found(type, {}) == {["rootBlockDevice.encrypted", false]}
	every v in [null, {}, {"encrypted": false}, {"encrypted": "true"}, "x", []] { found(type, {"rootBlockDevice": v}) == {["rootBlockDevice.encrypted", false]} }
	every v in [unknown, secret, {"encrypted": unknown}] { found(type, {"rootBlockDevice": v}) == {["rootBlockDevice.encrypted", true]} }
}

test_root_from_template if {
	found_beside(instance, {"launchTemplate": {"id": "lt-1"}}, [known_template]) == set()
	found_beside(instance, {"launchTemplate": {"id": "lt-1"}, "rootBlockDevice": {"encrypted": false}}, [known_template]) == {["rootBlockDevice.encrypted", false]}
	found(instance, {"launchTemplate": {"id": "lt-2"}}) == {["launchTemplate", true]}
	found(instance, {"launchTemplate": {"id": "lt-2"}, "rootBlockDevice": {"encrypted": true}}) == set()
}

devices(v) := found(instance, {"rootBlockDevice": {"encrypted": true}, "ebsBlockDevices": v})

test_devices if {
	every v in [null, [], [{"deviceName": "/dev/sdb", "encrypted": true}]] { devices(v) == set() }
	devices([{"encrypted": true}, {"encrypted": false}]) == {["ebsBlockDevices[1].encrypted", false]}
	every v in [[{}], [null], "x", [{"encrypted": false, "snapshotId": "snap-1"}], [{"snapshotId": ""}]] { devices(v) == {["ebsBlockDevices[0].encrypted", false]} }
	every v in [unknown, [unknown], [{"encrypted": unknown, "snapshotId": "snap-1"}]] { devices(v) == {["ebsBlockDevices[0].encrypted", true]} }
	every v in ["snap-1", unknown] { devices([{"snapshotId": v}]) == {["ebsBlockDevices[0].snapshotId", true]} }
}

mappings(v) := found(template, {"blockDeviceMappings": v})

test_template if {
	every v in ["true", true] { mappings([{"ebs": {"encrypted": v}}, {"virtualName": "ephemeral0"}]) == set() }
	found(template, {}) == {["blockDeviceMappings", false]}
	every v in [null, [], [{"virtualName": "ephemeral0"}], "x"] { mappings(v) == {["blockDeviceMappings", false]} }
	every v in [{}, {"encrypted": "false"}, {"encrypted": null}, "x"] { mappings([{"ebs": {"encrypted": "true"}}, {"ebs": v}]) == {["blockDeviceMappings[1].ebs.encrypted", false]} }
	every v in [unknown, [unknown], [{"ebs": unknown}], [{"ebs": {"encrypted": secret}}]] { mappings(v) == {["blockDeviceMappings[0].ebs.encrypted", true]} }
}

default_of(region, inputs) := {
	"urn": "d", "type": "aws:ebs/encryptionByDefault:EncryptionByDefault", "operation": "same",
	"inputs": inputs, "provider": {"urn": region, "region": region, "account": "111111111111"},
}

test_default if every type in [volume, instance, template] {
	every v in [{}, {"enabled": true}] { found_beside(type, {}, [default_of("eu-west-1", v)]) == set() }
	every v in [false, unknown] { count(found_beside(type, {}, [default_of("eu-west-1", {"enabled": v})])) == 1 }
	count(found_beside(type, {}, [default_of("us-east-1", {})])) == 1
}
