package tenantform.lib.iam_test

import data.tenantform.lib.iam

test_reach if {
	reaches := {
		"*": "all",
		"arn:aws:*": "all",
		"arn:aws:s3:eu-west-1:111111111111:*": "account",
		"arn:aws:s3:::*": "service",
		"arn:aws:s3:::*/*": "service",
		"arn:aws:s3:::acme*": "named",
		"arn:aws:s3:::acme/*": "named",
		"arn:aws:iam::*:role/*": "service",
		"arn:aws:iam::111111111111:role/*": "account",
		"arn:aws:iam::111111111111:*": "account",
		"arn:aws:iam::111111111111:role/acme/*": "named",
		"arn:aws:logs:eu-west-1:111111111111:log-group:*:*": "account",
		"arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/*": "named",
		"arn:aws:sqs:eu-west-1:111111111111:acme-*": "named",
		"arn:aws:execute-api:eu-west-1:111111111111:abc/*": "named",
		"arn:aws:apigateway:eu-west-1::/restapis/*": "service",
		"arn:aws:s3*": "service",
	}
	every pattern, reach in reaches { iam.reach(statement({"Resource": pattern})) == reach }
	iam.reach(statement({"Resource": ["arn:aws:s3:::a", "arn:aws:iam::111111111111:role/*"]})) == "account"
	iam.reach(statement({"Resource": ["arn:aws:s3:::*", "arn:aws:iam::111111111111:role/*"]})) == "service"
	iam.reach(statement({"Resource": ["arn:aws:s3:::a", {"$unknown": true}]})) == "unknown"
	iam.reach(statement({"Resource": ["*", {"$unknown": true}]})) == "all"
}

test_plain_and_marked if {
	statement({}).opaque == set()
	statement({"Resource": "arn:aws:s3:::${aws:PrincipalTag/a}"}).opaque == set()
	statement({"Resource": ["a", {"$secret": true}]}).opaque == {"Resource"}
	statement({"Sid": "\\", "Action": {"$unknown": true}}).opaque == {"Action"}
}

test_unrestrictable if {
	every pattern in ["ec2:describesubnets", "ec2:describe*", "ssmmessages:opendatachannel", "s3:listallmybuckets"] { iam.unrestrictable(pattern) }
	every pattern in ["ec2:desc*", "ec2:runinstances", "*", "*:*", "s3:list*", "nowhere:read"] { not iam.unrestrictable(pattern) }
}

test_tables if {
	every table in ["credentials", "exfiltration", "permissions"] {
		every service, names in data.tenantform.actions[table] {
			count(names) > 0
			every name in names { regex.match(`^[a-z0-9-]+:[a-z0-9]+$`, concat(":", [service, name])) }
		}
	}
	every set in data.tenantform.actions.escalation { every action in set { regex.match(`^[a-z0-9-]+:[a-z0-9]+$`, action) } }
}

test_some_of if {
	iam.some_of({"b", "a"}) == "a, b"
	iam.some_of({"e", "d", "c", "b", "a"}) == "a, b, c, d, and 1 more"
}

narrowing(condition) := iam.constraint(statement({"Condition": condition}), set())

# Conditions that leave nobody and nothing out.
idle := [
	{"Null": {"aws:PrincipalOrgID": "true"}},
	{"Null": {"aws:PrincipalArn": "false"}},
	{"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*"}},
	{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
	{"StringLike": {"aws:PrincipalAccount": "1*"}},
	{"Null": {"aws:PrincipalTag/x": "true"}},
	{"Null": {"s3:prefix": "true"}},
	{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/ou-1/*"}},
	{"ForAllValues:StringEquals": {"s3:prefix": "a"}},
	{"ForAllValues:StringEquals": {"s3:prefix": "a"}, "Null": {"s3:prefix": "true"}},
	{"ForAllValues:StringEquals": {"s3:prefix": "a"}, "Null": {"aws:TagKeys": "false"}},
	{"ForAllValues:StringEquals": {"s3:prefix": "a"}, "Null": {"s3:prefix": ["true", "false"]}},
	{"StringNotEquals": {"s3:prefix": "a"}},
	{"StringEqualsIfExists": {"s3:prefix": "a"}},
	{"StringEquals": {"s3:prefix": ["a", "*"]}},
	{"StringEquals": {"s3:prefix": []}},
	{"StringLike": {"s3:prefix": "*?"}},
	{"ArnLike": {"iam:PolicyARN": "arn:aws:iam::*:policy/*"}},
	{"ArnLike": {"iam:PolicyARN": "arn:*"}},
	{"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
	{"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "::/0"]}},
	{"Bool": {"kms:GrantIsForAWSResource": ["true", false]}},
	{"NumericGreaterThan": {"s3:max-keys": 0}},
	{"Whatever": {"s3:prefix": "a"}},
	{"Bool": {"aws:SecureTransport": "true"}},
	{"StringEquals": "x"},
	{"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
]

test_idle_conditions if {
	every condition in idle { narrowing(condition) == "none" }
	every condition in idle { iam.caller_constraint(statement({"Condition": condition}), iam.caller_keys) == "none" }
}

test_narrowing_conditions if {
	every condition in [
		{"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
		{"StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}},
		{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/*"}},
		{"StringEquals": {"aws:PrincipalAccount": ["111111111111", "222222222222"]}},
		{"StringLike": {"s3:prefix": "acme/*"}},
		{"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}},
		{"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "a"}, "Null": {"DynamoDB:leadingkeys": "false"}},
		{"ArnLike": {"iam:PolicyARN": "arn:aws:iam::111111111111:policy/*"}},
		{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
		{"Bool": {"kms:GrantIsForAWSResource": "true"}},
		{"NumericLessThanEquals": {"s3:max-keys": 10}},
		{"Bool": {"kms:GrantIsForAWSResource": true}},
		{"Null": {"s3:prefix": "true"}, "StringEquals": {"aws:ResourceTag/tenant-id": "acme"}},
	] { narrowing(condition) == "some" }
	narrowing({"StringEquals": {"s3:prefix": {"$unknown": true}}}) == "unknown"
	narrowing({"StringEquals": {"$unknown": true}}) == "unknown"
	narrowing({"$unknown": true}) == "unknown"
	iam.constraint(statement({"Condition": {"StringEquals": {"S3:Prefix": "a"}}}), {"s3:prefix"}) == "none"
}

test_callers if {
	caller := iam.caller_keys
	every condition in [
		{"StringEquals": {"kms:CallerAccount": "111111111111"}},
		{"StringLike": {"aws:userid": "AROAEXAMPLEEXAMPLEID:*"}},
		{"StringEquals": {"aws:PrincipalServiceName": "logs.eu-west-1.amazonaws.com"}},
	] { iam.caller_constraint(statement({"Condition": condition}), caller) == "some" }
	every condition in [
		{"StringLike": {"aws:userid": "A*"}},
		{"StringEquals": {"aws:username": "admin"}},
		{"StringEquals": {"aws:PrincipalTag/team": "core"}},
		{"StringLike": {"kms:CallerAccount": "*"}},
	] { iam.caller_constraint(statement({"Condition": condition}), caller) == "none" }
	iam.caller_constraint(statement({"Condition": {"StringEquals": {"aws:PrincipalTag/team": "core"}}}), caller | {"sts:externalid"}) == "some"
}

test_lambda_network if {
	before := {"Null": {"lambda:SourceFunctionArn": "true"}}
	network := ["ec2:CreateNetworkInterface", "ec2:DescribeSubnets"]
	iam.constraint(statement({"Action": network, "Condition": before}), set()) == "some"
	iam.constraint(statement({"Action": network, "Condition": {"Null": {"lambda:SourceFunctionArn": "false"}}}), set()) == "none"
	iam.constraint(statement({"Action": array.concat(network, ["iam:PutRolePolicy"]), "Condition": before}), set()) == "none"
	iam.constraint(statement({"Action": "ec2:*", "Condition": before}), set()) == "none"
}
