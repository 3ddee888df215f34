package tenantform.rules.lambda_permission_not_public_test

import data.tenantform.rules.lambda_permission_not_public as rule

unknown := {"$unknown": true}

found(inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [
		{
			"urn": "u", "type": "aws:lambda/permission:Permission", "operation": "create", "inputs": inputs,
			"propertyDependencies": from,
		},
		{"urn": "role", "type": "aws:iam/role:Role", "operation": "create"},
		{"urn": "topic", "type": "aws:sns/topic:Topic", "operation": "create"},
	]}}
}

test_principal if {
	every v in ["111111111111", "arn:aws:iam::111111111111:role/a", "sns.amazonaws.com"] { found({"principal": v}, {}) == set() }
	every v in ["*", "", null, 1, "arn:aws:iam::*:root", ["a"]] { found({"principal": v}, {}) == {["principal", false]} }
	every v in [unknown, {"$secret": true}] { found({"principal": v}, {}) == {["principal", true]} }
	found({}, {}) == {["principal", false]}
	found({"principal": unknown}, {"principal": ["role"]}) == set()
	found({"principal": unknown}, {"principal": ["topic"]}) == {["principal", true]}
}

test_narrowed if {
	found({"principal": "*", "principalOrgId": "o-abcdefghij"}, {}) == set()
	found({"principal": "*", "sourceAccount": "111111111111"}, {}) == set()
	found({"principal": "*", "sourceArn": "arn:aws:s3:::acme"}, {}) == set()
	found({"principal": "*", "sourceArn": unknown}, {"sourceArn": ["topic"]}) == set()
	found({"principal": "*", "sourceArn": unknown}, {}) == {["principal", false]}
	found({"principal": "*", "sourceArn": "arn:aws:s3:::*"}, {}) == {["principal", false]}
	found({"principal": "*", "principalOrgId": "o-*"}, {}) == {["principal", false]}
	found({"principal": "*", "principalOrgId": unknown}, {}) == {["principal", false]}
}

test_url if {
	found({"principal": "111111111111", "functionUrlAuthType": "AWS_IAM"}, {}) == set()
	every v in ["NONE", "", 1] { found({"principal": "111111111111", "functionUrlAuthType": v}, {}) == {["functionUrlAuthType", false]} }
	found({"principal": "111111111111", "functionUrlAuthType": unknown}, {}) == {["functionUrlAuthType", true]}
}
