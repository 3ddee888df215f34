package tenantform.rules.lambda_url_authenticated_test

import data.tenantform.rules.lambda_url_authenticated as rule

found(inputs) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:lambda/functionUrl:FunctionUrl", "operation": "same", "inputs": inputs,
	}]}}
}

test_type if {
	found({"authorizationType": "AWS_IAM"}) == set()
	every v in ["NONE", "", null, 1, true, ["AWS_IAM"]] { found({"authorizationType": v}) == {false} }
	every v in [{"$unknown": true}, {"$secret": true}] { found({"authorizationType": v}) == {true} }
	found({}) == {false}
}
