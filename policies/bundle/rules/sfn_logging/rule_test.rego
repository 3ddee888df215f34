package tenantform.rules.sfn_logging_test

import data.tenantform.rules.sfn_logging as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

of(inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [
		{"urn": "u", "type": "aws:sfn/stateMachine:StateMachine", "operation": "create", "inputs": inputs, "propertyDependencies": from},
		{"urn": "urn:pulumi:s::p::a:b:C$aws:cloudwatch/logGroup:LogGroup::o", "type": "aws:cloudwatch/logGroup:LogGroup", "operation": "create", "inputs": {}},
	]}}
}

config(level, group) := {"loggingConfiguration": {"level": level, "logDestination": group}}

group := "arn:aws:logs:eu-west-1:111111111111:log-group:acme:*"

level := "loggingConfiguration.level"

destination := "loggingConfiguration.logDestination"

test_logging if {
	every value in ["ALL", "ERROR", "FATAL"] { of(config(value, group), {}) == set() }
	every value in ["OFF", "", null, "all", 1] { of(config(value, group), {}) == {[level, false]} }
	every value in ["", null, 7] { of(config("ALL", value), {}) == {[destination, false]} }
	of({"loggingConfiguration": {}}, {}) == {[level, false], [destination, false]}
	every value in [null, "ALL", []] { of({"loggingConfiguration": value}, {}) == {["loggingConfiguration", false]} }
	of({}, {}) == {["loggingConfiguration", false]}
}

test_unknown if {
	of({"loggingConfiguration": unknown}, {}) == {["loggingConfiguration", true]}
	of({"loggingConfiguration": secret}, {}) == {["loggingConfiguration", true]}
	of(config(unknown, group), {}) == {[level, true]}
	of(config("ALL", unknown), {}) == {[destination, true]}
	of(config("ALL", secret), {}) == {[destination, true]}
	of(config("ALL", unknown), {"loggingConfiguration": ["urn:pulumi:s::p::a:b:C$aws:cloudwatch/logGroup:LogGroup::o"]}) == set()
}
