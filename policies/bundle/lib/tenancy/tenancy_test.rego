package tenantform.lib.tenancy_test

import data.tenantform.lib.tenancy

own(name) := out if {
	out := tenancy.own(name) with input as {"subject": {"program": "tenant", "tenantId": "acme", "account": "111111111111"}}
}

other(name) := out if {
	out := tenancy.other(name) with input as {"subject": {"program": "tenant", "tenantId": "acme", "account": "111111111111"}}
}

belongs(arn) := out if {
	out := tenancy.belongs(arn) with input as {"subject": {"program": "tenant", "tenantId": "acme", "account": "111111111111"}}
}

test_own if every name in [
	"acme", "acme-silo", "acme-silo-data", "acme-silo/access", "acme-pool-a", "acme-pool-a-data", "acme-data-111111111111-eu-west-1",
	"acme-greeting", "acme-logs-111111111111-eu-west-1", "acme-silo-*", "acme-pool-a-*", "acme-data-111111111111-*", "acme-logs-111111111111-*", "${aws:PrincipalTag/TenantID}", "${aws:PrincipalTag/TenantID}-files",
] { own(name) }

test_not_own if every name in [
	"", "*", "acme*", "acme-*", "acme-d*", "acme-silo*", "acmes-silo", "acme-eu-silo", "acme-eu-silo-data", "acme-eu-pool-a-data",
	"acme-data-eu-silo", "acme-eu-logs-111111111111-eu-west-1", "acme-logs-222222222222-*", "birch-silo", "pool-a-data", "platform-alerts", "acme-${aws:username}", "?cme-silo",
] { not own(name) }

test_no_tenant_owns_nothing if {
	not tenancy.own("-silo") with input as {"subject": {"program": "pool", "tenantId": ""}}
	not tenancy.own("") with input as {"subject": {}}
}

test_other if {
	other("birch-silo") == "birch"
	other("acme-eu-silo-data") == "acme-eu"
	other("birch-pool-a-data") == "birch"
	other("birch-data-222222222222-eu-west-1") == "birch"
	other("birch-work-222222222222-eu-west-1") == "birch"
	other("birch-logs-222222222222-eu-west-1") == "birch"
	other("acme-eu-logs-222222222222-eu-west-1") == "acme-eu"
	every name in ["acme-silo", "acme-silo-silo", "acme-pool-a", "pool-a-data", "platform-silo", "birch-silos", "identity-pools", "big-data-lake", "acme-logs-111111111111-eu-west-1", "platform-logs-111111111111-eu-west-1", "aws-waf-logs-birch", "my-logs-2026", ""] { other(name) == "" }
}

test_belongs if {
	every arn in [
		"arn:aws:dynamodb:eu-west-1:111111111111:table/acme-silo-data", "arn:aws:s3:::acme-data-111111111111-eu-west-1/*",
		"arn:aws:sqs:eu-west-1:111111111111:acme-silo-worker", "arn:aws:lambda:eu-west-1:111111111111:function:acme-silo-worker:live",
		"arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/acme-silo-worker:*", "arn:aws:logs:eu-west-1:111111111111:log-group:acme-silo/flow-logs",
		"arn:aws:iam::111111111111:role/path/acme-silo-worker", "arn:aws:secretsmanager:eu-west-1:111111111111:secret:acme-silo/db-AbCdEf",
		"arn:aws:s3:::${aws:PrincipalTag/TenantID}-files/*", "arn:aws:sqs:eu-west-1:111111111111:${aws:PrincipalTag/TenantID}",
	] { belongs(arn) == "own" }
	every arn in ["arn:aws:dynamodb:eu-west-1:111111111111:table/pool-a-data/index/acme-silo", "arn:aws:sns:eu-west-1:111111111111:platform-alerts"] { belongs(arn) == "shared" }
	every arn in [
		"arn:aws:dynamodb:eu-west-1:111111111111:table/*", "arn:aws:dynamodb:*:*:*", "arn:aws:s3:::*", "arn:aws:s3:::birch-files/acme-silo",
		"arn:aws:lambda:eu-west-1:111111111111:*", "arn:aws:logs:*:*:*", "arn:aws:sqs:eu-west-1:111111111111:acme-*",
	] { belongs(arn) == "other" }
	every arn in ["*", "", "arn:aws:kms:eu-west-1:111111111111:key/a", "arn:aws"] { belongs(arn) == "" }
}

test_owners if {
	resources := [
		{"urn": "a", "type": "t", "operation": "same", "inputs": {"tags": {"tenant-id": "acme"}}},
		{"urn": "b", "type": "t", "operation": "same", "inputs": {"tags": {"$unknown": true}}},
		{"urn": "c", "type": "t", "operation": "same", "inputs": {}, "propertyDependencies": {"x": ["a", "b", "gone"]}},
	]
	tenancy.owners(resources[2], "x") == {"acme"} with input as {"plan": {"resources": resources}}
}
