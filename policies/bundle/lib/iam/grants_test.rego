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
