package tenantform.rules.lambda_queue_visibility_test

import data.tenantform.rules.lambda_queue_visibility as rule

unknown := {"$unknown": true}

found(queue, function, mapping) := out if {
	out := {[f.urn, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [
		{"urn": "q", "type": "aws:sqs/queue:Queue", "operation": "create", "inputs": object.union({"name": "acme"}, queue)},
		{"urn": "f", "type": "aws:lambda/function:Function", "operation": "create", "inputs": object.union({"name": "acme"}, function)},
		{
			"urn": "m", "type": "aws:lambda/eventSourceMapping:EventSourceMapping", "operation": "create",
			"inputs": object.union({"eventSourceArn": unknown, "functionName": unknown}, mapping),
			"propertyDependencies": {"eventSourceArn": object.get(mapping, "from", ["q"]), "functionName": ["f"]},
		},
	]}}
}

test_times if {
	found({"visibilityTimeoutSeconds": 180}, {"timeout": 30}, {}) == set()
	found({"visibilityTimeoutSeconds": 179}, {"timeout": 30}, {}) == {["q", false]}
	found({"visibilityTimeoutSeconds": 180}, {"timeout": 30}, {"maximumBatchingWindowInSeconds": 1}) == {["q", false]}
	found({"visibilityTimeoutSeconds": 181}, {"timeout": 30}, {"maximumBatchingWindowInSeconds": 1}) == set()
}

test_defaults if {
	found({}, {}, {}) == set()
	found({}, {"timeout": 6}, {}) == {["q", false]}
	found({"visibilityTimeoutSeconds": 17}, {}, {}) == {["q", false]}
	found({"visibilityTimeoutSeconds": 0}, {}, {}) == {["q", false]}
}

test_unknown if {
	every v in [unknown, {"$secret": true}] {
		found({"visibilityTimeoutSeconds": v}, {"timeout": 30}, {}) == {["q", true]}
		found({"visibilityTimeoutSeconds": 180}, {"timeout": v}, {}) == {["f", true]}
		found({"visibilityTimeoutSeconds": 180}, {"timeout": 30}, {"maximumBatchingWindowInSeconds": v}) == {["m", true]}
	}
	found({"visibilityTimeoutSeconds": "180"}, {"timeout": 30}, {}) == {["q", false]}
	found({"visibilityTimeoutSeconds": 180}, {"timeout": "30"}, {}) == {["f", false]}
}

test_relation if {
	short := {"visibilityTimeoutSeconds": 1}
	found(short, {}, {"from": []}) == set()
	found({"visibilityTimeoutSeconds": 1, "name": null}, {}, {"from": []}) == set()
	found(short, {}, {"from": ["f"]}) == set()
	found(short, {}, {"from": [], "eventSourceArn": "arn:aws:sqs:eu-west-1:111111111111:acme"}) == {["q", false]}
	found(short, {}, {"from": [], "eventSourceArn": "arn:aws:sqs:eu-west-1:111111111111:other"}) == set()
	found(short, {}, {"from": [], "eventSourceArn": "arn:aws:kinesis:eu-west-1:111111111111:acme"}) == set()
}
