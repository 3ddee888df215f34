package tenantform.rules.cognito_password_policy_test

import data.tenantform.rules.cognito_password_policy as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

found(inputs) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:cognito/userPool:UserPool", "operation": "same", "inputs": inputs,
	}]}}
}

strong := {"minimumLength": 8, "requireLowercase": true, "requireNumbers": true, "requireSymbols": true, "requireUppercase": true}

but(change) := found({"passwordPolicy": object.union(strong, change)})

test_strong if {
	but({}) == set()
	but({"minimumLength": 99, "temporaryPasswordValidityDays": 7}) == set()
}

test_none if {
	found({}) == {["passwordPolicy", false]}
	every v in [null, "strong", true, [], [strong]] { found({"passwordPolicy": v}) == {["passwordPolicy", false]} }
	every v in [unknown, secret] { found({"passwordPolicy": v}) == {["passwordPolicy", true]} }
	count(found({"passwordPolicy": {}})) == 5
}

test_length if {
	every v in [7, 0, null, "8", true] { but({"minimumLength": v}) == {["passwordPolicy.minimumLength", false]} }
	every v in [unknown, secret] { but({"minimumLength": v}) == {["passwordPolicy.minimumLength", true]} }
}

test_kinds if every property in ["requireLowercase", "requireNumbers", "requireSymbols", "requireUppercase"] {
	name := concat(".", ["passwordPolicy", property])
	every v in [false, null, "true"] { but({property: v}) == {[name, false]} }
	every v in [unknown, secret] { but({property: v}) == {[name, true]} }
}

test_temporary if {
	every v in [8, 365, "7", false] { but({"temporaryPasswordValidityDays": v}) == {["passwordPolicy.temporaryPasswordValidityDays", false]} }
	every v in [unknown, secret] { but({"temporaryPasswordValidityDays": v}) == {["passwordPolicy.temporaryPasswordValidityDays", true]} }
	but({"temporaryPasswordValidityDays": null}) == set()
}
