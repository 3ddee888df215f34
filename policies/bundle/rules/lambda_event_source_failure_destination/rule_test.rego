package tenantform.rules.lambda_event_source_failure_destination_test

import data.tenantform.rules.lambda_event_source_failure_destination as rule

unknown := {"$unknown": true}

stream := "arn:aws:dynamodb:eu-west-1:111111111111:table/acme/stream/2026-01-01T00:00:00.000"

queue := "arn:aws:sqs:eu-west-1:111111111111:acme"

at := "destinationConfig.onFailure.destinationArn"

found(inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [
		{
			"urn": "u", "type": "aws:lambda/eventSourceMapping:EventSourceMapping", "operation": "same", "inputs": inputs,
			"propertyDependencies": from,
		},
		{"urn": "queue", "type": "aws:sqs/queue:Queue", "operation": "create"},
		{"urn": "table", "type": "aws:dynamodb/table:Table", "operation": "create"},
	]}}
}

to(destination) := {"eventSourceArn": stream, "destinationConfig": {"onFailure": {"destinationArn": destination}}}

test_destination if {
	found(to(queue), {}) == set()
	found(to(unknown), {"destinationConfig": ["queue"]}) == set()
	every v in [null, "", 1] { found(to(v), {}) == {[at, false]} }
	every v in [unknown, {"$secret": true}] { found(to(v), {}) == {[at, true]} }
	every v in [null, {}, {"onFailure": null}, "x"] { found({"eventSourceArn": stream, "destinationConfig": v}, {}) == {[at, false]} }
	found({"eventSourceArn": stream, "destinationConfig": unknown}, {}) == {[at, true]}
	found({"selfManagedEventSource": {}}, {}) == {[at, false]}
}

test_source if {
	every v in [queue, "arn:aws:mq:eu-west-1:111111111111:broker:a:b-1", "arn:aws:rds:eu-west-1:111111111111:cluster:a"] { found({"eventSourceArn": v}, {}) == set() }
	found({"eventSourceArn": "arn:aws:kafka:eu-west-1:111111111111:cluster/a/b"}, {}) == {[at, false]}
	found({"eventSourceArn": unknown}, {"eventSourceArn": ["queue"]}) == set()
	found({"eventSourceArn": unknown}, {"eventSourceArn": ["table"]}) == {[at, false]}
	found({"eventSourceArn": unknown}, {}) == {["eventSourceArn", true]}
	found({"eventSourceArn": {"$secret": true}}, {"eventSourceArn": ["queue"]}) == {["eventSourceArn", true]}
	found({"eventSourceArn": unknown, "destinationConfig": unknown}, {}) == {[at, true]}
	found(object.union(to(queue), {"eventSourceArn": unknown}), {}) == set()
}
