package tenantform.rules.lambda_tracing_test

import data.tenantform.rules.lambda_tracing as rule

unknown := {"$unknown": true}

found(tracing) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:lambda/function:Function", "operation": "same", "inputs": {"tracingConfig": tracing},
	}]}}
}

test_mode if {
	found({"mode": "Active"}) == set()
	every v in ["PassThrough", "", null, 1] { found({"mode": v}) == {false} }
	every v in [null, {}, "Active", []] { found(v) == {false} }
	every v in [unknown, {"$secret": true}] {
		found({"mode": v}) == {true}
		found(v) == {true}
	}
}
