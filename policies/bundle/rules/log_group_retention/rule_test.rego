package tenantform.rules.log_group_retention_test

import data.tenantform.rules.log_group_retention as rule

found(inputs) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:cloudwatch/logGroup:LogGroup", "operation": "same", "inputs": inputs,
	}]}}
}

test_retention if {
	found({"retentionInDays": 1}) == set()
	found({"retentionInDays": 0}) == {false}
	found({"retentionInDays": -1}) == {false}
	found({"retentionInDays": "30"}) == {false}
	found({}) == {false}
	found({"retentionInDays": {"$unknown": true}}) == {true}
	found({"retentionInDays": {"$secret": true}}) == {true}
	found({"logGroupClass": "DELIVERY"}) == set()
	found({"logGroupClass": {"$unknown": true}}) == {false}
}
