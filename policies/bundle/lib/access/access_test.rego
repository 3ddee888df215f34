package tenantform.lib.access_test

import data.tenantform.lib.access
import data.tenantform.lib.iam

unknown := {"$unknown": true}

statement(more) := iam.normal(object.union({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}, more))

given(operator, key, value) := access.reach(statement({"Condition": {operator: {key: value}}}))

test_reach_without_condition if {
	access.reach(statement({})) == "public"
	access.reach(statement({"Principal": {"AWS": "*"}})) == "public"
	access.reach(statement({"Principal": {"AWS": ["111111111111", "*"]}})) == "public"
	access.reach(statement({"Principal": {"AWS": "111111111111"}})) == "limited"
	access.reach(statement({"Principal": {"Service": "sns.amazonaws.com"}})) == "limited"
	access.reach(statement({"Principal": unknown})) == "unknown"
	access.reach(statement({"Principal": {"AWS": unknown}})) == "unknown"
	access.reach(statement({"Principal": unknown, "Condition": {"StringEquals": {"aws:PrincipalAccount": "111111111111"}}})) == "limited"
	access.reach(iam.normal({"Effect": "Allow", "NotPrincipal": {"AWS": "111111111111"}, "Action": "s3:GetObject", "Resource": "*"})) == "public"
}

test_reach_limited if {
	given("StringEquals", "aws:SourceAccount", "111111111111") == "limited"
	given("stringequals", "AWS:SOURCEOWNER", ["111111111111"]) == "limited"
	given("ArnLike", "aws:SourceArn", "arn:aws:sns:*:111111111111:*") == "limited"
	given("ArnLike", "aws:SourceArn", "arn:aws:s3:::files") == "limited"
	given("StringEquals", "aws:PrincipalOrgID", "o-abc") == "limited"
	given("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-abc/*") == "limited"
	given("StringEquals", "aws:SourceVpce", "vpce-1") == "limited"
}

test_reach_public if {
	given("StringNotEquals", "aws:SourceAccount", "111111111111") == "public"
	given("StringEqualsIfExists", "aws:SourceAccount", "111111111111") == "public"
	given("ForAllValues:StringEquals", "aws:SourceAccount", "111111111111") == "public"
	given("StringEquals", "aws:SourceAccount", ["111111111111", "*"]) == "public"
	given("StringEquals", "aws:SourceAccount", []) == "public"
	given("StringEquals", "aws:SourceAccount", "${aws:PrincipalAccount}") == "public"
	given("StringEquals", "aws:SourceAccount", 1) == "public"
	given("ArnLike", "aws:SourceArn", "arn:aws:sns:eu-west-1:*:topic") == "public"
	given("ArnLike", "aws:SourceArn", "arn:aws:s3:::*") == "public"
	given("ArnLike", "aws:SourceArn", "*") == "public"
	given("StringLike", "aws:PrincipalOrgPaths", "*/r-1") == "public"
	given("Bool", "aws:SecureTransport", "true") == "public"
	given("StringEquals", "aws:ResourceAccount", "111111111111") == "public"
	access.reach(statement({"Condition": {"StringEquals": "x"}})) == "public"
}

test_reach_unknown if {
	given("StringEquals", "aws:SourceAccount", unknown) == "unknown"
	given("StringEquals", "aws:SourceAccount", ["111111111111", unknown]) == "unknown"
	given("StringEquals", "aws:SourceAccount", ["*", unknown]) == "public"
	given("StringNotEquals", "aws:SourceAccount", unknown) == "public"
}

test_same_key_twice if {
	s := statement({"Condition": {"StringEquals": {"aws:SourceAccount": "*"}, "stringequals": {"aws:sourceaccount": "111111111111"}}})
	access.reach(s) == "limited"
}

test_confined_by_resource if {
	s := statement({"Condition": {"StringEquals": {"aws:ResourceAccount": "111111111111"}}})
	access.confined(s, access.by_resource)
	not access.confined(s, access.by_identity)
}

base := {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}

deny(more) := iam.normal(object.union(object.remove(base, object.keys(more)), more))

test_refuses_plain if {
	access.refuses_plain(deny({}))
	access.refuses_plain(deny({"Principal": {"AWS": ["*"]}}))
	access.refuses_plain(deny({"Condition": {"BoolIfExists": {"AWS:securetransport": [false]}}}))
	not access.refuses_plain(deny({"Effect": "Allow"}))
	not access.refuses_plain(deny({"Principal": {"AWS": "111111111111"}}))
	not access.refuses_plain(deny({"Principal": {"Service": "*"}}))
	not access.refuses_plain(deny({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}))
	not access.refuses_plain(deny({"Condition": {"Bool": {"aws:SecureTransport": []}}}))
	not access.refuses_plain(deny({"Condition": {"Bool": {"aws:SecureTransport": unknown}}}))
	not access.refuses_plain(deny({"Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}}}))
	not access.refuses_plain(deny({"Condition": {"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "false"}}}))
	not access.refuses_plain(deny({"Condition": {"Null": {"aws:SecureTransport": "false"}}}))
	not access.refuses_plain(deny({"Condition": {"Bool": "false"}}))
	not access.refuses_plain(deny({"Condition": {}}))
}

test_named if {
	every pattern in ["*", "arn:aws:sqs:eu-west-1:111111111111:jobs", "arn:aws:sqs:*:*:jobs", "arn:aws:sqs:*:*:jo*", "arn:aws:sqs:eu-west-1:111111111111:*"] {
		access.named({"resources": {pattern}}, "jobs")
	}
	every pattern in ["arn:aws:sqs:eu-west-1:111111111111:other", "arn:aws:sqs:*:*:xjobs", "arn:aws:sqs:*:*:jobsx*"] {
		not access.named({"resources": {pattern}}, "jobs")
	}
	not access.named({"resources": {"arn:aws:sqs:eu-west-1:111111111111:"}}, "")
	not access.named({"resources": set()}, "jobs")
}

test_values_of_each_form if {
	given("ArnLike", "aws:SourceArn", "topic") == "public"
	given("ArnLike", "aws:SourceArn", "arn:aws:sns:eu-west-1:111111111111") == "public"
	given("ArnLike", "aws:SourceArn", 1) == "public"
	given("StringEquals", "aws:PrincipalOrgID", 1) == "public"
	given("StringEquals", "aws:SourceVpce", "*") == "public"
	given("StringLike", "aws:SourceAccount", "arn:aws:iam::111111111111:role/*") == "public"
	given("StringLike", "aws:SourceAccount", "11111111111?") == "public"
	given("StringEquals", "aws:SourceAccount", "") == "public"
}

test_reach_of_mixed if {
	access.reach(statement({"Principal": {"AWS": "111111111111"}, "Condition": {"StringEquals": {"aws:SourceAccount": unknown}}})) == "limited"
	access.reach(statement({"Condition": {"StringEquals": {"aws:SourceAccount": "111111111111", "aws:SourceVpc": unknown}}})) == "limited"
	access.reach(statement({"Principal": {"AWS": [unknown, "*"]}})) == "public"
	not access.perhaps_confined(statement({"Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}}), access.by_identity)
	access.confined(statement({"Condition": {"StringEquals": {"aws:ResourceOrgID": "o-abc"}}}), access.by_resource)
}

test_refuses_plain_by_the_key_alone if {
	not access.refuses_plain(deny({"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}))
	not access.refuses_plain(deny({"Condition": {"Bool": 1}}))
}

test_named_by_all_of_it if {
	access.named({"resources": {"*"}}, "")
	not access.named({"resources": {"arn:aws:sqs:eu-west-1:111111111111:*"}}, "")
	not access.named({"resources": {"arn:aws:sqs:eu-west-1:111111111111:jobs"}}, "jobs-other")
}
