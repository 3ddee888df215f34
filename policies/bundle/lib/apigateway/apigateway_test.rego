package tenantform.lib.apigateway_test

import data.tenantform.lib.apigateway

unknown := {"$unknown": true}

resources := [
	{"urn": "api", "id": "abc", "type": "aws:apigateway/restApi:RestApi", "operation": "same", "inputs": {}},
	{"urn": "live", "type": "aws:apigateway/stage:Stage", "operation": "same", "inputs": {"restApi": "abc", "stageName": "live"}},
	{"urn": "next", "type": "aws:apigateway/stage:Stage", "operation": "create", "inputs": {"restApi": unknown, "stageName": "next"}, "propertyDependencies": {"restApi": ["api"]}},
	{"urn": "elsewhere", "type": "aws:apigateway/stage:Stage", "operation": "create", "inputs": {"restApi": "xyz", "stageName": "live"}},
]

settings(name, inputs, from) := {
	"urn": name, "type": "aws:apigateway/methodSettings:MethodSettings", "operation": "create", "inputs": inputs,
	"propertyDependencies": from,
}

holding(s) := {stage.urn |
	some stage in resources
	found := apigateway.settings_of(stage) with input as {"plan": {"resources": array.concat(resources, [s])}}
	count(found) == 1
}

test_settings if {
	holding(settings("s", {"restApi": unknown, "stageName": "live"}, {"stageName": ["live"]})) == {"live"}
	holding(settings("s", {"restApi": unknown, "stageName": unknown}, {"restApi": ["api"], "stageName": ["next"]})) == {"next"}
	holding(settings("s", {"restApi": "abc", "stageName": "live"}, {})) == {"live"}
	holding(settings("s", {"restApi": "abc", "stageName": "next"}, {})) == {"next"}
	holding(settings("s", {"restApi": unknown, "stageName": "live"}, {"restApi": ["api"]})) == {"live"}
	holding(settings("s", {"restApi": "xyz", "stageName": "live"}, {})) == {"elsewhere"}
	holding(settings("s", {"restApi": "abc", "stageName": unknown}, {})) == set()
	holding(settings("s", {"restApi": unknown, "stageName": "live"}, {})) == set()
	holding(settings("s", {}, {})) == set()
}

state(body) := states if {
	r := {"urn": "a", "type": "aws:apigateway/restApi:RestApi", "operation": "create", "inputs": {"body": body}}
	states := {d.state | some d in apigateway.documents} with input as {"plan": {"resources": [r]}}
}

test_states if {
	state(`{"openapi": "3.0.1", "paths": {"/a": {"get": {}, "parameters": []}}}`) == {"ok"}
	state("openapi: 3.0.1\npaths:\n  /a:\n    get: {}\n") == {"ok"}
	state("{}") == {"ok"}
	every v in [null, ""] { state(v) == set() }
	every v in [unknown, {"$secret": true}] { state(v) == {"opaque"} }
	every v in ["no", "[]", "{", "a: [", 1, {}, `{"paths": []}`, `{"paths": {"/a": 1}}`, `{"paths": {"/a": {"get": true}}}`] { state(v) == {"invalid"} }
}

test_operations if {
	doc := {"definition": {"paths": {"/a": {"get": {"x": 1}, "options": {}, "x-amazon-apigateway-any-method": {}, "parameters": []}}}}
	{o.name | some o in apigateway.operations(doc)} == {"GET /a", "ANY-METHOD /a"}
	apigateway.operations({"definition": {}}) == []
}

test_ours if {
	apigateway.ours({"urn": "urn:pulumi:s::p::tenantform:pool:Pool$tenantform:apigateway:API$aws:apigateway/restApi:RestApi::a"})
	not apigateway.ours({"urn": "urn:pulumi:s::p::aws:apigateway/restApi:RestApi::tenantform:apigateway:API"})
}
