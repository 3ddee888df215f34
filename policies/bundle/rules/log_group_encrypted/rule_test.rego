package tenantform.rules.log_group_encrypted_test

import data.tenantform.rules.log_group_encrypted as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

of(inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [
		{"urn": "u", "type": "aws:cloudwatch/logGroup:LogGroup", "operation": "create", "inputs": inputs, "propertyDependencies": from},
		{"urn": "urn:pulumi:s::p::a:b:C$aws:kms/key:Key::o", "type": "aws:kms/key:Key", "operation": "create", "inputs": {}},
	]}}
}

test_key if {
	of({"kmsKeyId": "arn:aws:kms:eu-west-1:111111111111:key/1"}, {}) == set()
	every key in [null, "", 7, {}] { of({"kmsKeyId": key}, {}) == {["kmsKeyId", false]} }
	of({}, {}) == {["kmsKeyId", false]}
	of({"logGroupClass": "DELIVERY"}, {}) == set()
	of({"logGroupClass": unknown}, {}) == {["kmsKeyId", false]}
}

test_unknown if {
	of({"kmsKeyId": unknown}, {}) == {["kmsKeyId", true]}
	of({"kmsKeyId": secret}, {}) == {["kmsKeyId", true]}
	of({"kmsKeyId": unknown}, {"kmsKeyId": ["urn:pulumi:s::p::a:b:C$aws:kms/key:Key::o"]}) == set()
	of({"kmsKeyId": unknown}, {"kmsKeyId": ["urn:pulumi:s::p::pulumi:pulumi:StackReference::o"]}) == set()
	of({"kmsKeyId": unknown}, {"kmsKeyId": ["urn:pulumi:s::p::aws:kms/alias:Alias::o"]}) == {["kmsKeyId", true]}
	of({"kmsKeyId": unknown}, {"kmsKeyId": ["odd"]}) == {["kmsKeyId", true]}
}
