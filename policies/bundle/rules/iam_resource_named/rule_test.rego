package tenantform.rules.iam_resource_named_test

import data.tenantform.rules.iam_resource_named as rule

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

test_everything if {
	every resource in ["*", "**", ["arn:aws:s3:::a", "*"], "arn:aws:*", "arn:*:*:*:*:*"] { of([allow("s3:GetObject", resource)]) == {false} }
	of([{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::a"}]) == {false}
	of([{"Effect": "Allow", "Action": "s3:GetObject"}]) == {false}
	every resource in ["arn:aws:s3:::acme/*", "arn:aws:dynamodb:eu-west-1:111111111111:table/*"] { of([allow("s3:GetObject", resource)]) == set() }
	of([allow("nowhere:Documented", "*")]) == {false}
}

test_unrestrictable if {
	every action in ["s3:ListAllMyBuckets", "xray:PutTraceSegments", "ec2:DescribeSubnets", "ec2:Describe*", "ssmmessages:*", "sts:GetCallerIdentity"] {
		of([allow(action, "*")]) == set()
	}
	every action in ["ec2:D*", "ec2:RunInstances", "s3:ListAll*", "*", "ssm*:OpenDataChannel"] { of([allow(action, "*")]) == {false} }
	of([allow(["ec2:DescribeSubnets", "ec2:RunInstances"], "*")]) == {false}
	of([{"Effect": "Allow", "NotAction": "ec2:RunInstances", "Resource": "*"}]) == {false}
}

test_lambda_network if {
	condition := {"Null": {"lambda:SourceFunctionArn": "true"}}
	of([under(allow("ec2:CreateNetworkInterface", "*"), condition)]) == set()
	of([under(allow("s3:GetObject", "*"), condition)]) == {false}
}

test_conditions if {
	get := allow("s3:GetObject", "*")
	every condition in [
		{"StringEquals": {"aws:ResourceTag/tenant-id": "acme"}},
		{"StringEquals": {"aws:ResourceTag/tenant-id": "${aws:PrincipalTag/TenantID}"}},
		{"ForAllValues:StringEquals": {"aws:TagKeys": "a"}, "StringLike": {"aws:ResourceTag/x": ["a*"]}},
		{"Bool": {"iam:Unusual": true}},
		{"NumericLessThan": {"s3:max-keys": 10}},
	] { of([under(get, condition)]) == set() }
	every condition in [
		{},
		{"Bool": {"aws:SecureTransport": "true"}},
		{"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
		{"StringLike": {"aws:ResourceTag/tenant-id": "*"}},
		{"StringLike": {"aws:ResourceTag/tenant-id": ["acme", "*"]}},
		{"StringEquals": {"aws:ResourceTag/tenant-id": []}},
		{"StringNotEquals": {"aws:ResourceTag/tenant-id": "acme"}},
		{"StringEqualsIfExists": {"aws:ResourceTag/tenant-id": "acme"}},
		{"ForAllValues:StringEquals": {"aws:ResourceTag/tenant-id": "acme"}},
		{"StringEquals": "acme"},
	] { of([under(get, condition)]) == {false} }
	of([under(get, {"StringEquals": {"aws:ResourceTag/tenant-id": unknown}})]) == {true}
	of([under(get, {"StringEquals": unknown})]) == {true}
	of([under(get, {"StringEquals": {"aws:ResourceTag/tenant-id": unknown}, "StringLike": {"aws:ResourceTag/b": "a"}})]) == set()
}

test_unknown if {
	of([allow("s3:GetObject", unknown)]) == {true}
	of([allow("s3:GetObject", [unknown, "*"])]) == {false}
	of([allow("s3:ListAllMyBuckets", unknown)]) == set()
	of([allow(unknown, "*")]) == {true}
	of([allow(unknown, "arn:aws:s3:::a")]) == set()
	of([allow(unknown, unknown)]) == {true}
}

logs := ["logs:CreateLogGroup", "logs:PutLogEvents"]

trust(principal) := {"urn": "role", "type": "aws:iam/role:Role", "operation": "same", "inputs": {"assumeRolePolicy": {"Statement": [
	{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal},
]}}}

granting(actions) := {
	"urn": "u", "type": "aws:iam/rolePolicy:RolePolicy", "operation": "same", "inputs": {"policy": {"Statement": [allow(actions, "*")]}},
	"propertyDependencies": {"role": ["role"]},
}

test_asked_for if {
	gateway := trust({"Service": "apigateway.amazonaws.com"})
	among([gateway, granting(logs)]) == set()
	among([gateway, granting(["logs:DeleteLogGroup"])]) == {false}
	among([gateway, granting(["logs:*"])]) == {false}
	among([gateway, granting([unknown])]) == {true}
	among([granting(logs)]) == {false}
	every principal in [
		{"Service": "lambda.amazonaws.com"},
		{"Service": ["apigateway.amazonaws.com", "lambda.amazonaws.com"]},
		{"Service": "apigateway.amazonaws.com", "AWS": "111111111111"},
		{"Service": ["apigateway.amazonaws.com", unknown]},
		{"AWS": "apigateway.amazonaws.com"},
		unknown,
		"*",
	] { among([trust(principal), granting(logs)]) == {false} }
}

policy := "aws:iam/policy:Policy"

boundary := {"urn": "p", "type": policy, "operation": "same", "inputs": {"name": "b", "policy": {"Statement": [allow("s3:GetObject", "*")]}}}

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
