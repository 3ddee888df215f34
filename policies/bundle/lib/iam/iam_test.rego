package tenantform.lib.iam_test

import data.tenantform.lib.iam

statement(fields) := out if {
	doc := {"Version": "2012-10-17", "Statement": object.union({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}, fields)}
	parsed := iam.parsed(json.marshal(doc))
	out := parsed.statements[0]
}

test_principals if {
	statement({}).principals == set()
	statement({"Principal": "*"}).principals == {["AWS", "*"]}
	statement({"Principal": {"AWS": ["arn:a", "arn:b"], "Service": "lambda.amazonaws.com"}}).principals == {["AWS", "arn:a"], ["AWS", "arn:b"], ["Service", "lambda.amazonaws.com"]}
	"Principal" in statement({"Principal": {"AWS": {"$unknown": true}}}).opaque
	"Principal" in statement({"Principal": {"$unknown": true}}).opaque
	statement({"Principal": {"AWS": "arn:a"}}).opaque == set()
}

test_public if {
	iam.public(statement({"Principal": "*"}))
	iam.public(statement({"Principal": {"AWS": ["arn:a", "*"]}}))
	iam.public(statement({"NotPrincipal": {"AWS": "arn:a"}}))
	not iam.public(statement({"Principal": {"AWS": "arn:a"}}))
	not iam.public(statement({"Principal": {"Service": "lambda.amazonaws.com"}}))
}

test_conditions if {
	s := statement({"Condition": {"StringEquals": {"AWS:SourceAccount": ["1", "2"]}, "Bool": {"aws:SecureTransport": "false"}}})
	iam.conditions(s, "aws:sourceaccount") == {["stringequals", "1"], ["stringequals", "2"]}
	iam.conditions(s, "aws:SecureTransport") == {["bool", "false"]}
	iam.conditions(s, "aws:SourceArn") == set()
}

resources := [
	{"urn": "t", "type": "aws:sns/topic:Topic", "operation": "create", "inputs": {}},
	{"urn": "q", "type": "aws:sqs/queue:Queue", "operation": "create", "inputs": {"policy": "{}"}},
	{"urn": "p", "type": "aws:s3/bucketPolicy:BucketPolicy", "operation": "create", "inputs": {}},
	{"urn": "gone", "type": "aws:s3/bucketPolicy:BucketPolicy", "operation": "delete"},
	{"urn": "k", "type": "aws:kms/key:Key", "operation": "same", "inputs": {"policy": {"$unknown": true}}},
	{"urn": "r", "type": "aws:iam/role:Role", "operation": "same", "inputs": {"assumeRolePolicy": "no document"}},
]

test_whose if {
	states := {d.urn: d.state | some d in iam.resource_documents} with input as {"plan": {"resources": resources}}
	states == {"q": "invalid", "p": "invalid", "k": "opaque"}
	trusts := {d.urn: d.state | some d in iam.trusts} with input as {"plan": {"resources": resources}}
	trusts == {"r": "invalid"}
}
