package tenantform.rules.sns_encrypted_test

import data.tenantform.rules.sns_encrypted as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

topic(inputs) := {"urn": "t", "type": "aws:sns/topic:Topic", "operation": "create", "inputs": object.union({"name": "news"}, inputs)}

test_encrypted if {
	found([topic({"kmsMasterKeyId": "alias/news"})]) == set()
	found([object.union(topic({"kmsMasterKeyId": unknown}), {"propertyDependencies": {"kmsMasterKeyId": ["key"]}})]) == set()
}

test_not_encrypted if {
	found([topic({})]) == {["t", "kmsMasterKeyId", false]}
	every value in ["", null, 1, true] { found([topic({"kmsMasterKeyId": value})]) == {["t", "kmsMasterKeyId", false]} }
}

test_unknown if {
	found([topic({"kmsMasterKeyId": unknown})]) == {["t", "kmsMasterKeyId", true]}
	found([topic({"kmsMasterKeyId": secret})]) == {["t", "kmsMasterKeyId", true]}
}
