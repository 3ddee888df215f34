package tenantform.rules.s3_cross_account_limited_test

import data.tenantform.rules.s3_cross_account_limited as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

policy(value) := {
	"urn": "p", "type": "aws:s3/bucketPolicy:BucketPolicy", "operation": "create",
	"inputs": {"bucket": unknown, "policy": value}, "propertyDependencies": {"bucket": ["b"]},
}

base := {"Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::files/*"}

statement(more) := object.union(object.remove(base, object.keys(more)), more)

own := {"provider": {"account": "111111111111"}}

given(more) := found([object.union(policy({"Statement": [statement(more)]}), own)])

wrong := {["p", "policy", false]}

hidden := {["p", "policy", true]}

takeover := "s3:PutBucketPolicy"

test_public if {
	given({"Principal": "*"}) == wrong
	given({"Principal": {"AWS": ["222222222222", "*"]}}) == wrong
	given({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}) == wrong
	given({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}}) == set()
	given({"Principal": "*", "Effect": "Deny"}) == set()
}

test_other_account if {
	given({}) == set()
	every action in [takeover, "s3:*", "*", "s3:Put*", "s3:PutObjectAcl", ["s3:GetObject", "s3:DeleteBucketPolicy"]] { given({"Action": action}) == wrong }
	found([object.union(policy({"Statement": [object.union(object.remove(base, ["Action"]), {"NotAction": "s3:GetObject"})]}), own)]) == wrong
	given({"Action": takeover, "Principal": {"AWS": "arn:aws:iam::222222222222:role/x"}}) == wrong
	given({"Action": takeover, "Principal": {"AWS": "AIDAXXXXXXXX"}}) == wrong
	given({"Action": takeover, "Principal": {"CanonicalUser": "abc"}}) == wrong
	given({"Action": takeover, "Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}}) == wrong
}

test_own_account if {
	given({"Action": takeover, "Principal": {"AWS": "arn:aws:iam::111111111111:root"}}) == set()
	given({"Action": takeover, "Principal": {"AWS": "111111111111"}}) == set()
	given({"Action": takeover, "Principal": {"Service": "config.amazonaws.com"}}) == set()
	given({"Action": takeover, "Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": "111111111111"}}}) == set()
	given({"Action": takeover, "Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": ["111111111111", "222222222222"]}}}) == wrong
}

# Without a provider's account that of the subject counts, and without both none is known.
test_account_not_known if {
	same := policy({"Statement": [statement({"Action": takeover, "Principal": {"AWS": "111111111111"}})]})
	found([same]) == wrong
	r := rule.findings with input as {"plan": {"resources": [same]}, "subject": {"account": "111111111111"}}
	r == set()
	empty := rule.findings with input as {"plan": {"resources": [same]}, "subject": {"account": ""}}
	count(empty) == 1
}

test_unknown if {
	found([policy(unknown)]) == hidden
	found([policy(secret)]) == hidden
	given({"Principal": {"AWS": unknown}}) == hidden
	given({"Action": unknown}) == hidden
	given({"Action": unknown, "Principal": {"AWS": "111111111111"}}) == set()
	given({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": unknown}}}) == hidden
}

test_invalid if {
	found([policy("{")]) == wrong
	found([policy(null)]) == wrong
}

test_within if {
	inline := {"urn": "b", "type": "aws:s3/bucketV2:BucketV2", "operation": "create", "inputs": {"policy": json.marshal({"Statement": [statement({"Principal": "*"})]})}}
	found([inline]) == {["b", "policy", false]}
	found([object.union(inline, {"type": "aws:s3/bucket:Bucket"})]) == {["b", "policy", false]}
	found([object.union(inline, {"inputs": {"policy": ""}})]) == set()
}

# How many findings there are, because those of one statement look alike otherwise.
number(more) := n if {
	n := count(rule.findings) with input as {"plan": {"resources": [object.union(policy({"Statement": [statement(more)]}), own)]}}
}

test_one_finding_a_statement if {
	number({"Principal": "*", "Action": "s3:*"}) == 1
	number({"Principal": "*", "Action": unknown}) == 1
	number({"Action": ["s3:*", unknown]}) == 1
}

test_principal_of_no_account if given({"Action": takeover, "Principal": {"AWS": "a:b"}}) == wrong

test_provider_without_account if {
	r := object.union(policy({"Statement": [statement({"Action": takeover, "Principal": {"AWS": "111111111111"}})]}), {"provider": {"account": ""}})
	out := rule.findings with input as {"plan": {"resources": [r]}, "subject": {"account": "111111111111"}}
	out == set()
}
