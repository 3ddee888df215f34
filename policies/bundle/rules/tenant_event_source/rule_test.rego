package tenantform.rules.tenant_event_source_test

import data.tenantform.rules.tenant_event_source as rule

unknown := {"$unknown": true}

decided(program, tenant, resources) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}, "subject": {"program": program, "tenantId": tenant}}
}

tagged(urn, id) := {"urn": urn, "type": "aws:sqs/queue:Queue", "operation": "create", "inputs": {"tags": {"tenant-id": id}}}

joint(type, inputs, from) := {"urn": "j", "type": type, "operation": "create", "inputs": inputs, "propertyDependencies": from}

mapping(source, from) := decided("tenant", "acme", [
	tagged("mine", "acme"), tagged("theirs", "birch"),
	joint("aws:lambda/eventSourceMapping:EventSourceMapping", {"eventSourceArn": source, "functionName": "acme-worker"}, {"eventSourceArn": from}),
])

test_mapping if {
	mapping(unknown, ["mine"]) == set()
	mapping("arn:aws:sqs:eu-west-1:111111111111:acme-silo-worker", []) == set()
	mapping(unknown, []) == {["eventSourceArn", true]}
	mapping(unknown, ["theirs"]) == {["eventSourceArn", true]}
	mapping(unknown, ["mine", "theirs"]) == {["eventSourceArn", true], ["functionName", false]}
	every value in ["arn:aws:sqs:eu-west-1:111111111111:birch-silo", "arn:aws:sqs:eu-west-1:111111111111:pool-a", "x", "", null, 1] { mapping(value, []) == {["eventSourceArn", false]} }
	mapping("arn:aws:sqs:eu-west-1:111111111111:birch-silo", ["mine"]) == {["eventSourceArn", false]}
	decided("tenant", "acme", [joint("aws:lambda/eventSourceMapping:EventSourceMapping", {"selfManagedEventSource": {}, "functionName": "acme-a:live"}, {})]) == set()
	decided("tenant", "acme", [joint("aws:lambda/eventSourceMapping:EventSourceMapping", {"selfManagedEventSource": {}, "functionName": "birch-a"}, {})]) == {["functionName", false]}
}

subscription(inputs) := decided("tenant", "acme", [joint("aws:sns/topicSubscription:TopicSubscription", object.union({"protocol": "sqs", "endpoint": "arn:aws:sqs:eu-west-1:111111111111:acme-q"}, inputs), {})])

shared_topic := "arn:aws:sns:eu-west-1:111111111111:platform-lifecycle"

test_subscription if {
	subscription({"topic": "arn:aws:sns:eu-west-1:111111111111:acme-t"}) == set()
	subscription({"topic": shared_topic}) == {["topic", false]}
	subscription({"topic": shared_topic, "filterPolicy": `{"tenantId":["acme"]}`}) == set()
	every filter in [`{"tenantId":["acme","birch"]}`, `{"tenantId":"acme"}`, `{"x":["acme"]}`, "{", "[]", 1, unknown, {"tenantId": ["acme"]}] {
		subscription({"topic": shared_topic, "filterPolicy": filter}) == {["topic", false]}
	}
	subscription({"topic": "arn:aws:sns:eu-west-1:111111111111:acme-t", "protocol": "email", "endpoint": "a@b.c"}) == set()
	subscription({"topic": "arn:aws:sns:eu-west-1:111111111111:acme-t", "endpoint": unknown}) == {["endpoint", true]}
}

test_others if {
	other := "arn:aws:sqs:eu-west-1:111111111111:birch-silo-worker"
	decided("tenant", "acme", [joint("aws:lambda/permission:Permission", {"sourceArn": other}, {})]) == {["sourceArn", false]}
	decided("tenant", "acme", [joint("aws:lambda/permission:Permission", {}, {})]) == set()
	decided("tenant", "acme", [joint("aws:cloudwatch/eventTarget:EventTarget", {"arn": other}, {})]) == {["arn", false]}
	decided("tenant", "acme", [joint("aws:s3/bucketNotification:BucketNotification", {"queues": [{"queueArn": other}], "topics": [{"topicArn": unknown}]}, {})]) == {["queues", false], ["topics", true]}
	api := "arn:aws:execute-api:eu-west-1:111111111111:abc/live/GET/"
	decided("tenant", "acme", [tagged("mine", "acme"), joint("aws:lambda/permission:Permission", {"sourceArn": api}, {"sourceArn": ["mine"]})]) == set()
	decided("tenant", "acme", [joint("aws:lambda/permission:Permission", {"sourceArn": api}, {})]) == {["sourceArn", false]}
}

test_shared_stacks if {
	m := "aws:lambda/eventSourceMapping:EventSourceMapping"
	decided("pool", "", [joint(m, {"eventSourceArn": "arn:aws:sqs:eu-west-1:111111111111:acme-silo-worker", "functionName": "platform-x"}, {})]) == {["eventSourceArn", false]}
	decided("pool", "", [joint(m, {"eventSourceArn": "arn:aws:sqs:eu-west-1:111111111111:platform-x", "functionName": "platform-x"}, {})]) == set()
}

test_any_program if {
	m := "aws:lambda/eventSourceMapping:EventSourceMapping"
	decided("", "", [tagged("a", "acme"), tagged("b", "birch"), joint(m, {"eventSourceArn": unknown, "functionName": unknown}, {"eventSourceArn": ["a"], "functionName": ["b"]})]) == {["functionName", false]}
	decided("", "", [tagged("a", "acme"), tagged("b", "acme"), joint(m, {"eventSourceArn": unknown, "functionName": unknown}, {"eventSourceArn": ["a"], "functionName": ["b"]})]) == set()
}

shared_end(type, inputs, from) := decided("pool", "", [
	tagged("shared", "shared"), tagged("theirs", "birch"), {"urn": "plain", "type": "aws:sqs/queue:Queue", "operation": "create", "inputs": {}},
	joint(type, inputs, {"eventSourceArn": from}),
])

test_unknown_in_a_shared_stack if {
	m := "aws:lambda/eventSourceMapping:EventSourceMapping"
	every from in [["shared"], ["plain"], ["shared", "plain"]] { shared_end(m, {"eventSourceArn": unknown, "functionName": "platform-x"}, from) == set() }
	every from in [[], ["gone"], ["shared", "gone"]] { shared_end(m, {"eventSourceArn": unknown, "functionName": "platform-x"}, from) == {["eventSourceArn", true]} }
	["eventSourceArn", true] in shared_end(m, {"eventSourceArn": unknown, "functionName": "platform-x"}, ["theirs"])
	every v in [1, true, ["x"], {}] { shared_end(m, {"eventSourceArn": v, "functionName": "platform-x"}, []) == {["eventSourceArn", false]} }
}
