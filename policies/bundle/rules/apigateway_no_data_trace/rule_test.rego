package tenantform.rules.apigateway_no_data_trace_test

import data.tenantform.rules.apigateway_no_data_trace as rule

unknown := {"$unknown": true}

found(settings) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:apigateway/methodSettings:MethodSettings", "operation": "same", "inputs": {"settings": settings},
	}]}}
}

test_trace if {
	every v in [false, null] { found({"dataTraceEnabled": v}) == set() }
	every v in [null, {}] { found(v) == set() }
	every v in [true, "true", "false", 1] { found({"dataTraceEnabled": v}) == {false} }
	every v in [unknown, {"$secret": true}] {
		found({"dataTraceEnabled": v}) == {true}
		found(v) == {true}
	}
}
