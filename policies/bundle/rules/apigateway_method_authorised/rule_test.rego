package tenantform.rules.apigateway_method_authorised_test

import data.tenantform.rules.apigateway_method_authorised as rule

unknown := {"$unknown": true}

found(type, inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [
		{"urn": "u", "type": type, "operation": "same", "inputs": inputs, "propertyDependencies": from},
		{"urn": "socket", "type": "aws:apigatewayv2/api:Api", "operation": "same", "inputs": {"protocolType": "WEBSOCKET"}},
		{"urn": "http", "type": "aws:apigatewayv2/api:Api", "operation": "same", "inputs": {"protocolType": "HTTP"}},
	]}}
}

method(inputs) := found("aws:apigateway/method:Method", inputs, {})

test_method if {
	method({"authorization": "AWS_IAM", "httpMethod": "GET"}) == set()
	method({"authorization": "NONE", "httpMethod": "OPTIONS"}) == set()
	every v in ["NONE", "", null, 1, "aws_iam"] { method({"authorization": v, "httpMethod": "GET"}) == {["authorization", false]} }
	every v in [unknown, {"$secret": true}] { method({"authorization": v, "httpMethod": "GET"}) == {["authorization", true]} }
	method({"authorization": "NONE", "httpMethod": "GET", "apiKeyRequired": true}) == {["authorization", false]}
	method({"authorization": "NONE", "httpMethod": unknown}) == {["authorization", false]}
	method({}) == {["authorization", false]}
}

test_authorizer if {
	every type in ["CUSTOM", "COGNITO_USER_POOLS"] {
		method({"authorization": type, "authorizerId": "abc"}) == set()
		every v in [null, "", 1] { method({"authorization": type, "authorizerId": v}) == {["authorizerId", false]} }
		method({"authorization": type, "authorizerId": unknown}) == {["authorizerId", true]}
		found("aws:apigateway/method:Method", {"authorization": type, "authorizerId": unknown}, {"authorizerId": ["a"]}) == set()
	}
}

route(inputs, from) := found("aws:apigatewayv2/route:Route", inputs, {"apiId": from})

test_route if {
	every v in ["AWS_IAM", "JWT", "CUSTOM"] { route({"routeKey": "GET /a", "authorizationType": v}, []) == set() }
	every v in ["NONE", "", null, 1] { route({"routeKey": "GET /a", "authorizationType": v}, []) == {["authorizationType", false]} }
	route({"routeKey": "GET /a", "authorizationType": unknown}, []) == {["authorizationType", true]}
	every key in ["$connect", "$default", unknown, null] { route({"routeKey": key}, ["http"]) == {["authorizationType", false]} }
	every key in ["OPTIONS /a", "$disconnect", "sendmessage"] { route({"routeKey": key}, []) == set() }
	route({"routeKey": "$default"}, ["socket"]) == set()
	route({"routeKey": "$connect"}, ["socket"]) == {["authorizationType", false]}
}

schemes := {"key": {"type": "apiKey"}, "iam": {"x-amazon-apigateway-authtype": "awsSigv4"}, "own": {"x-amazon-apigateway-authorizer": {"type": "token"}}}

body(document) := found("aws:apigateway/restApi:RestApi", {"body": document}, {})

defined(operation, more) := body(json.marshal(object.union(
	{"openapi": "3.0.1", "paths": {"/a": {"get": operation}}, "components": {"securitySchemes": schemes}}, more,
)))

refused := {["body", false]}

test_definition if {
	defined({"security": [{"iam": [], "key": []}]}, {}) == set()
	defined({"security": [{"key": []}, {"iam": []}]}, {}) == set()
	defined({"security": [{"own": []}]}, {}) == set()
	defined({}, {"security": [{"iam": []}]}) == set()
	defined({"x-amazon-apigateway-auth": {"type": "AWS_IAM"}}, {}) == set()
	defined({}, {}) == refused
	defined({"security": []}, {"security": [{"iam": []}]}) == refused
	defined({"security": [{"key": []}]}, {}) == refused
	defined({"security": [{"iam": []}, {}]}, {}) == refused
	defined({"security": [{"gone": []}]}, {}) == refused
	defined({"security": "iam"}, {}) == refused
	defined({"security": [{"iam": []}], "x-amazon-apigateway-auth": {"type": "NONE"}}, {}) == refused
	defined({}, {"components": {"securitySchemes": "none"}}) == refused
}

test_other_forms if {
	body("swagger: '2.0'\nsecurityDefinitions:\n  iam:\n    x-amazon-apigateway-authtype: awsSigv4\npaths:\n  /a:\n    get:\n      security: [{iam: []}]\n") == set()
	body("swagger: '2.0'\npaths:\n  /a:\n    get: {}\n") == refused
	body(`{"paths": {"/a": {"options": {}}}}`) == set()
	body(`{"paths": {"/a": {"x-amazon-apigateway-any-method": {}}}}`) == refused
	every v in ["no definition", "{", 1, {}] { body(v) == refused }
	every v in [unknown, {"$secret": true}] { body(v) == {["body", true]} }
	every v in [null, ""] { body(v) == set() }
	ours := {f | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "urn:pulumi:s::p::tenantform:apigateway:API$aws:apigateway/restApi:RestApi::a", "type": "aws:apigateway/restApi:RestApi",
		"operation": "create", "inputs": {"body": unknown},
	}]}}
	ours == set()
}

http(inputs) := found("aws:apigatewayv2/api:Api", object.union({"protocolType": "HTTP"}, inputs), {})

test_http_api if {
	http({}) == set()
	guarded := {"openapi": "3.0.1", "paths": {"/$default": {"x-amazon-apigateway-any-method": {"security": [{"own": []}]}}}, "components": {"securitySchemes": schemes}}
	http({"body": json.marshal(guarded)}) == set()
	http({"body": json.marshal(object.remove(guarded, ["components"]))}) == refused
	http({"body": `{"paths": {"/a": {"get": {}}}}`}) == refused
	http({"body": "{"}) == refused
	http({"body": unknown}) == {["body", true]}
	every v in [null, ""] { http({"body": v, "target": v}) == set() }
}

test_route_made_with_the_api if {
	function := "arn:aws:lambda:eu-west-1:111111111111:function:a"
	http({"target": function}) == {["target", false]}
	http({"target": function, "routeKey": "GET /a"}) == {["target", false]}
	http({"target": 1}) == {["target", false]}
	http({"target": unknown}) == {["target", true]}
}
