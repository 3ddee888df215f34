package tenantform.rules.alarm_actions_enabled_test

import data.tenantform.rules.alarm_actions_enabled as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

of(inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [
		{"urn": "u", "type": "aws:cloudwatch/metricAlarm:MetricAlarm", "operation": "create", "inputs": inputs, "propertyDependencies": from},
		{"urn": "urn:pulumi:s::p::a:b:C$aws:cloudwatch/compositeAlarm:CompositeAlarm::o", "type": "aws:cloudwatch/compositeAlarm:CompositeAlarm", "operation": "create", "inputs": {}},
	]}}
}

test_enabled if {
	of({}, {}) == set()
	of({"actionsEnabled": true}, {}) == set()
	every value in [false, "true", 1, {}] { of({"actionsEnabled": value}, {}) == {["actionsEnabled", false]} }
	of({"actionsEnabled": unknown}, {}) == {["actionsEnabled", true]}
	of({"actionsEnabled": secret}, {}) == {["actionsEnabled", true]}
}

test_composite if {
	found := rule.findings with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:cloudwatch/compositeAlarm:CompositeAlarm", "operation": "create", "inputs": {"actionsEnabled": false},
	}]}}
	count(found) == 1
}
