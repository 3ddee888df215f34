package tenantform.rules.lambda_memory_and_timeout_test

import data.tenantform.rules.lambda_memory_and_timeout as rule

found(inputs) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:lambda/function:Function", "operation": "same", "inputs": inputs,
	}]}}
}

test_chosen if {
	found({"memorySize": 256, "timeout": 30}) == set()
	found({"memorySize": 128, "timeout": 3}) == set()
	found({}) == {["memorySize", false], ["timeout", false]}
	every v in [null, 0, -1, "256", true] {
		found({"memorySize": v, "timeout": 30}) == {["memorySize", false]}
		found({"memorySize": 256, "timeout": v}) == {["timeout", false]}
	}
	every v in [{"$unknown": true}, {"$secret": true}] {
		found({"memorySize": v, "timeout": 30}) == {["memorySize", true]}
		found({"memorySize": 256, "timeout": v}) == {["timeout", true]}
	}
}
