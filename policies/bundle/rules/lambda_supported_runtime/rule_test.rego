package tenantform.rules.lambda_supported_runtime_test

import data.tenantform.rules.lambda_supported_runtime as rule

found(inputs) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:lambda/function:Function", "operation": "same", "inputs": inputs,
	}]}}
}

test_runtime if {
	every v in ["python3.13", "nodejs24.x", "provided.al2023"] { found({"runtime": v}) == set() }
	every v in ["python3.9", "go1.x", "dotnet8", "nodejs", "", null, 3, ["python3.13"]] { found({"runtime": v}) == {false} }
	every v in [{"$unknown": true}, {"$secret": true}] { found({"runtime": v}) == {true} }
	found({}) == {false}
}

test_image if {
	found({"packageType": "Image"}) == set()
	found({"packageType": "Zip"}) == {false}
	found({"packageType": {"$unknown": true}}) == {false}
	found({"packageType": "Image", "runtime": "python3.9"}) == {false}
}
