package tenantform.rules.tenant_tier_limits_test

import data.tenantform.rules.tenant_tier_limits as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

tier(name, rate) := {"name": name, "rateLimit": rate, "burstLimit": 10, "monthlyQuota": 1000, "functionConcurrency": 2, "functionMemoryMB": 128, "functionTimeoutSec": 10, "functionCount": 2}

decided(program, resources) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {
		"plan": {"resources": resources}, "subject": {"program": program, "tenantId": "acme"},
		"catalogue": {"tiers": [tier("free", 5), tier("eu-free", 7)]},
	}
}

usage(name, tags, changes) := {"urn": "u", "type": "aws:apigateway/usagePlan:UsagePlan", "operation": "create", "inputs": object.union(
	{"name": name, "tags": tags, "throttleSettings": {"rateLimit": 5, "burstLimit": 10}, "quotaSettings": {"limit": 1000, "period": "MONTH"}},
	changes,
)}

changed(changes) := decided("tenant", [usage("x", {"tier": "free"}, changes)])

test_usage_plan if {
	changed({}) == set()
	changed({"throttleSettings": {"rateLimit": 6}}) == {["throttleSettings.rateLimit", false]}
	changed({"throttleSettings": {"rateLimit": "5"}}) == {["throttleSettings.rateLimit", false]}
	changed({"throttleSettings": {"burstLimit": unknown}}) == {["throttleSettings.burstLimit", true]}
	changed({"throttleSettings": null}) == {["throttleSettings.rateLimit", false], ["throttleSettings.burstLimit", false]}
	changed({"quotaSettings": secret}) == {["quotaSettings.limit", true], ["quotaSettings.period", true]}
	changed({"quotaSettings": {"period": "DAY"}}) == {["quotaSettings.period", false]}
	changed({"quotaSettings": {"limit": 1001}}) == {["quotaSettings.limit", false]}
	changed({"apiStages": [{"apiId": "a"}, {"throttles": [{"rateLimit": 9}]}]}) == {["apiStages[1].throttles", false]}
	changed({"apiStages": [unknown]}) == {["apiStages[0].throttles", true]}
	changed({"apiStages": secret}) == {["apiStages[0].throttles", true]}
	changed({"apiStages": [{"throttles": unknown}]}) == {["apiStages[0].throttles", true]}
	every v in ["x", 1, [[]], ["x"]] { changed({"apiStages": v}) == {["apiStages[0]", false]} }
}

test_which_tier if {
	decided("pool", [usage("pool-a-free", {"tier": "shared"}, {})]) == set()
	decided("pool", [usage("pool-a-eu-free", {"tier": "shared"}, {"throttleSettings": {"rateLimit": 7}})]) == set()
	every tags in [{"tier": "gold"}, {}, null, 1, "free"] { decided("pool", [usage("pool-a", tags, {})]) == {["tags[\"tier\"]", false]} }
	decided("pool", [usage(unknown, unknown, {})]) == {["tags[\"tier\"]", true]}
	decided("", [usage("pool-a", {}, {})]) == set()
}

function(urn, changes) := {"urn": urn, "type": "aws:lambda/function:Function", "operation": "create", "inputs": object.union(
	{"name": urn, "tags": {"tier": "free"}, "reservedConcurrentExecutions": 2, "memorySize": 128, "timeout": 10},
	changes,
)}

test_functions if {
	decided("functions", [function("a", {}), function("b", {})]) == set()
	decided("functions", [function("a", {}), function("b", {}), function("c", {})]) == {["", false]}
	decided("functions", [function("a", {"reservedConcurrentExecutions": 3})]) == {["reservedConcurrentExecutions", false]}
	decided("functions", [function("a", {"memorySize": null})]) == {["memorySize", false]}
	decided("functions", [function("a", {"timeout": unknown})]) == {["timeout", true]}
	decided("functions", [function("a", {"tags": {"tier": "gold"}})]) == {["tags[\"tier\"]", false]}
	decided("tenant", [function("a", {"memorySize": 1024})]) == set()
}
