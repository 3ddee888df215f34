package tenantform.rules.cloudtrail_complete_test

import data.tenantform.rules.cloudtrail_complete as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

found(inputs) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:cloudtrail/trail:Trail", "operation": "same", "inputs": inputs,
	}]}}
}

good := {"isMultiRegionTrail": true, "enableLogFileValidation": true}

test_complete if {
	found(good) == set()
	found({}) == {["isMultiRegionTrail", false], ["enableLogFileValidation", false]}
}

test_each if every property in ["isMultiRegionTrail", "enableLogFileValidation", "enableLogging", "includeGlobalServiceEvents"] {
	found(object.union(good, {property: true})) == set()
	every v in [false, "true", 1, {}] { found(object.union(good, {property: v})) == {[property, false]} }
	every v in [unknown, secret] { found(object.union(good, {property: v})) == {[property, true]} }
}

test_left_out if {
	every property in ["isMultiRegionTrail", "enableLogFileValidation"] { found(object.union(good, {property: null})) == {[property, false]} }
	every property in ["enableLogging", "includeGlobalServiceEvents"] { found(object.union(good, {property: null})) == set() }
}
