package tenantform.rules.iam_write_constrained_test

import data.tenantform.rules.iam_write_constrained as rule

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

test_writes if {
	every action in ["s3:PutObject", "dynamodb:DeleteItem", "dynamodb:*", "*", "dynamodb:G*", "nowhere:Documented", "dynamodb:ExportTableToPointInTime"] {
		of([allow(action, "*")]) == {false}
	}
	every action in ["s3:GetObject", "s3:Get*", "dynamodb:BatchGet*", "dynamodb:Query", "logs:StartQuery", "xray:PutTraceSegments", "cloudwatch:PutMetricData", "ec2:Describe?*"] {
		of([allow(action, "*")]) == set()
	}
	of([{"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "*"}]) == {false}
}

test_resources if {
	every resource in ["*", "arn:aws:s3:::*", "arn:aws:s3:::*/*", "arn:aws:dynamodb:*:*:table/*", "arn:aws:sqs:eu-west-1:*:*", "arn:aws:apigateway:eu-west-1::/restapis/*", "arn:aws:s3*"] {
		of([allow("s3:PutObject", resource)]) == {false}
	}
	every resource in ["arn:aws:s3:::acme-*", "arn:aws:s3:::acme/*", "arn:aws:dynamodb:eu-west-1:111111111111:table/*", "arn:aws:execute-api:*:*:abc/*", "arn:aws:sqs:eu-west-1:111111111111:acme-*"] {
		of([allow("s3:PutObject", resource)]) == set()
	}
}

test_conditions if {
	of([under(allow("s3:PutObject", "*"), {"StringEquals": {"s3:ResourceAccount": "111111111111"}})]) == set()
	of([under(allow("s3:PutObject", "*"), {"Bool": {"aws:SecureTransport": "true"}})]) == {false}
	of([under(allow("s3:PutObject", "*"), {"StringEquals": {"s3:ResourceAccount": unknown}})]) == {true}
}

test_unknown if {
	of([allow("s3:PutObject", unknown)]) == {true}
	of([allow("s3:GetObject", unknown)]) == set()
	of([allow(unknown, "*")]) == {true}
	of([allow(unknown, "arn:aws:s3:::acme/*")]) == set()
}

policy := "aws:iam/policy:Policy"

boundary := {"urn": "p", "type": policy, "operation": "same", "inputs": {"name": "b", "policy": {"Statement": [allow("s3:PutObject", "*")]}}}

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
