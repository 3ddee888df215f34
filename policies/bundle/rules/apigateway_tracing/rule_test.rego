package tenantform.rules.apigateway_tracing_test

import data.tenantform.rules.apigateway_tracing as rule

found(inputs) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:apigateway/stage:Stage", "operation": "same", "inputs": inputs,
	}]}}
}

test_tracing if {
	found({"xrayTracingEnabled": true}) == set()
	found({}) == {false}
	every v in [false, null, "true", 1] { found({"xrayTracingEnabled": v}) == {false} }
	every v in [{"$unknown": true}, {"$secret": true}] { found({"xrayTracingEnabled": v}) == {true} }
}
