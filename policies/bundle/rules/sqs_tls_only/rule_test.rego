package tenantform.rules.sqs_tls_only_test

import data.tenantform.rules.sqs_tls_only as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

queue(inputs) := {"urn": "q", "type": "aws:sqs/queue:Queue", "operation": "create", "inputs": object.union({"name": "jobs"}, inputs)}

base := {
	"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "arn:aws:sqs:eu-west-1:111111111111:jobs",
	"Condition": {"Bool": {"aws:SecureTransport": "false"}},
}

wrong := {["q", "policy", false]}

hidden := {["q", "policy", true]}

given(more) := found([queue({"policy": {"Statement": [object.union(object.remove(base, object.keys(more)), more)]}})])

test_closed if {
	given({}) == set()
	given({"Action": "*"}) == set()
	given({"Resource": "*"}) == set()
	given({"Principal": {"AWS": ["*"]}}) == set()
	found([queue({"policy": json.marshal({"Statement": base})})]) == set()
}

test_not_closed if {
	found([queue({})]) == wrong
	found([queue({"policy": "{"})]) == wrong
	given({"Effect": "Allow"}) == wrong
	given({"Action": "sqs:SendMessage"}) == wrong
	given({"Resource": "arn:aws:sqs:eu-west-1:111111111111:jobs-other"}) == wrong
	given({"Principal": {"AWS": "111111111111"}}) == wrong
	given({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}) == wrong
	given({"Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}}}) == wrong
}

test_unknown if {
	found([queue({"policy": unknown})]) == hidden
	found([queue({"policy": secret})]) == hidden
	given({"Resource": unknown}) == hidden
}

apart(value, from) := {
	"urn": "p", "type": "aws:sqs/queuePolicy:QueuePolicy", "operation": "create",
	"inputs": {"queueUrl": unknown, "policy": value}, "propertyDependencies": {"queueUrl": from},
}

test_apart if {
	found([queue({}), apart({"Statement": [base]}, ["q"])]) == set()
	found([queue({}), apart({"Statement": [base]}, [])]) == wrong
	found([queue({}), apart(unknown, ["q"])]) == hidden
}

test_closed_by_one_of_two if {
	found([queue({"policy": {"Statement": [base]}}), apart(unknown, ["q"])]) == set()
}
