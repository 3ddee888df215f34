package tenantform.rules.s3_tls_only_test

import data.tenantform.rules.s3_tls_only as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

bucket(inputs) := {"urn": "b", "type": "aws:s3/bucketV2:BucketV2", "operation": "create", "inputs": inputs}

plain(inputs) := object.union(bucket(inputs), {"type": "aws:s3/bucket:Bucket"})

policy(value) := {
	"urn": "p", "type": "aws:s3/bucketPolicy:BucketPolicy", "operation": "create",
	"inputs": {"bucket": unknown, "policy": value}, "propertyDependencies": {"bucket": ["b"]},
}

none := {["b", "", false]}

perhaps := {["b", "", true]}

base := {
	"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::files", "arn:aws:s3:::files/*"],
	"Condition": {"Bool": {"aws:SecureTransport": "false"}},
}

given(more) := found([bucket({"bucket": "files"}), policy({"Statement": [object.union(object.remove(base, object.keys(more)), more)]})])

test_closed if {
	given({}) == set()
	given({"Action": "*"}) == set()
	given({"Resource": "*"}) == set()
	given({"Resource": "arn:aws:s3:::files*"}) == set()
	given({"Resource": ["arn:aws-cn:s3:::files", "arn:aws-cn:s3:::files/*"]}) == set()
	found([bucket({}), policy(json.marshal({"Statement": base}))]) == set()
	found([plain({"bucket": "files", "policy": json.marshal({"Statement": [base]})})]) == set()
	found([bucket({"bucket": "files", "policy": json.marshal({"Statement": [base]})})]) == set()
}

test_not_closed if {
	found([bucket({})]) == none
	found([plain({})]) == none
	found([bucket({"bucket": "files", "policy": "{"})]) == none
	given({"Effect": "Allow"}) == none
	given({"Principal": {"AWS": "111111111111"}}) == none
	given({"Action": ["s3:GetObject", "s3:PutObject"]}) == none
	given({"Resource": "arn:aws:s3:::files"}) == none
	given({"Resource": "arn:aws:s3:::files/*"}) == none
	given({"Resource": ["arn:aws:s3:::other", "arn:aws:s3:::other/*"]}) == none
	given({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}) == none
	given({"Condition": {"Bool": {"aws:SecureTransport": "false"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}) == none
	found([bucket({"bucket": "files"}), object.union(policy({"Statement": [base]}), {"operation": "delete"})]) == none
	found([bucket({"bucket": "files"}), object.union(policy({"Statement": [base]}), {"propertyDependencies": {"bucket": []}})]) == none
}

test_unknown if {
	found([bucket({}), policy(unknown)]) == perhaps
	found([bucket({}), policy(secret)]) == perhaps
	found([bucket({"policy": unknown})]) == perhaps
	given({"Resource": [unknown, unknown]}) == perhaps
}

test_closed_by_one_of_two if {
	found([bucket({"bucket": "files", "policy": json.marshal({"Statement": [base]})}), policy(unknown)]) == set()
}
