package tenantform.rules.iam_trust_not_public_test

import data.tenantform.rules.iam_trust_not_public as rule

of_value(value) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:iam/role:Role", "operation": "create", "inputs": {"assumeRolePolicy": value},
	}]}}
}

of(statement) := of_value({"Version": "2012-10-17", "Statement": [object.union({"Effect": "Allow", "Action": "sts:AssumeRole"}, statement)]})

who(principal, condition) := of({"Principal": principal, "Condition": condition})

unknown := {"$unknown": true}

test_unreadable if {
	of_value("{") == {false}
	of_value(7) == {false}
	of_value(unknown) == {true}
	of_value({"$secret": true}) == {true}
	of_value({"Statement": unknown}) == {true}
}

test_missing if of_value(null) == {false}

test_everybody if {
	every principal in ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::111111111111:role/a", "*"]}, {"Service": "*"}, {"AWS": "arn:aws:iam::*:role/a"}] { who(principal, {}) == {false} }
	of({"NotPrincipal": {"AWS": "111111111111"}}) == {false}
	of({}) == {false}
	of({"Effect": "Deny", "Principal": "*"}) == set()
	every principal in [{"Service": "lambda.amazonaws.com"}, {"AWS": "arn:aws:iam::111111111111:role/a"}, {"Federated": "arn:aws:iam::111111111111:saml-provider/a"}] { who(principal, {}) == set() }
}

test_everybody_under_a_condition if {
	who("*", {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}) == set()
	who("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/a*"}}) == set()
	who("*", {"StringEquals": {"aws:PrincipalTag/team": "core"}}) == {false}
	who("*", {"StringEquals": {"sts:ExternalId": "a"}}) == {false}
	who("*", {"StringEquals": {"aws:RequestTag/TenantID": "a"}}) == {false}
	who("*", {"StringLike": {"aws:PrincipalOrgID": "*"}}) == {false}
	who("*", {"Bool": {"aws:SecureTransport": "true"}}) == {false}
	who("*", {"StringNotEquals": {"aws:PrincipalOrgID": "o-1234567890"}}) == {false}
	who("*", {"StringEquals": {"aws:PrincipalOrgID": unknown}}) == {true}
}

test_account if {
	every name in ["111111111111", "arn:aws:iam::111111111111:root", "arn:aws-us-gov:iam::111111111111:root"] {
		who({"AWS": name}, {}) == {false}
		who({"AWS": name}, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}) == {false}
		who({"AWS": name}, {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/a"}}) == set()
		who({"AWS": name}, {"StringEquals": {"sts:ExternalId": "a"}}) == set()
		who({"AWS": name}, {"StringEquals": {"aws:RequestTag/TenantID": "acme"}}) == set()
		who({"AWS": name}, {"ArnEquals": {"aws:PrincipalArn": unknown}}) == {true}
	}
}

test_unknown if {
	who(unknown, {}) == {true}
	who({"AWS": unknown}, {}) == {true}
	who({"AWS": [unknown, "*"]}, {}) == {false}
	who({"AWS": unknown}, {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}) == set()
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
	every condition in idle { who({"AWS": "arn:aws:iam::111111111111:root"}, condition) == {false} }
}
