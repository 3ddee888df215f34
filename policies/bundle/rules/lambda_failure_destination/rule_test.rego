package tenantform.rules.lambda_failure_destination_test

import data.tenantform.rules.lambda_failure_destination as rule

unknown := {"$unknown": true}

queue := "arn:aws:sqs:eu-west-1:111111111111:acme-failed"

function(inputs) := {
	"urn": "fn", "type": "aws:lambda/function:Function", "operation": "create", "inputs": object.union({"name": "acme"}, inputs),
	"propertyDependencies": {"deadLetterConfig": object.get(inputs, "from", [])},
}

beside(type, inputs, from) := {
	"urn": json.marshal([type, inputs]), "type": type, "operation": "create", "inputs": inputs, "propertyDependencies": from,
}

found(resources) := out if {
	out := {[f.urn, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}, "subject": {"program": "tenant"}}
}

test_queue if {
	found([function({"deadLetterConfig": {"targetArn": queue}})]) == set()
	found([function({"deadLetterConfig": {"targetArn": unknown}, "from": ["queue"]})]) == set()
	found([function({})]) == {["fn", false]}
	every v in [null, "", 1] { found([function({"deadLetterConfig": {"targetArn": v}})]) == {["fn", false]} }
	every v in [unknown, {"$secret": true}] {
		found([function({"deadLetterConfig": {"targetArn": v}})]) == {["fn", true]}
		found([function({"deadLetterConfig": v})]) == {["fn", true]}
	}
}

config(destination, from) := beside(
	"aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
	{"functionName": "acme", "destinationConfig": {"onFailure": {"destination": destination}}}, {"destinationConfig": from},
)

test_destination if {
	found([function({}), config(queue, [])]) == set()
	found([function({}), config(unknown, ["queue"])]) == set()
	every v in [null, "", unknown] { found([function({}), config(v, [])]) == {["fn", false]} }
	other := object.union(config(queue, []), {"inputs": {"functionName": "other"}})
	found([function({}), other]) == {["fn", false]}
}

permission(principal) := beside("aws:lambda/permission:Permission", {"function": "acme", "principal": principal}, {})

test_awaited if {
	mapping := beside("aws:lambda/eventSourceMapping:EventSourceMapping", {"functionName": unknown}, {"functionName": ["fn"]})
	found([function({}), mapping]) == set()
	found([function({}), permission("apigateway.amazonaws.com")]) == set()
	found([function({}), permission("s3.amazonaws.com")]) == {["fn", false]}
	found([function({}), permission("111111111111")]) == {["fn", false]}
	found([function({}), mapping, permission("apigateway.amazonaws.com"), permission("s3.amazonaws.com")]) == {["fn", false]}
	found([function({}), mapping, permission(unknown)]) == {["fn", false]}
}

test_untrusted if {
	none := {f.urn | some f in rule.findings} with input as {"plan": {"resources": [function({})]}, "subject": {"program": "functions"}}
	none == set()
}
