package tenantform.rules.lambda_url_cors_origins_test

import data.tenantform.rules.lambda_url_cors_origins as rule

unknown := {"$unknown": true}

found(inputs) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:lambda/functionUrl:FunctionUrl", "operation": "same", "inputs": inputs,
	}]}}
}

test_origins if {
	found({"cors": {"allowOrigins": ["https://app.example.com"]}}) == set()
	found({"cors": {"allowMethods": ["GET"]}}) == set()
	found({}) == set()
	found({"cors": {"allowOrigins": []}}) == set()
	found({"cors": {"allowOrigins": ["https://app.example.com", "*"]}}) == {false}
	found({"cors": {"allowOrigins": ["https://*"]}}) == {false}
	found({"cors": {"allowOrigins": "*"}}) == {false}
	found({"cors": {"allowOrigins": [1]}}) == {false}
	every v in [unknown, {"$secret": true}] {
		found({"cors": {"allowOrigins": ["https://app.example.com", v]}}) == {true}
		found({"cors": {"allowOrigins": v}}) == {true}
		found({"cors": v}) == {true}
	}
}
