package tenantform.rules.sns_not_public_test

import data.tenantform.rules.sns_not_public as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

topic(inputs) := {"urn": "t", "type": "aws:sns/topic:Topic", "operation": "create", "inputs": object.union({"name": "news"}, inputs)}

base := {"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "sns:Publish", "Resource": "arn:aws:sns:eu-west-1:111111111111:news"}

wrong := {["t", "policy", false]}

hidden := {["t", "policy", true]}

given(more) := found([topic({"policy": {"Statement": [object.union(object.remove(base, object.keys(more)), more)]}})])

test_public if {
	given({"Principal": "*"}) == wrong
	given({"Principal": {"AWS": "*"}}) == wrong
	given({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}) == wrong
	given({"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "111111111111"}}}) == wrong
	found([topic({"policy": {"Statement": [object.union(object.remove(base, ["Principal"]), {"NotPrincipal": {"AWS": "222222222222"}})]}})]) == wrong
}

test_limited if {
	found([topic({})]) == set()
	given({}) == set()
	given({"Principal": {"Service": "events.amazonaws.com"}}) == set()
	given({"Principal": "*", "Effect": "Deny"}) == set()
	given({"Principal": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}}) == set()
	given({"Principal": "*", "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::files"}}}) == set()
}

test_unknown if {
	found([topic({"policy": unknown})]) == hidden
	found([topic({"policy": secret})]) == hidden
	given({"Principal": {"AWS": unknown}}) == hidden
	given({"Principal": "*", "Condition": {"ArnEquals": {"aws:SourceArn": unknown}}}) == hidden
}

test_invalid if {
	found([topic({"policy": "{"})]) == wrong
	found([topic({"policy": 1})]) == wrong
}

test_apart if {
	apart := {
		"urn": "p", "type": "aws:sns/topicPolicy:TopicPolicy", "operation": "create",
		"inputs": {"arn": unknown, "policy": {"Statement": [object.union(base, {"Principal": "*"})]}},
	}
	found([apart]) == {["p", "policy", false]}
}
