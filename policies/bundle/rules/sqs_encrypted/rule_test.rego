package tenantform.rules.sqs_encrypted_test

import data.tenantform.rules.sqs_encrypted as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

queue(inputs) := {"urn": "q", "type": "aws:sqs/queue:Queue", "operation": "create", "inputs": object.union({"name": "jobs"}, inputs)}

test_encrypted if {
	found([queue({"kmsMasterKeyId": "alias/jobs"})]) == set()
	found([object.union(queue({"kmsMasterKeyId": unknown}), {"propertyDependencies": {"kmsMasterKeyId": ["key"]}})]) == set()
	found([queue({"sqsManagedSseEnabled": true})]) == set()
	found([queue({"kmsMasterKeyId": "alias/jobs", "sqsManagedSseEnabled": unknown})]) == set()
}

test_not_encrypted if {
	found([queue({})]) == {["q", "kmsMasterKeyId", false]}
	found([queue({"kmsMasterKeyId": ""})]) == {["q", "kmsMasterKeyId", false]}
	found([queue({"kmsMasterKeyId": 1})]) == {["q", "kmsMasterKeyId", false]}
	found([queue({"sqsManagedSseEnabled": false})]) == {["q", "kmsMasterKeyId", false]}
	found([queue({"sqsManagedSseEnabled": "true"})]) == {["q", "kmsMasterKeyId", false]}
}

test_unknown if {
	found([queue({"kmsMasterKeyId": unknown})]) == {["q", "kmsMasterKeyId", true]}
	found([queue({"kmsMasterKeyId": secret})]) == {["q", "kmsMasterKeyId", true]}
	found([queue({"sqsManagedSseEnabled": unknown})]) == {["q", "sqsManagedSseEnabled", true]}
}
