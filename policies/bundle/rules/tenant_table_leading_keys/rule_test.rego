package tenantform.rules.tenant_table_leading_keys_test

import data.tenantform.rules.tenant_table_leading_keys as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

pool := "arn:aws:dynamodb:eu-west-1:111111111111:table/pool-a-data"

found_in(subject, statement) := out if {
	out := {f.unknown | some f in rule.findings} with input as {
		"plan": {"resources": [{"urn": "u", "type": "aws:iam/rolePolicy:RolePolicy", "operation": "create", "inputs": {"policy": {"Statement": [statement]}}}]},
		"subject": subject,
	}
}

found(statement) := found_in({"program": "tenant", "tenantId": "acme"}, object.union({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": pool}, statement))

keys(operator, value, guard) := {"Condition": {operator: {"dynamodb:LeadingKeys": value}, "Null": {"DynamoDB:leadingkeys": guard}}}

test_bound if {
	found(keys("ForAllValues:StringEquals", "acme", "false")) == set()
	found(keys("forallvalues:stringlike", ["acme", "acme#*", "acme/1"], [false])) == set()
	found(keys("ForAllValues:StringEquals", "${aws:PrincipalTag/TenantID}", "false")) == set()
	found(keys("ForAllValues:StringLike", "${aws:PrincipalTag/TenantID}#*", "false")) == set()
}

test_not_bound if {
	found({}) == {false}
	every value in ["birch", "acme*", "acme-eu", "*", "", "${aws:username}", "${aws:PrincipalTag/TenantID}*", ["acme", "birch"], [], 1, null, {"a": "acme"}] {
		found(keys("ForAllValues:StringLike", value, "false")) == {false}
	}
	found(keys("ForAnyValue:StringEquals", "acme", "false")) == {false}
	found(keys("StringEquals", "acme", "false")) == {false}
	found(keys("ForAllValues:StringEqualsIfExists", "acme", "false")) == {false}
	every guard in ["true", ["false", "true"], [], null, 0] { found(keys("ForAllValues:StringEquals", "acme", guard)) == {false} }
	found({"Condition": {"ForAllValues:StringEquals": "acme"}}) == {false}
}

test_not_known if {
	found(keys("ForAllValues:StringEquals", unknown, "false")) == {true}
	found(keys("ForAllValues:StringEquals", secret, "false")) == {true}
	found({"Condition": unknown}) == {true}
	found({"Resource": unknown}) == {true}
	found({"Resource": [unknown, "arn:aws:dynamodb:eu-west-1:111111111111:table/acme-silo-data"]}) == {true}
	found({"Resource": [unknown, pool]}) == {false}
	found({"Action": unknown}) == {false}
	found(object.union(keys("ForAllValues:StringEquals", "acme", "false"), {"Resource": unknown})) == set()
}

test_which_tables if {
	every resource in [
		"*", "arn:aws:dynamodb:*:*:*", "arn:aws:dynamodb:eu-west-1:111111111111:table/*", "arn:aws:dynamodb:eu-west-1:111111111111:table/acme*",
		"arn:aws:d*:eu-west-1:111111111111:table/x", "arn:aws:dynamodb:eu-west-1:111111111111:table/birch-silo-data",
	] { found({"Resource": resource}) == {false} }
	every resource in ["arn:aws:dynamodb:eu-west-1:111111111111:table/acme-silo-data", "arn:aws:dynamodb:eu-west-1:111111111111:table/acme-silo-*", "arn:aws:s3:::a"] {
		found({"Resource": resource}) == set()
	}
}

test_actions if {
	every action in ["dynamodb:Scan", "dynamodb:*", "*", "dynamodb:S*", "d*:Scan"] {
		found(object.union(keys("ForAllValues:StringEquals", "acme", "false"), {"Action": action})) == {false}
	}
	every action in ["dynamodb:DescribeTable", "dynamodb:ListTables", "s3:GetObject"] { found({"Action": action}) == set() }
	found({"Effect": "Deny"}) == set()
}

test_negations if {
	count(found_in({"program": "tenant", "tenantId": "acme"}, {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})) == 1
	found_in({"program": "tenant", "tenantId": "acme"}, {"Effect": "Allow", "NotAction": "dynamodb:*", "Resource": "*"}) == set()
	found_in({"program": "tenant", "tenantId": "acme"}, {"Effect": "Allow", "NotAction": "*", "Resource": "*"}) == set()
	found_in({"program": "tenant", "tenantId": "acme"}, {"Effect": "Allow", "Action": "dynamodb:GetItem", "NotResource": pool}) == {false}
	found_in({"program": "tenant", "tenantId": "acme"}, {"Effect": "Allow", "Action": "dynamodb:GetItem"}) == {false}
}

test_which_stacks if {
	statement := {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": pool}
	found_in({"program": "functions", "tenantId": "acme"}, statement) == {false}
	found_in({"program": "", "tenantId": "acme"}, statement) == {false}
	found_in({"program": "pool", "tenantId": ""}, statement) == set()
	found_in({"program": ""}, statement) == set()
}
