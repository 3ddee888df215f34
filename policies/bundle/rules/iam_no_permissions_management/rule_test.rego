package tenantform.rules.iam_no_permissions_management_test

import data.tenantform.rules.iam_no_permissions_management as rule

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

test_actions if {
	every action in ["iam:PutRolePolicy", "s3:PutBucketPolicy", "s3:Put*", "kms:CreateGrant", "lambda:AddPermission", "iam:*", "*"] { of([allow(action, "*")]) == {false} }
	of([allow("iam:GetRole", "*")]) == set()
	of([{"Effect": "Deny", "Action": "*", "Resource": "*"}]) == set()
	of([allow("iam:PutRolePolicy", "*"), {"Effect": "Deny", "Action": "iam:PutRolePolicy", "Resource": "*"}]) == set()
	of([{"Effect": "Allow", "NotAction": "ec2:*", "Resource": "*"}]) == {false}
	of([{"Effect": "Allow", "NotAction": "*", "Resource": "*"}]) == set()
}

test_resources if {
	every resource in ["*", "arn:aws:s3:::*", "arn:aws:iam::111111111111:role/*", "arn:aws:kms:eu-west-1:111111111111:key/*"] { of([allow("iam:PutRolePolicy", resource)]) == {false} }
	every resource in ["arn:aws:s3:::acme", "arn:aws:iam::111111111111:role/acme/*", "arn:aws:kms:eu-west-1:111111111111:key/1234"] { of([allow("iam:PutRolePolicy", resource)]) == set() }
}

test_conditions if {
	of([under(allow("iam:PutRolePolicy", "*"), {"StringEquals": {"aws:ResourceTag/tenant-id": "acme"}})]) == set()
	of([under(allow("iam:PutRolePolicy", "*"), {"Bool": {"aws:MultiFactorAuthPresent": "true"}})]) == {false}
	of([under(allow("iam:PutRolePolicy", "*"), {"StringEquals": {"aws:ResourceTag/tenant-id": unknown}})]) == {true}
}

test_unknown if {
	of([allow("iam:PutRolePolicy", unknown)]) == {true}
	of([allow("iam:GetRole", unknown)]) == set()
	of([allow(unknown, "*")]) == {true}
	of([allow([unknown, "iam:PutRolePolicy"], "*")]) == {false}
	of([allow(unknown, "arn:aws:s3:::acme/*")]) == set()
	of([{"Effect": "Allow", "NotAction": ["ec2:*", unknown], "Resource": "*"}]) == {false}
}

policy := "aws:iam/policy:Policy"

boundary := {"urn": "p", "type": policy, "operation": "same", "inputs": {"name": "b", "policy": {"Statement": [allow("iam:PutRolePolicy", "*")]}}}

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
