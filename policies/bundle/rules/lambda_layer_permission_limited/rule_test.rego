package tenantform.rules.lambda_layer_permission_limited_test

import data.tenantform.rules.lambda_layer_permission_limited as rule

unknown := {"$unknown": true}

found(inputs, from) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:lambda/layerVersionPermission:LayerVersionPermission", "operation": "same",
		"inputs": inputs, "propertyDependencies": from,
	}]}}
}

test_principal if {
	every v in ["111111111111", "arn:aws:iam::111111111111:root"] { found({"principal": v}, {}) == set() }
	every v in ["*", "", null, 1] { found({"principal": v}, {}) == {false} }
	every v in [unknown, {"$secret": true}] { found({"principal": v}, {}) == {true} }
	found({}, {}) == {false}
}

test_organization if {
	found({"principal": "*", "organizationId": "o-abcdefghij"}, {}) == set()
	found({"principal": "*", "organizationId": unknown}, {"organizationId": ["organization"]}) == set()
	every v in ["", null, 1, unknown, {"$secret": true}] { found({"principal": "*", "organizationId": v}, {}) == {false} }
	found({"principal": unknown, "organizationId": "o-abcdefghij"}, {}) == set()
}
