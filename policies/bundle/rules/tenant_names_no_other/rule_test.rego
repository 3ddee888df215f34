package tenantform.rules.tenant_names_no_other_test

import data.tenantform.rules.tenant_names_no_other as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

resource(inputs) := {"urn": "u", "name": "u", "type": "aws:lambda/function:Function", "custom": true, "operation": "create", "inputs": inputs}

in_plan(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}, "subject": {"program": "tenant", "tenantId": "acme"}}
}

literal(text) := {f | some f in in_plan([resource({"environment": {"variables": {"A": ["x", text]}}})])}

hit := {["u", "environment.variables.A[1]", false]}

test_literals if {
	every text in [
		"birch-silo", "birch-silo-data", "acme-eu-silo-data", "s3://birch-data-111111111111-eu-west-1/a", "x birch-pool-a y",
		"arn:aws:sqs:eu-west-1:111111111111:birch-silo-worker", "acme-silo-data,birch-silo-data", `{"a":"birch-silo/access"}`,
		"birch-work-111111111111-eu-west-1", "birch-logs-111111111111-eu-west-1", "s3://acme-eu-logs-111111111111-eu-west-1/access/", "platform-logs-111111111111-eu-west-1 birch-logs-111111111111-eu-west-1",
	] { literal(text) == hit }
	every text in [
		"acme-silo", "acme-silo-silo", "arn:aws:sqs:eu-west-1:111111111111:acme-silo-worker", "pool-a-data", "platform-data-111111111111-eu-west-1",
		"identity-pool", "big-data-lake", "my-silos", "", "x acme-pool-a", "acme-data-111111111111-eu-west-1", `{"a":"acme-silo/access"}`,
		"acme-logs-111111111111-eu-west-1", "platform-logs-111111111111-eu-west-1", "aws-waf-logs-birch", "the-logs-of-2026",
	] { literal(text) == set() }
	every value in [unknown, secret, null, 1, true, {}, []] { in_plan([resource({"environment": value})]) == set() }
	in_plan([resource(null)]) == set()
}

test_several_in_one_text if {
	messages := {f.message | some f in rule.findings} with input as {"plan": {"resources": [resource({"a": "birch-silo cedar-silo"})]}, "subject": {"program": "tenant", "tenantId": "acme"}}
	messages == {"the name is of the tenant birch, cedar"}
}

grant(statement) := {unknown | some [_, _, unknown] in in_plan([{"urn": "u", "name": "u", "custom": true, "type": "aws:iam/rolePolicy:RolePolicy", "operation": "create", "inputs": {"policy": {"Statement": [object.union({"Effect": "Allow"}, statement)]}}}])}

test_grants if {
	every arn in ["sqs:eu-west-1:111111111111:orders", "sqs:eu-west-1:111111111111:*", "lambda:eu-west-1:111111111111:function:acme-*", "s3:::*"] {
		grant({"Action": "sqs:SendMessage", "Resource": concat("", ["arn:aws:", arn])}) == {false}
	}
	every arn in ["sqs:eu-west-1:111111111111:acme-orders", "sns:eu-west-1:111111111111:platform-alerts", "kms:eu-west-1:111111111111:key/a", "ec2:eu-west-1:111111111111:vpc/a"] {
		grant({"Action": "sqs:SendMessage", "Resource": concat("", ["arn:aws:", arn])}) == set()
	}
	grant({"Action": "secretsmanager:GetSecretValue", "Resource": "*"}) == {false}
	grant({"Action": "s3:*", "NotResource": "arn:aws:s3:::platform-a"}) == {false}
	grant({"Action": ["xray:PutTraceSegments", "s3:ListAllMyBuckets"], "Resource": "*"}) == set()
	grant({"Action": "sqs:SendMessage", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/tenant-id": "acme"}}}) == set()
	grant({"Action": "sqs:SendMessage", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/tenant-id": ["acme", "birch"]}}}) == {false}
	grant({"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}) == set()
}

tagged(urn, id, needs) := {"urn": urn, "name": urn, "type": "aws:sqs/queue:Queue", "custom": true, "operation": "same", "inputs": {"tags": {"tenant-id": id}}, "propertyDependencies": {"x": needs}}

plain(urn, needs) := {"urn": urn, "name": urn, "type": "aws:kms/alias:Alias", "custom": true, "operation": "same", "inputs": {}, "dependencies": needs}

walked(resources) := out if {
	out := {f.urn | some f in rule.findings} with input as {"plan": {"resources": resources}, "subject": {"program": ""}}
}

test_dependencies if {
	walked([tagged("a", "acme", ["b"]), tagged("b", "birch", [])]) == {"a"}
	walked([tagged("a", "acme", ["p"]), plain("p", ["q"]), plain("q", ["b"]), tagged("b", "birch", [])]) == {"a"}
	walked([tagged("a", "acme", ["b"]), tagged("b", "acme", []), tagged("c", "birch", [])]) == set()
	walked([tagged("a", "acme", ["s"]), tagged("s", "shared", ["b"]), tagged("b", "birch", [])]) == set()
	walked([tagged("a", "acme", ["gone"]), tagged("b", "birch", [])]) == set()
}

test_documents_that_cannot_be_read if in_plan([{"urn": "u", "name": "u", "custom": true, "type": "aws:iam/policy:Policy", "operation": "create", "inputs": {"policy": unknown}}]) == {["u", "policy", true]}
