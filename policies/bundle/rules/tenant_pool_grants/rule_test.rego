package tenantform.rules.tenant_pool_grants_test

import data.tenantform.rules.tenant_pool_grants as rule

unknown := {"$unknown": true}

decided(program, tenant, resources) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}, "subject": {"program": program, "tenantId": tenant}}
}

shared(type, property, statement) := decided("pool", "", [{"urn": "u", "type": type, "operation": "create", "inputs": {property: {"Statement": [object.union({"Effect": "Allow", "Action": "a:b"}, statement)]}}}])

role_policy(statement) := shared("aws:iam/rolePolicy:RolePolicy", "policy", statement)

refused := {["policy", false]}

test_conditions if {
	every key in ["dynamodb:LeadingKeys", "aws:ResourceTag/tenant-id", "aws:PrincipalTag/TenantID"] {
		role_policy({"Resource": "*", "Condition": {"StringEquals": {key: "acme"}}}) == refused
		role_policy({"Resource": "*", "Condition": {"StringEquals": {key: "${aws:PrincipalTag/TenantID}"}}}) == set()
		role_policy({"Resource": "*", "Condition": {"StringEquals": {key: ["shared", unknown, 1, ""]}}}) == set()
		role_policy({"Resource": "*", "Condition": {"Null": {key: "false"}}}) == set()
	}
	role_policy({"Resource": "*", "Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/acme-pool-a-data"}}}) == refused
	every condition in [{"ArnEquals": 1}, {"ArnEquals": {"aws:PrincipalArn": unknown}}, unknown] { role_policy({"Resource": "*", "Condition": condition}) == set() }
}

test_names if {
	role_policy({"Resource": "arn:aws:sqs:eu-west-1:111111111111:birch-silo-worker"}) == refused
	role_policy({"Resource": "arn:aws:sqs:eu-west-1:111111111111:platform-events"}) == set()
	role_policy({"Effect": "Deny", "Resource": "arn:aws:sqs:eu-west-1:111111111111:birch-silo-worker"}) == set()
	principal := {"Principal": {"AWS": "arn:aws:iam::111111111111:role/acme-pool-a-data"}, "Resource": "*"}
	shared("aws:kms/key:Key", "policy", principal) == refused
	shared("aws:dynamodb/resourcePolicy:ResourcePolicy", "policy", principal) == refused
	shared("aws:iam/role:Role", "assumeRolePolicy", {"Principal": {"AWS": "arn:aws:iam::111111111111:role/acme-silo-worker"}}) == {["assumeRolePolicy", false]}
	decided("tenant", "acme", [{"urn": "u", "type": "aws:iam/role:Role", "operation": "create", "inputs": {"assumeRolePolicy": {"Statement": [object.union({"Effect": "Allow", "Action": "a:b"}, {"Principal": {"AWS": "arn:aws:iam::111111111111:role/acme-silo-worker"}})]}}}]) == set()
}

test_groups_and_grants if {
	group := {"urn": "g", "type": "aws:cognito/userGroup:UserGroup", "operation": "create", "inputs": {"name": "acme"}}
	decided("pool", "", [group]) == {["name", false]}
	decided("pool", "", [object.union(group, {"inputs": {"name": "platform-staff"}})]) == set()
	decided("pool", "", [object.union(group, {"inputs": {"name": unknown}})]) == {["name", true]}
	decided("tenant", "acme", [group]) == set()
	grant := {"urn": "g", "type": "aws:kms/grant:Grant", "operation": "create", "inputs": {"granteePrincipal": "arn:aws:iam::111111111111:role/acme-silo"}}
	decided("pool", "", [grant]) == {["granteePrincipal", false]}
	every v in [1, ["arn:aws:iam::111111111111:role/platform"], {}] { decided("pool", "", [object.union(grant, {"inputs": {"granteePrincipal": v}})]) == {["granteePrincipal", false]} }
}

granted(tags, from) := decided("pool", "", [
	{"urn": "g", "type": "aws:kms/grant:Grant", "operation": "create", "inputs": {"granteePrincipal": unknown}, "propertyDependencies": {"granteePrincipal": from}},
	{"urn": "role", "type": "aws:sqs/queue:Queue", "operation": "create", "inputs": {"tags": tags}},
])

test_unknown_grantee if {
	every tags in [{}, {"tenant-id": "shared"}] { granted(tags, ["role"]) == set() }
	granted({"tenant-id": "acme"}, ["role"]) == {["granteePrincipal", true]}
	every from in [[], ["gone"], ["role", "gone"]] { granted({}, from) == {["granteePrincipal", true]} }
}

test_unread if {
	every v in [unknown, {"$secret": true}] {
		decided("pool", "", [{"urn": "p", "type": "aws:dynamodb/resourcePolicy:ResourcePolicy", "operation": "create", "inputs": {"policy": v}}]) == {["policy", true]}
	}
	every v in ["", "x", 1, [], null] {
		decided("pool", "", [{"urn": "p", "type": "aws:dynamodb/resourcePolicy:ResourcePolicy", "operation": "create", "inputs": {"policy": v}}]) == {["policy", false]}
	}
}

set_on(value, from) := decided("tenant", "acme", [
	{"urn": "u", "type": "aws:sqs/queuePolicy:QueuePolicy", "custom": true, "operation": "create", "inputs": {"queueUrl": value}, "propertyDependencies": {"queueUrl": from}},
	{"urn": "mine", "type": "aws:sqs/queue:Queue", "custom": true, "operation": "create", "inputs": {"tags": {"tenant-id": "acme"}}},
	{"urn": "theirs", "type": "aws:sqs/queue:Queue", "custom": true, "operation": "create", "inputs": {"tags": {"tenant-id": "shared"}}},
	{"urn": "ref", "type": "pulumi:pulumi:StackReference", "custom": false, "operation": "same"},
])

test_setters if {
	set_on(unknown, ["mine"]) == set()
	every from in [["theirs"], ["ref"], ["gone"], []] { set_on(unknown, from) == {["queueUrl", true]} }
	set_on("https://sqs.eu-west-1.amazonaws.com/111111111111/acme-silo-worker", []) == set()
	set_on("https://sqs.eu-west-1.amazonaws.com/111111111111/platform-events", []) == {["queueUrl", false]}
	set_on("arn:aws:sqs:eu-west-1:111111111111:acme-silo-worker", []) == set()
	every value in [null, "", 1, "birch-x", "arn:aws:sqs:eu-west-1:111111111111:pool-a"] { set_on(value, []) == {["queueUrl", false]} }
}
