package tenantform.rules.iam_no_service_wildcard_test

import data.tenantform.rules.iam_no_service_wildcard as rule

of_value(value) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:iam/rolePolicy:RolePolicy", "operation": "create", "inputs": {"policy": value},
	}]}}
}

# The document is given as an object, which may hold what is unknown.
of(statements) := of_value({"Version": "2012-10-17", "Statement": statements})

allow(actions, resources) := {"Effect": "Allow", "Action": actions, "Resource": resources}

under(statement, condition) := object.union(statement, {"Condition": condition})

unknown := {"$unknown": true}

test_unreadable if {
	of_value(null) == {false}
	of_value("{") == {false}
	of_value("[]") == {false}
	of_value(7) == {false}
	of_value({"Statement": [{"Effect": "Allow"}]}) == {false}
	of_value(unknown) == {true}
	of_value({"$secret": true}) == {true}
	of_value({"Statement": unknown}) == {true}
}

test_wildcards if {
	some_service := "arn:aws:s3:::acme/*"
	every action in ["s3:*", "S3:*", "s3:**", "*", "*:*", "s3:?*"] { of([allow(action, some_service)]) == {false} }
	of([allow(["s3:GetObject", "dynamodb:*"], "*")]) == {false}
	every action in ["s3:GetObject", "s3:Get*", "s3:*Object"] { of([allow(action, "*")]) == set() }
	of([under(allow("s3:*", "*"), {"StringEquals": {"aws:PrincipalTag/TenantID": "acme"}})]) == {false}
}

test_deny if {
	of([{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]) == set()
	of([allow("s3:*", "*"), {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]) == set()
	of([allow("s3:*", "*"), {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::a"}]) == {false}
	of([allow("s3:*", "*"), under({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}, {"Bool": {"aws:SecureTransport": "false"}})]) == {false}
}

test_not_action if {
	of([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::a"}]) == {false}
	of([{"Effect": "Allow", "NotAction": "*", "Resource": "*"}]) == set()
	of([{"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}]) == set()
	of([{"Effect": "Allow", "NotAction": unknown, "Resource": "*"}]) == {false}
}

test_unknown if {
	of([allow(unknown, "arn:aws:s3:::a")]) == {true}
	of([allow([unknown, "s3:GetObject"], "arn:aws:s3:::a")]) == {true}
	of([allow([unknown, "s3:*"], "arn:aws:s3:::a")]) == {false}
	of([allow("s3:GetObject", unknown)]) == set()
	of([{"Effect": "Deny", "Action": unknown, "Resource": "*"}]) == set()
}

policy := "aws:iam/policy:Policy"

boundary := {"urn": "p", "type": policy, "operation": "same", "inputs": {"name": "b", "policy": {"Statement": [allow("s3:*", "*")]}}}

bounded := {"urn": "r", "type": "aws:iam/role:Role", "operation": "same", "inputs": {}, "propertyDependencies": {"permissionsBoundary": ["p"]}}

attachment(arn, from) := {
	"urn": "a", "type": "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "operation": "create",
	"inputs": {"policyArn": arn}, "propertyDependencies": {"policyArn": from},
}

among(resources) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

test_boundary if {
	among([boundary]) == {false}
	among([boundary, bounded]) == set()
	among([boundary, bounded, attachment(unknown, ["p"])]) == {false}
	among([boundary, bounded, attachment("arn:aws:iam::111111111111:policy/b", [])]) == {false}
	among([boundary, bounded, attachment("arn:aws:iam::111111111111:policy/c", [])]) == set()
	among([boundary, bounded, attachment(unknown, [])]) == {false}
}
