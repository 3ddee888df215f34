package tenantform.rules.kms_key_rotation_test

import data.tenantform.rules.kms_key_rotation as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

of(inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [
		{"urn": "u", "type": "aws:kms/key:Key", "operation": "create", "inputs": inputs, "propertyDependencies": from},
		{"urn": "urn:pulumi:s::p::a:b:C$aws:kms/alias:Alias::o", "type": "aws:kms/alias:Alias", "operation": "create", "inputs": {}},
	]}}
}

test_rotation if {
	of({"enableKeyRotation": true}, {}) == set()
	every value in [null, false, "true", 1] { of({"enableKeyRotation": value}, {}) == {["enableKeyRotation", false]} }
	of({}, {}) == {["enableKeyRotation", false]}
	of({"enableKeyRotation": unknown}, {}) == {["enableKeyRotation", true]}
	of({"enableKeyRotation": secret}, {}) == {["enableKeyRotation", true]}
}

test_kinds if {
	every usage in ["SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"] { of({"keyUsage": usage}, {}) == set() }
	of({"customerMasterKeySpec": "RSA_2048"}, {}) == set()
	of({"customKeyStoreId": "cks-1"}, {}) == set()
	every inputs in [
		{"keyUsage": "ENCRYPT_DECRYPT"}, {"customerMasterKeySpec": "SYMMETRIC_DEFAULT"}, {"customerMasterKeySpec": ""}, {"customerMasterKeySpec": unknown},
		{"keyUsage": unknown}, {"customKeyStoreId": ""}, {"customKeyStoreId": unknown}, {"customerMasterKeySpec": 7},
	] { of(inputs, {}) == {["enableKeyRotation", false]} }
}
