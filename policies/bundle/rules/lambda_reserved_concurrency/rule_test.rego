package tenantform.rules.lambda_reserved_concurrency_test

import data.tenantform.rules.lambda_reserved_concurrency as rule

found(inputs, program) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"subject": {"program": program}, "plan": {"resources": [{
		"urn": "u", "type": "aws:lambda/function:Function", "operation": "same", "inputs": inputs,
	}]}}
}

test_concurrency if {
	every v in [0, 1, 1000] { found({"reservedConcurrentExecutions": v}, "tenant") == set() }
	every v in [-1, null, "10", true] { found({"reservedConcurrentExecutions": v}, "tenant") == {false} }
	every v in [{"$unknown": true}, {"$secret": true}] { found({"reservedConcurrentExecutions": v}, "tenant") == {true} }
	found({}, "") == {false}
	found({}, "functions") == set()
}
