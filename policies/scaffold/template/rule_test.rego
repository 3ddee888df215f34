package tenantform.rules.NAME_test

import data.tenantform.rules.NAME as rule

# found tells of each finding whether it is one because the value is not known.
found(inputs) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:sns/topic:Topic", "operation": "create", "inputs": inputs,
	}]}}
}

test_passes if found({"displayName": "Orders that wait"}) == set()

test_missing if found({}) == {false}

test_empty if found({"displayName": " "}) == {false}

test_wrong_type if found({"displayName": 1}) == {false}

test_unknown if found({"displayName": {"$unknown": true}}) == {true}

test_secret if found({"displayName": {"$secret": true}}) == {true}
