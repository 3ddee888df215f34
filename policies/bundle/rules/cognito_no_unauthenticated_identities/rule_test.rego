package tenantform.rules.cognito_no_unauthenticated_identities_test

import data.tenantform.rules.cognito_no_unauthenticated_identities as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

found(inputs) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:cognito/identityPool:IdentityPool", "operation": "same", "inputs": inputs,
	}]}}
}

test_unauthenticated if {
	found({}) == set()
	every v in [null, false] { found({"allowUnauthenticatedIdentities": v}) == set() }
	every v in [true, "false", 0, {}, []] { found({"allowUnauthenticatedIdentities": v}) == {false} }
	every v in [unknown, secret] { found({"allowUnauthenticatedIdentities": v}) == {true} }
}
