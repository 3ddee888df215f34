package tenantform.rules.sqs_dead_letter_queue_test

import data.tenantform.rules.sqs_dead_letter_queue as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

queue(inputs) := {"urn": "q", "type": "aws:sqs/queue:Queue", "operation": "create", "inputs": object.union({"name": "jobs"}, inputs)}

to(name) := json.marshal({"deadLetterTargetArn": concat(":", ["arn:aws:sqs:eu-west-1:111111111111", name]), "maxReceiveCount": 5})

dead := object.union(queue({"name": "dead"}), {"urn": "d"})

wrong := {["q", "redrivePolicy", false]}

test_has_one if {
	found([queue({"redrivePolicy": to("dead")}), dead]) == set()
	found([queue({"redrivePolicy": to("elsewhere")})]) == set()
	found([object.union(queue({"redrivePolicy": unknown}), {"propertyDependencies": {"redrivePolicy": ["d"]}}), dead]) == set()
	found([queue({"redriveAllowPolicy": json.marshal({"redrivePermission": "byQueue", "sourceQueueArns": []})})]) == set()
}

test_has_none if {
	found([queue({})]) == wrong
	every value in ["", "{", "{}", 1, `{"maxReceiveCount": 3}`] { found([queue({"redrivePolicy": value})]) == wrong }
	found([queue({"redrivePolicy": to("jobs")})]) == wrong
	found([queue({"redriveAllowPolicy": `{"redrivePermission":"denyAll"}`})]) == wrong
}

test_unknown if {
	found([queue({"redrivePolicy": unknown})]) == {["q", "redrivePolicy", true]}
	found([queue({"redrivePolicy": secret})]) == {["q", "redrivePolicy", true]}
}

apart(value) := {
	"urn": "r", "type": "aws:sqs/redrivePolicy:RedrivePolicy", "operation": "create",
	"inputs": {"queueUrl": unknown, "redrivePolicy": value}, "propertyDependencies": {"queueUrl": ["q"]},
}

test_apart if {
	found([queue({}), dead, apart(to("dead"))]) == set()
	found([queue({}), apart("{}")]) == {["r", "redrivePolicy", false]}
	found([queue({}), apart(unknown)]) == {["r", "redrivePolicy", true]}
}

test_without_a_name if found([queue({"name": "", "redrivePolicy": to("")})]) == set()
