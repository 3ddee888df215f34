package tenantform.rules.lambda_environment_encrypted_test

import data.tenantform.rules.lambda_environment_encrypted as rule

unknown := {"$unknown": true}

key := "arn:aws:kms:eu-west-1:111111111111:key/1"

found(inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:lambda/function:Function", "operation": "same", "inputs": inputs,
		"propertyDependencies": {"kmsKeyArn": from},
	}]}}
}

some_variables := {"variables": {"A": "b"}}

test_none if {
	every v in [null, {}, {"variables": {}}, {"variables": null}] { found({"environment": v}, []) == set() }
}

test_key if {
	found({"environment": some_variables, "kmsKeyArn": key}, []) == set()
	found({"environment": some_variables, "kmsKeyArn": unknown}, ["key"]) == set()
	every v in [null, "", 1, "arn:aws:kms:eu-west-1:111111111111:alias/aws/lambda"] {
		found({"environment": some_variables, "kmsKeyArn": v}, []) == {["kmsKeyArn", false]}
	}
	every v in [unknown, {"$secret": true}] { found({"environment": some_variables, "kmsKeyArn": v}, []) == {["kmsKeyArn", true]} }
	found({"environment": {"variables": "A=b"}}, []) == {["kmsKeyArn", false]}
	found({"environment": {"variables": {"A": unknown}}}, []) == {["kmsKeyArn", false]}
}

test_unknown if {
	every v in [unknown, {"$secret": true}, {"variables": unknown}] {
		found({"environment": v}, []) == {["environment", true]}
		found({"environment": v, "kmsKeyArn": key}, []) == set()
	}
}
