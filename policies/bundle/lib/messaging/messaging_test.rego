package tenantform.lib.messaging_test

import data.tenantform.lib.messaging

unknown := {"$unknown": true}

queue(name, inputs) := {"urn": name, "type": "aws:sqs/queue:Queue", "operation": "create", "inputs": object.union({"name": name}, inputs)}

other(type, inputs, from) := {"urn": "o", "type": type, "operation": "create", "inputs": inputs, "propertyDependencies": from}

of(inputs, from) := out if {
	r := other("aws:sqs/queuePolicy:QueuePolicy", inputs, {"queueUrl": from})
	out := messaging.queue_of(r, "queueUrl") with input as {"plan": {"resources": [queue("a", {}), queue("b", {"name": unknown}), r]}}
}

test_queue_of if {
	of({"queueUrl": "https://sqs.eu-west-1.amazonaws.com/111111111111/a"}, []) == {"a"}
	of({"queueUrl": "arn:aws:sqs:eu-west-1:111111111111:a"}, []) == {"a"}
	of({"queueUrl": unknown}, ["b", "x"]) == {"b"}
	of({"queueUrl": unknown}, ["a", "b"]) == set()
	of({"queueUrl": ""}, []) == set()
	of({}, []) == set()
}

test_topic_of if {
	t := {"urn": "t", "type": "aws:sns/topic:Topic", "operation": "create", "inputs": {"name": "news"}}
	r := other("aws:sns/topicPolicy:TopicPolicy", {"arn": "arn:aws:sns:eu-west-1:111111111111:news"}, {})
	messaging.topic_of(r, "arn") == {"t"} with input as {"plan": {"resources": [t, r]}}
}

arn := "arn:aws:sqs:eu-west-1:111111111111:a"

test_target if {
	messaging.target(json.marshal({"deadLetterTargetArn": arn, "maxReceiveCount": 5})) == arn
	messaging.target({"deadLetterTargetArn": arn}) == arn
	messaging.target({"deadLetterTargetArn": unknown}) == unknown
	messaging.target(unknown) == unknown
	every v in [null, "", "{", "{}", "[]", 1, {}, `{"deadLetterTargetArn": ""}`, `{"deadLetterTargetArn": 1}`, `{"deadLetterTargetArn": "a"}`] { messaging.target(v) == "" }
}

dead(resources) := out if {
	out := messaging.dead with input as {"plan": {"resources": array.concat([queue("a", {}), queue("b", {})], resources)}}
}

test_dead_by_arn if {
	dead([]) == set()
	dead([queue("c", {"redrivePolicy": json.marshal({"deadLetterTargetArn": arn})})]) == {"a"}
	dead([other("aws:sqs/redrivePolicy:RedrivePolicy", {"redrivePolicy": json.marshal({"deadLetterTargetArn": arn})}, {})]) == {"a"}
	dead([other("aws:sns/topicSubscription:TopicSubscription", {"redrivePolicy": json.marshal({"deadLetterTargetArn": arn})}, {})]) == {"a"}
	dead([other("aws:lambda/function:Function", {"deadLetterConfig": {"targetArn": arn}}, {})]) == {"a"}
	dead([other("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", {"destinationConfig": {"onFailure": {"destination": arn}}}, {})]) == {"a"}
	dead([other("aws:lambda/eventSourceMapping:EventSourceMapping", {"destinationConfig": {"onFailure": {"destinationArn": arn}}}, {})]) == {"a"}
	dead([other("aws:cloudwatch/eventTarget:EventTarget", {"deadLetterConfig": {"arn": arn}}, {})]) == {"a"}
	dead([other("aws:scheduler/schedule:Schedule", {"target": {"deadLetterConfig": {"arn": arn}}}, {})]) == {"a"}
}

test_dead_by_source if {
	dead([other("aws:sqs/redrivePolicy:RedrivePolicy", {"redrivePolicy": unknown}, {"redrivePolicy": ["b"]})]) == {"b"}
	dead([other("aws:lambda/function:Function", {"deadLetterConfig": {"targetArn": unknown}}, {"deadLetterConfig": ["b"]})]) == {"b"}
	dead([other("aws:lambda/function:Function", {"deadLetterConfig": unknown}, {"deadLetterConfig": ["b"]})]) == {"b"}
	dead([other("aws:lambda/eventSourceMapping:EventSourceMapping", {"destinationConfig": {"onFailure": {}}}, {"destinationConfig": ["b"]})]) == set()
	dead([other("aws:lambda/function:Function", {"deadLetterConfig": "x"}, {})]) == set()
	dead([queue("c", {"redrivePolicy": json.marshal({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:111111111111:c"})})]) == set()
}

test_dead_by_permission if {
	allowed := json.marshal({"redrivePermission": "byQueue", "sourceQueueArns": [arn]})
	dead([queue("c", {"redriveAllowPolicy": allowed})]) == {"c"}
	dead([queue("c", {"redriveAllowPolicy": {"redrivePermission": "byQueue"}})]) == {"c"}
	dead([other("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", {"queueUrl": "https://x/a", "redriveAllowPolicy": allowed}, {})]) == {"a"}
	every v in [null, "", "{", "[]", 1, unknown, `{"redrivePermission":"denyAll"}`, `{"redrivePermission":"allowAll"}`] {
		dead([queue("c", {"redriveAllowPolicy": v})]) == set()
	}
}

names_target(value, from) if {
	q := object.union(queue("c", {"redrivePolicy": value}), {"propertyDependencies": {"redrivePolicy": from}})
	messaging.names_target(q, "redrivePolicy") with input as {"plan": {"resources": [queue("a", {}), q]}}
}

test_names_target if {
	names_target(json.marshal({"deadLetterTargetArn": arn}), [])
	names_target(unknown, ["a"])
	names_target({"deadLetterTargetArn": unknown}, ["a"])
	not names_target(unknown, [])
	not names_target(unknown, ["c"])
	not names_target({"$secret": true}, ["a"])
	not names_target("{}", ["a"])
	not names_target(null, [])
}

test_policies if {
	resources := [
		queue("a", {"policy": "{"}), queue("b", {}),
		other("aws:sqs/queuePolicy:QueuePolicy", {"queueUrl": unknown, "policy": "{"}, {"queueUrl": ["b"]}),
		{"urn": "t", "type": "aws:sns/topic:Topic", "operation": "create", "inputs": {"name": "news", "policy": "{"}},
		{"urn": "p", "type": "aws:sns/topicPolicy:TopicPolicy", "operation": "create", "inputs": {"arn": "arn:aws:sns:eu-west-1:111111111111:news", "policy": "{"}},
	]
	queues := {[d.urn, urns] | some [d, urns] in messaging.queue_policies} with input as {"plan": {"resources": resources}}
	queues == {["a", {"a"}], ["o", {"b"}]}
	topics := {[d.urn, urns] | some [d, urns] in messaging.topic_policies} with input as {"plan": {"resources": resources}}
	topics == {["t", {"t"}], ["p", {"t"}]}
}

test_dead_by_object if {
	dead([queue("c", {"redrivePolicy": {"deadLetterTargetArn": arn, "maxReceiveCount": 5}})]) == {"a"}
	from := {"propertyDependencies": {"redrivePolicy": ["c", "b"]}}
	dead([object.union(queue("c", {"redrivePolicy": unknown}), from)]) == {"b"}
	dead([other("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", {"queueUrl": "https://x/a", "redriveAllowPolicy": `{"redrivePermission":"denyAll"}`}, {})]) == set()
}

test_without_a_name if {
	t := {"urn": "t", "type": "aws:sns/topic:Topic", "operation": "create", "inputs": {"name": ""}}
	r := other("aws:sns/topicPolicy:TopicPolicy", {"arn": unknown}, {})
	messaging.topic_of(r, "arn") == set() with input as {"plan": {"resources": [t, r]}}
}
