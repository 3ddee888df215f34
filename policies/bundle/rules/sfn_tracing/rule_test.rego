package tenantform.rules.sfn_tracing_test

import data.tenantform.rules.sfn_tracing as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

of(inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [
		{"urn": "u", "type": "aws:sfn/stateMachine:StateMachine", "operation": "create", "inputs": inputs, "propertyDependencies": from},
		{"urn": "urn:pulumi:s::p::a:b:C$aws:cloudwatch/logGroup:LogGroup::o", "type": "aws:cloudwatch/logGroup:LogGroup", "operation": "create", "inputs": {}},
	]}}
}

enabled := "tracingConfiguration.enabled"

test_tracing if {
	of({"tracingConfiguration": {"enabled": true}}, {}) == set()
	every value in [false, null, "true", 1] { of({"tracingConfiguration": {"enabled": value}}, {}) == {[enabled, false]} }
	of({"tracingConfiguration": {}}, {}) == {[enabled, false]}
	every value in [null, true, []] { of({"tracingConfiguration": value}, {}) == {["tracingConfiguration", false]} }
	of({}, {}) == {["tracingConfiguration", false]}
}

test_unknown if {
	of({"tracingConfiguration": unknown}, {}) == {["tracingConfiguration", true]}
	of({"tracingConfiguration": secret}, {}) == {["tracingConfiguration", true]}
	of({"tracingConfiguration": {"enabled": unknown}}, {}) == {[enabled, true]}
}
