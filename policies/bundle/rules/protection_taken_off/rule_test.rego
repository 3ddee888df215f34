package tenantform.rules.protection_taken_off_test

import data.tenantform.rules.protection_taken_off as rule

found(resource) := out if {
	out := {f.property | some f in rule.findings} with input as {"plan": {"resources": [object.union({"urn": "u", "type": "aws:sns/topic:Topic", "name": "news", "custom": true, "protected": false}, resource)]}}
}

test_in_one_run if {
	every operation in ["replace", "delete"] {
		found({"operation": operation, "wasProtected": true}) == {"protect"}
		found({"operation": operation, "wasProtected": true, "protected": true}) == {"protect"}
		found({"operation": operation, "wasProtected": false}) == set()
		found({"operation": operation}) == set()
	}
}

test_nothing_is_taken_away if {
	every operation in ["same", "update", "create", "read"] {
		found({"operation": operation, "wasProtected": true}) == set()
	}
}

test_component if {
	found({"operation": "delete", "wasProtected": true, "custom": false}) == {"protect"}
}
