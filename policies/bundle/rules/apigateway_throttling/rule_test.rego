package tenantform.rules.apigateway_throttling_test

import data.tenantform.rules.apigateway_throttling as rule

unknown := {"$unknown": true}

api := {"urn": "api", "id": "abc", "type": "aws:apigateway/restApi:RestApi", "operation": "same"}

stage := {"urn": "stage", "type": "aws:apigateway/stage:Stage", "operation": "same", "inputs": {"restApi": "abc", "stageName": "live"}}

usage(throttle, stages, from) := {
	"urn": "usage", "type": "aws:apigateway/usagePlan:UsagePlan", "operation": "same",
	"inputs": {"throttleSettings": throttle, "apiStages": stages}, "propertyDependencies": {"apiStages": from},
}

settings(path, rate, burst) := {
	"urn": "settings", "type": "aws:apigateway/methodSettings:MethodSettings", "operation": "same",
	"inputs": {"restApi": "abc", "stageName": "live", "methodPath": path, "settings": {"throttlingRateLimit": rate, "throttlingBurstLimit": burst}},
}

limits := {"rateLimit": 5, "burstLimit": 10}

found(resources) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

test_usage_plan if {
	found([api, stage, usage(limits, [{"apiId": "abc", "stage": "live"}], [])]) == set()
	found([api, stage, usage(limits, [{"apiId": unknown, "stage": "live"}], ["api"])]) == set()
	found([api, stage, usage(limits, [{"apiId": unknown, "stage": unknown}], ["api", "stage"])]) == set()
	found([api, stage, usage(limits, unknown, ["stage"])]) == set()
	every v in [[{"apiId": "abc", "stage": "next"}], [{"apiId": "xyz", "stage": "live"}], [{}], ["live"], [unknown], unknown, null] {
		found([api, stage, usage(limits, v, [])]) == {["stageName", false]}
	}
}

test_plan_without_limits if {
	all := [{"apiId": "abc", "stage": "live"}]
	every v in [null, {}, {"rateLimit": 0, "burstLimit": "5"}] {
		found([stage, usage(v, all, [])]) == {["throttleSettings.rateLimit", false], ["throttleSettings.burstLimit", false]}
	}
	found([stage, usage({"rateLimit": 5}, all, [])]) == {["throttleSettings.burstLimit", false]}
	found([stage, usage({"rateLimit": 5, "burstLimit": unknown}, all, [])]) == {["throttleSettings.burstLimit", true]}
	found([stage, usage(unknown, all, [])]) == {["throttleSettings.rateLimit", true], ["throttleSettings.burstLimit", true]}
}

test_settings if {
	found([stage, settings("*/*", 5, 10)]) == set()
	found([stage]) == {["stageName", false]}
	found([stage, settings("a/GET", 5, 10)]) == {["stageName", false]}
	every v in [-1, 0, null, unknown, "5"] {
		found([stage, settings("*/*", v, 10)]) == {["stageName", false]}
		found([stage, settings("*/*", 5, v)]) == {["stageName", false]}
	}
}

http(defaults) := found([{"urn": "u", "type": "aws:apigatewayv2/stage:Stage", "operation": "same", "inputs": {"defaultRouteSettings": defaults}}])

test_http if {
	http({"throttlingRateLimit": 5, "throttlingBurstLimit": 10}) == set()
	http({"throttlingRateLimit": 5}) == {["defaultRouteSettings.throttlingBurstLimit", false]}
	http({"throttlingRateLimit": unknown, "throttlingBurstLimit": 10}) == {["defaultRouteSettings.throttlingRateLimit", true]}
	count(http(null)) == 2
}
