package tenantform.rules.sqs_not_public_test

import data.tenantform.rules.sqs_not_public as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

queue(inputs) := {"urn": "q", "type": "aws:sqs/queue:Queue", "operation": "create", "inputs": object.union({"name": "jobs"}, inputs)}

base := {"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111111111111:jobs"}

wrong := {["q", "policy", false]}

hidden := {["q", "policy", true]}

given(more) := found([queue({"policy": {"Statement": [object.union(object.remove(base, object.keys(more)), more)]}})])

test_public if {
	given({"Principal": "*"}) == wrong
	given({"Principal": {"AWS": "*"}}) == wrong
	given({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}) == wrong
	given({"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "111111111111"}}}) == wrong
	found([queue({"policy": {"Statement": [object.union(object.remove(base, ["Principal"]), {"NotPrincipal": {"AWS": "222222222222"}})]}})]) == wrong
}

test_limited if {
	found([queue({})]) == set()
	given({}) == set()
	given({"Principal": {"Service": "events.amazonaws.com"}}) == set()
	given({"Principal": "*", "Effect": "Deny"}) == set()
	given({"Principal": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}}) == set()
	given({"Principal": "*", "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::files"}}}) == set()
}

test_unknown if {
	found([queue({"policy": unknown})]) == hidden
	found([queue({"policy": secret})]) == hidden
	given({"Principal": {"AWS": unknown}}) == hidden
	given({"Principal": "*", "Condition": {"ArnEquals": {"aws:SourceArn": unknown}}}) == hidden
}

test_invalid if {
	found([queue({"policy": "{"})]) == wrong
	found([queue({"policy": 1})]) == wrong
}

test_every_action if {
	every action in ["*", "sqs:*", "SQS:*", ["sqs:SendMessage", "sqs:*"]] { given({"Action": action}) == wrong }
	found([queue({"policy": {"Statement": [object.union(object.remove(base, ["Action"]), {"NotAction": "sqs:DeleteQueue"})]}})]) == wrong
	given({"Action": unknown}) == hidden
	given({"Action": "sqs:*", "Effect": "Deny"}) == set()
}

test_apart if {
	apart := {
		"urn": "p", "type": "aws:sqs/queuePolicy:QueuePolicy", "operation": "create",
		"inputs": {"queueUrl": unknown, "policy": {"Statement": [object.union(base, {"Principal": "*"})]}},
	}
	found([apart]) == {["p", "policy", false]}
}

test_one_finding_a_statement if {
	n := count(rule.findings) with input as {"plan": {"resources": [queue({"policy": {"Statement": [object.union(base, {"Action": ["sqs:*", unknown]})]}})]}}
	n == 1
}
