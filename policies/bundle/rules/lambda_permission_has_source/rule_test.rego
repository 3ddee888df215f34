package tenantform.rules.lambda_permission_has_source_test

import data.tenantform.rules.lambda_permission_has_source as rule

unknown := {"$unknown": true}

found(inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [
		{
			"urn": "u", "type": "aws:lambda/permission:Permission", "operation": "create",
			"inputs": object.union({"principal": "sns.amazonaws.com"}, inputs), "propertyDependencies": from,
		},
		{"urn": "role", "type": "aws:iam/role:Role", "operation": "create"},
		{"urn": "bucket", "type": "aws:s3/bucket:Bucket", "operation": "create"},
		{"urn": "topic", "type": "aws:sns/topic:Topic", "operation": "create"},
	]}}
}

topic := "arn:aws:sns:eu-west-1:111111111111:acme"

test_source if {
	found({"sourceArn": topic}, {}) == set()
	found({"sourceAccount": "111111111111"}, {}) == set()
	found({"sourceArn": unknown}, {"sourceArn": ["topic"]}) == set()
	every v in [null, "", "*", 1, unknown, {"$secret": true}] { found({"sourceArn": v}, {}) == {["principal", false]} }
	found({}, {}) == {["principal", false]}
	found({"principal": "sns.amazonaws.com.cn"}, {}) == {["principal", false]}
}

test_principal if {
	every v in ["*", "111111111111", "arn:aws:iam::111111111111:role/a", null] { found({"principal": v}, {}) == set() }
	every v in [1, true, ["sns.amazonaws.com"], {}] { found({"principal": v}, {}) == {["principal", false]} }
	every v in [unknown, {"$secret": true}] { found({"principal": v}, {}) == {["principal", true]} }
	found({"principal": unknown}, {"principal": ["role"]}) == set()
	found({"principal": unknown, "sourceArn": topic}, {}) == set()
}

test_bucket if {
	bucket := "arn:aws:s3:::acme"
	found({"principal": "s3.amazonaws.com", "sourceArn": bucket, "sourceAccount": "111111111111"}, {}) == set()
	found({"principal": "s3.amazonaws.com", "sourceArn": "arn:aws:s3:::*"}, {}) == {["principal", false]}
	found({"principal": "s3.amazonaws.com", "sourceArn": bucket}, {}) == {["sourceAccount", false]}
	found({"principal": "s3.amazonaws.com", "sourceArn": unknown}, {"sourceArn": ["bucket"]}) == {["sourceAccount", false]}
	found({"principal": "s3.amazonaws.com", "sourceArn": bucket, "sourceAccount": unknown}, {}) == {["sourceAccount", true]}
}
