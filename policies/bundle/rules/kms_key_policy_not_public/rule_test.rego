package tenantform.rules.kms_key_policy_not_public_test

import data.tenantform.rules.kms_key_policy_not_public as rule

of_value(value) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:kms/key:Key", "operation": "create", "inputs": {"policy": value},
	}]}}
}

of(statement) := of_value({"Version": "2012-10-17", "Statement": [object.union({"Effect": "Allow", "Action": "kms:*"}, statement)]})

who(principal, condition) := of({"Principal": principal, "Condition": condition})

unknown := {"$unknown": true}

test_unreadable if {
	of_value("{") == {false}
	of_value(7) == {false}
	of_value(unknown) == {true}
	of_value({"$secret": true}) == {true}
	of_value({"Statement": unknown}) == {true}
}

test_none if of_value(null) == set()

test_types if {
	every type in ["aws:kms/keyPolicy:KeyPolicy", "aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey"] {
		found := rule.findings with input as {"plan": {"resources": [{"urn": "u", "type": type, "operation": "create", "inputs": {"policy": "{"}}]}}
		count(found) == 1
	}
	others := rule.findings with input as {"plan": {"resources": [{"urn": "u", "type": "aws:s3/bucketPolicy:BucketPolicy", "operation": "create", "inputs": {"policy": "{"}}]}}
	others == set()
}

test_everybody if {
	every principal in ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::111111111111:root", "*"]}] { who(principal, {}) == {false} }
	of({"NotPrincipal": {"AWS": "111111111111"}}) == {false}
	of({"Effect": "Deny", "Principal": "*"}) == set()
	every principal in [{"Service": "logs.eu-west-1.amazonaws.com"}, {"AWS": "arn:aws:iam::111111111111:root"}] { who(principal, {}) == set() }
}

test_conditions if {
	who("*", {"StringEquals": {"kms:CallerAccount": "111111111111", "kms:ViaService": "s3.eu-west-1.amazonaws.com"}}) == set()
	who("*", {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}) == {false}
	who("*", {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}) == set()
	who("*", {"StringEquals": {"kms:CallerAccount": unknown}}) == {true}
}

test_unknown if {
	who(unknown, {}) == {true}
	who({"AWS": unknown}, {}) == {true}
	who({"AWS": [unknown, "*"]}, {}) == {false}
	who({"AWS": unknown}, {"StringEquals": {"kms:CallerAccount": "111111111111"}}) == set()
}

# Conditions that let everybody in all the same.
idle := [
	{"Null": {"aws:PrincipalOrgID": "true"}},
	{"Null": {"aws:PrincipalArn": "false"}},
	{"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*"}},
	{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
	{"StringLike": {"aws:PrincipalAccount": "1*"}},
	{"Null": {"aws:PrincipalTag/x": "true"}},
]

test_idle_conditions if {
	every condition in idle { who("*", condition) == {false} }
}
