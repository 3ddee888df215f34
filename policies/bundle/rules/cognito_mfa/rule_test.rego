package tenantform.rules.cognito_mfa_test

import data.tenantform.rules.cognito_mfa as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

found(inputs) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:cognito/userPool:UserPool", "operation": "same", "inputs": inputs,
	}]}}
}

test_mfa if {
	found({"mfaConfiguration": "ON"}) == set()
	found({}) == {false}
	every v in ["OFF", "OPTIONAL", "on", "", null, true, {}] { found({"mfaConfiguration": v}) == {false} }
	every v in [unknown, secret] { found({"mfaConfiguration": v}) == {true} }
}
