package tenantform.lib.plan_test

import data.tenantform.lib.plan

values := [null, true, 0, "", "x", [], {}, {"$unknown": false}, {"a": 1}, set()]

test_defined_for_every_value if every v in values {
	plan.is_unknown(v) == false
	plan.is_secret(v) == false
	plan.is_opaque(v) == false
	is_array(plan.list(v))
	is_string(plan.text(v))
	plan.finding({"urn": "u"}, "p", v, "m") == {"urn": "u", "property": "p", "value": v, "message": "m", "unknown": false}
}

test_marked if {
	plan.is_unknown({"$unknown": true})
	plan.is_secret({"$secret": true})
	every v in [{"$unknown": true}, {"$secret": true}] {
		plan.is_opaque(v)
		plan.finding({"urn": "u"}, "p", v, "m").unknown
		endswith(plan.finding({"urn": "u"}, "p", v, "m").message, ": m")
	}
}

test_live if {
	resources := [{"urn": o, "type": "t", "operation": o} | some o in ["same", "create", "update", "replace", "delete", "read", "other"]]
	of := {r.urn | some r in plan.of_type("t")} with input as {"plan": {"resources": resources}}
	of == {"same", "create", "update", "replace"}
	none := plan.of_type("x") with input as {"plan": {"resources": resources}}
	none == []
}

test_chain if {
	resources := [
		{"urn": "a", "operation": "delete"}, {"urn": "b", "parent": "a", "operation": "same"},
		{"urn": "c", "parent": "b", "operation": "delete"}, {"urn": "d", "parent": "elsewhere", "operation": "same"},
	]
	up := plan.chain("c") with input as {"plan": {"resources": resources}}
	up == {"a", "b", "c"}
	alone := plan.chain("d") with input as {"plan": {"resources": resources}}
	alone == {"d"}
}

test_sources if {
	resources := [{"urn": "vpc", "type": "v", "operation": "same"}, {"urn": "gone", "type": "v", "operation": "delete"}]
	r := {"propertyDependencies": {"vpcId": ["vpc", "gone", "elsewhere"]}}
	found := plan.sources_of_type(r, "vpcId", "v") with input as {"plan": {"resources": resources}}
	found == {"vpc"}
	plan.sources({}, "vpcId") == set()
}

test_field if {
	plan.field({"a": 1}, "a") == 1
	every v in [null, true, 0, "a", [], {}, {"b": 1}] { plan.field(v, "a") == null }
	every v in [{"$unknown": true}, {"$secret": true}] { plan.field(v, "a") == v }
	plan.field(plan.field({"a": {"b": false}}, "a"), "b") == false
}

test_given if {
	r := {"propertyDependencies": {"key": ["urn"], "none": []}}
	plan.given(r, "key", "arn")
	plan.given(r, "none", "arn")
	plan.given(r, "key", {"$unknown": true})
	not plan.given(r, "none", {"$unknown": true})
	not plan.given(r, "other", {"$unknown": true})
	every v in [null, "", 0, true, [], {"a": 1}, {"$secret": true}] { not plan.given(r, "key", v) }
}

test_misfits if {
	every value in [null, "x", {"$unknown": true}, {"$secret": true}] { plan.misfits({"urn": "u"}, "p", value, {"string", "array"}) == set() }
	every value in [1, true, {}, {"x": "y"}] {
		[f | some f in plan.misfits({"urn": "u"}, "p", value, {"string", "array"})][0].property == "p"
	}
	{f.value | some f in plan.misfits({"urn": "u"}, "p", 1, {"string"})} == {null}
}
