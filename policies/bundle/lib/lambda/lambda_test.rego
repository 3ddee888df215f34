package tenantform.lib.lambda_test

import data.tenantform.lib.lambda

unknown := {"$unknown": true}

resources := [
	{"urn": "f", "type": "aws:lambda/function:Function", "operation": "create", "inputs": {"name": "work"}},
	{"urn": "g", "type": "aws:lambda/function:Function", "operation": "same", "inputs": {"name": unknown}},
	{"urn": "gone", "type": "aws:lambda/function:Function", "operation": "delete"},
	{"urn": "live", "type": "aws:lambda/alias:Alias", "operation": "create", "inputs": {"functionName": "work"}},
	{"urn": "m", "type": "aws:lambda/eventSourceMapping:EventSourceMapping", "operation": "create", "inputs": {"functionName": unknown}, "propertyDependencies": {"functionName": ["g", "gone"]}},
]

named(value, from) := out if {
	r := {"urn": "r", "inputs": {"function": value}, "propertyDependencies": {"function": from}}
	out := lambda.named(r, "function") with input as {"plan": {"resources": resources}}
}

test_named if {
	named("work", []) == {"f"}
	named("work:live", []) == {"f"}
	named("arn:aws:lambda:eu-west-1:111111111111:function:work", []) == {"f"}
	named("arn:aws:lambda:eu-west-1:111111111111:function:work:live", []) == {"f"}
	named("111111111111:function:work", []) == {"f"}
	named(unknown, ["f"]) == {"f"}
	named(unknown, ["live"]) == {"f"}
	named(unknown, ["gone"]) == set()
	every v in ["", "other", null, 1, unknown, ["work"]] { named(v, []) == set() }
}

test_polled if {
	polled := lambda.polled with input as {"plan": {"resources": resources}}
	polled == {"g"}
}

test_image if {
	lambda.image({"inputs": {"packageType": "Image"}})
	not lambda.image({"inputs": {"packageType": "Zip"}})
	not lambda.image({"inputs": {}})
	not lambda.image({"inputs": {"packageType": unknown}})
}
