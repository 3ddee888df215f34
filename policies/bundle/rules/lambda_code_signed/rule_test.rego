package tenantform.rules.lambda_code_signed_test

import data.tenantform.rules.lambda_code_signed as rule

unknown := {"$unknown": true}

found(type, inputs, from) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": type, "operation": "same", "inputs": inputs, "propertyDependencies": from,
	}]}}
}

function(inputs, from) := found("aws:lambda/function:Function", inputs, from)

test_function if {
	function({"codeSigningConfigArn": "arn:aws:lambda:eu-west-1:111111111111:code-signing-config:csc-1"}, {}) == set()
	function({"codeSigningConfigArn": unknown}, {"codeSigningConfigArn": ["config"]}) == set()
	function({"packageType": "Image"}, {}) == set()
	function({"packageType": "Zip"}, {}) == {false}
	every v in ["", null, 1] { function({"codeSigningConfigArn": v}, {}) == {false} }
	every v in [unknown, {"$secret": true}] { function({"codeSigningConfigArn": v}, {}) == {true} }
	function({}, {}) == {false}
}

config(policies) := found("aws:lambda/codeSigningConfig:CodeSigningConfig", {"policies": policies}, {})

test_config if {
	config({"untrustedArtifactOnDeployment": "Enforce"}) == set()
	every v in ["Warn", "", null, 1] { config({"untrustedArtifactOnDeployment": v}) == {false} }
	config({"untrustedArtifactOnDeployment": unknown}) == {true}
	config(unknown) == {true}
	config(null) == {false}
}
