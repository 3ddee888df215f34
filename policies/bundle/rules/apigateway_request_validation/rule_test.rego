package tenantform.rules.apigateway_request_validation_test

import data.tenantform.rules.apigateway_request_validation as rule

unknown := {"$unknown": true}

found(type, inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": type, "operation": "same", "inputs": inputs, "propertyDependencies": from,
	}]}}
}

method(validator, from) := found("aws:apigateway/method:Method", {"requestValidatorId": validator}, {"requestValidatorId": from})

test_method if {
	method("abc", []) == set()
	method(unknown, ["validator"]) == set()
	every v in [null, "", 1] { method(v, []) == {["requestValidatorId", false]} }
	every v in [unknown, {"$secret": true}] { method(v, []) == {["requestValidatorId", true]} }
	found("aws:apigateway/method:Method", {"httpMethod": "OPTIONS"}, {}) == set()
	found("aws:apigateway/method:Method", {"httpMethod": unknown}, {}) == {["requestValidatorId", false]}
}

validator(inputs) := found("aws:apigateway/requestValidator:RequestValidator", inputs, {})

test_validator if {
	validator({"validateRequestBody": true}) == set()
	validator({"validateRequestParameters": true}) == set()
	every v in [false, null, "true"] { validator({"validateRequestParameters": v}) == {["validateRequestParameters", false]} }
	validator({"validateRequestParameters": unknown}) == {["validateRequestParameters", true]}
	validator({"validateRequestBody": unknown}) == {["validateRequestParameters", false]}
}

body(document) := found("aws:apigateway/restApi:RestApi", {"body": document}, {})

everything := {"x-amazon-apigateway-request-validators": {
	"everything": {"validateRequestBody": true, "validateRequestParameters": true},
	"nothing": {"validateRequestBody": false},
}}

defined(operation, more) := body(json.marshal(object.union(everything, object.union({"paths": {"/a": {"get": operation}}}, more))))

refused := {["body", false]}

test_definition if {
	named := {"x-amazon-apigateway-request-validator": "everything"}
	defined({}, named) == set()
	defined(named, {}) == set()
	defined({"x-amazon-apigateway-integration": {"type": "mock"}}, {}) == set()
	defined({"x-amazon-apigateway-integration": {"type": "MOCK"}}, {}) == set()
	defined({"x-amazon-apigateway-integration": {"type": "aws_proxy"}}, {}) == refused
	defined({}, {}) == refused
	every v in ["nothing", "gone", 1] { defined({"x-amazon-apigateway-request-validator": v}, named) == refused }
	every v in ["no definition", 1, {}] { body(v) == refused }
	every v in [unknown, {"$secret": true}] { body(v) == {["body", true]} }
	every v in [null, ""] { body(v) == set() }
	ours := {f | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "urn:pulumi:s::p::tenantform:apigateway:API$aws:apigateway/restApi:RestApi::a", "type": "aws:apigateway/restApi:RestApi",
		"operation": "create", "inputs": {"body": unknown},
	}]}}
	ours == set()
}
