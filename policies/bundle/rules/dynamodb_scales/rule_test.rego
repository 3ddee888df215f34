package tenantform.rules.dynamodb_scales_test

import data.tenantform.rules.dynamodb_scales as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

table(inputs) := {"urn": "table", "type": "aws:dynamodb/table:Table", "operation": "same", "inputs": inputs}

found(resources) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

scaling(kind, resource, from, units) := {
	"urn": sprintf("%s %v%s", [kind, units, suffix(resource)]), "type": sprintf("aws:appautoscaling/%s", [kind]), "operation": "same",
	"inputs": {"resourceId": resource, "scalableDimension": units},
	"propertyDependencies": {"resourceId": from},
}

default suffix(_) := ""

suffix(resource) := concat("", [" ", resource]) if is_string(resource)

target(resource, from, units) := scaling("target:Target", resource, from, units)

policy(resource, from, units) := scaling("policy:Policy", resource, from, units)

dimensions := ["dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits"]

index_dimensions := ["dynamodb:index:ReadCapacityUnits", "dynamodb:index:WriteCapacityUnits"]

both(resource, from, units) := array.concat([target(resource, from, u) | some u in units], [policy(resource, from, u) | some u in units])

test_mode if {
	found([table({"billingMode": "PAY_PER_REQUEST"})]) == set()
	every v in [null, "PROVISIONED"] { found([table({"billingMode": v})]) == {["billingMode", false]} }
	every v in ["", "pay", 1, [], {}] { found([table({"billingMode": v})]) == {["billingMode", false]} }
	every v in [unknown, secret] { found([table({"billingMode": v})]) == {["billingMode", true]} }
	found([table({})]) == {["billingMode", false]}
}

test_scaled_by_name if {
	t := table({"name": "orders"})
	all := both("table/orders", [], dimensions)
	found(array.concat([t], all)) == set()
	every i in [0, 1, 2, 3] {
		some_missing := [r | some j, r in all; j != i]
		found(array.concat([t], some_missing)) == {["billingMode", false]}
	}
	found(array.concat([t], both("table/other", [], dimensions))) == {["billingMode", false]}
	found(array.concat([table({})], both("", [], dimensions))) == {["billingMode", false]}
}

test_scaled_by_source if {
	every t in [table({}), table({"name": unknown})] {
		found(array.concat([t], both(unknown, ["table"], dimensions))) == set()
		found(array.concat([t], both(unknown, [], dimensions))) == {["billingMode", false]}
		found(array.concat([t], both(secret, ["table"], dimensions))) == {["billingMode", false]}
	}
	found(array.concat([table({})], array.concat(
		[target(unknown, ["table"], d) | some d in dimensions],
		[policy(unknown, ["other"], d) | some d in dimensions],
	))) == {["billingMode", false]}
}

# Policies that take what they are of from a target.
derived(from, dimension) := object.union(policy(unknown, [from], dimension), {"urn": concat(" ", ["policy", from, sprintf("%v", [dimension])])})

test_scaled_by_target if {
	targets := array.concat([table({})], [target(unknown, ["table"], d) | some d in dimensions])
	found(array.concat(targets, [derived(concat(" ", ["target:Target", d]), d) | some d in dimensions])) == set()
	found(array.concat(targets, [object.union(derived(t, unknown), {"propertyDependencies": {"scalableDimension": [t]}}) |
		some d in dimensions
		t := concat(" ", ["target:Target", d])
	])) == set()
	every wrong in [unknown, null, "dynamodb:table:ReadCapacityUnits"] {
		found(array.concat(targets, [derived(concat(" ", ["target:Target", d]), wrong) | some d in dimensions])) == {["billingMode", false]}
	}
}

test_indexes if {
	t := table({"name": "orders", "globalSecondaryIndexes": [{"name": "by-date"}, {"name": "by-user"}]})
	base := array.concat([t], both("table/orders", [], dimensions))
	found(base) == {["globalSecondaryIndexes[0]", false], ["globalSecondaryIndexes[1]", false]}
	one := array.concat(base, both("table/orders/index/by-user", [], index_dimensions))
	found(one) == {["globalSecondaryIndexes[0]", false]}
	found(array.concat(one, both("table/orders/index/by-date", [], index_dimensions))) == set()
	found(array.concat(base, both(unknown, ["table"], index_dimensions))) == set()
}
