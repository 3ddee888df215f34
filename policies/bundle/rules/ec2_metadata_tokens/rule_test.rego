package tenantform.rules.ec2_metadata_tokens_test

import data.tenantform.rules.ec2_metadata_tokens as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

template_inputs := {"name": "bastion", "metadataOptions": {"httpTokens": "required"}}

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

test_tokens if every type in [instance, configuration, template] {
	found(type, {"metadataOptions": {"httpTokens": "required"}}) == set()
	found(type, {}) == {["metadataOptions.httpTokens", false]}
	every v in ["optional", "", null, true, {}] { found(type, {"metadataOptions": {"httpTokens": v}}) == {["metadataOptions.httpTokens", false]} }
	every v in [null, {}, "required", []] { found(type, {"metadataOptions": v}) == {["metadataOptions.httpTokens", false]} }
	every v in [unknown, secret] {
		found(type, {"metadataOptions": {"httpTokens": v}}) == {["metadataOptions.httpTokens", true]}
		found(type, {"metadataOptions": v}) == {["metadataOptions.httpTokens", true]}
	}
}

test_endpoint if {
	found(instance, {"metadataOptions": {"httpEndpoint": "disabled"}}) == set()
	every v in ["enabled", "", null, unknown] { found(instance, {"metadataOptions": {"httpEndpoint": v}}) == {["metadataOptions.httpTokens", false]} }
}

test_template if {
	found_beside(instance, {"launchTemplate": {"id": "lt-1"}}, [known_template]) == set()
	found_beside(instance, {"launchTemplate": {"id": "lt-1"}, "metadataOptions": {"httpTokens": "optional"}}, [known_template]) == {["metadataOptions.httpTokens", false]}
	found(instance, {"launchTemplate": {"id": "lt-2"}}) == {["launchTemplate", true]}
	found(instance, {"launchTemplate": unknown}) == {["launchTemplate", true]}
	found(instance, {"launchTemplate": {"id": "lt-2"}, "metadataOptions": {"httpTokens": "required"}}) == set()
	found(instance, {"launchTemplate": {"id": "lt-2"}, "metadataOptions": {"httpTokens": unknown}}) == {["metadataOptions.httpTokens", true]}
}

default_of(region, tokens) := {
	"urn": "d", "type": "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults", "operation": "same",
	"inputs": {"httpTokens": tokens}, "provider": {"urn": region, "region": region, "account": "111111111111"},
}

test_default if {
	found_beside(instance, {}, [default_of("eu-west-1", "required")]) == set()
	found_beside(instance, {"launchTemplate": {"id": "lt-2"}}, [default_of("eu-west-1", "required")]) == set()
	found_beside(instance, {"metadataOptions": {"httpTokens": "optional"}}, [default_of("eu-west-1", "required")]) == {["metadataOptions.httpTokens", false]}
	found_beside(instance, {}, [default_of("us-east-1", "required")]) == {["metadataOptions.httpTokens", false]}
	found_beside(instance, {}, [default_of("eu-west-1", unknown)]) == {["metadataOptions.httpTokens", false]}
}
