package tenantform.rules.sns_subscription_redrive_test

import data.tenantform.rules.sns_subscription_redrive as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

subscription(value, from) := {
	"urn": "s", "type": "aws:sns/topicSubscription:TopicSubscription", "operation": "create",
	"inputs": {"redrivePolicy": value}, "propertyDependencies": {"redrivePolicy": from},
}

queue := {"urn": "q", "type": "aws:sqs/queue:Queue", "operation": "create", "inputs": {}}

test_has_one if {
	found([subscription(`{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:111111111111:dead"}`, [])]) == set()
	found([queue, subscription(unknown, ["q"])]) == set()
}

test_has_none if {
	every value in [null, "", "{", "{}", `{"deadLetterTargetArn": ""}`, 1] { found([subscription(value, [])]) == {["s", "redrivePolicy", false]} }
}

test_unknown if {
	found([queue, subscription(unknown, [])]) == {["s", "redrivePolicy", true]}
	found([queue, subscription(unknown, ["topic"])]) == {["s", "redrivePolicy", true]}
	found([queue, subscription(secret, ["q"])]) == {["s", "redrivePolicy", true]}
}
