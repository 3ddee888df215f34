package tenantform.rules.sns_tls_only_test

import data.tenantform.rules.sns_tls_only as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

topic(inputs) := {"urn": "t", "type": "aws:sns/topic:Topic", "operation": "create", "inputs": object.union({"name": "news"}, inputs)}

base := {
	"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": "arn:aws:sns:eu-west-1:111111111111:news",
	"Condition": {"Bool": {"aws:SecureTransport": "false"}},
}

wrong := {["t", "policy", false]}

hidden := {["t", "policy", true]}

given(more) := found([topic({"policy": {"Statement": [object.union(object.remove(base, object.keys(more)), more)]}})])

test_closed if {
	given({}) == set()
	given({"Action": "*"}) == set()
	given({"Resource": "*"}) == set()
	given({"Principal": {"AWS": ["*"]}}) == set()
	found([topic({"policy": json.marshal({"Statement": base})})]) == set()
}

test_not_closed if {
	found([topic({})]) == wrong
	found([topic({"policy": "{"})]) == wrong
	given({"Effect": "Allow"}) == wrong
	given({"Action": "sns:Subscribe"}) == wrong
	given({"Resource": "arn:aws:sns:eu-west-1:111111111111:news-other"}) == wrong
	given({"Principal": {"AWS": "111111111111"}}) == wrong
	given({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}) == wrong
	given({"Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}}}) == wrong
}

test_unknown if {
	found([topic({"policy": unknown})]) == hidden
	found([topic({"policy": secret})]) == hidden
	given({"Resource": unknown}) == hidden
}

apart(value, from) := {
	"urn": "p", "type": "aws:sns/topicPolicy:TopicPolicy", "operation": "create",
	"inputs": {"arn": unknown, "policy": value}, "propertyDependencies": {"arn": from},
}

test_apart if {
	found([topic({}), apart({"Statement": [base]}, ["t"])]) == set()
	found([topic({}), apart({"Statement": [base]}, [])]) == wrong
	found([topic({}), apart(unknown, ["t"])]) == hidden
}

test_closed_by_one_of_two if {
	found([topic({"policy": {"Statement": [base]}}), apart(unknown, ["t"])]) == set()
}
