package tenantform.rules.tenant_session_tag_test

import data.tenantform.rules.tenant_session_tag as rule

unknown := {"$unknown": true}

role(statement) := {"urn": "role", "type": "aws:iam/role:Role", "operation": "create", "inputs": {"name": "r", "assumeRolePolicy": {"Statement": [object.union(
	{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"]},
	object.union({p: "*" | some p in {"Principal"} - object.keys(statement)}, statement),
)]}}}

decided(program, tenant, resources) := out if {
	out := {[f.urn, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}, "subject": {"program": program, "tenantId": tenant}}
}

trust(statement) := decided("tenant", "acme", [role(statement)])

with_tag(operator, value) := trust({"Condition": {operator: {"aws:requesttag/TenantID": value}}})

test_tenant if {
	with_tag("StringEquals", "acme") == set()
	with_tag("stringequals", ["acme"]) == set()
	trust({}) == {["role", false]}
	every value in ["birch", "acme*", ["acme", "birch"], [], null, 1] { with_tag("StringEquals", value) == {["role", false]} }
	every operator in ["StringLike", "StringEqualsIfExists", "ForAllValues:StringEquals", "StringNotEquals", "Null"] { with_tag(operator, "acme") == {["role", false]} }
	with_tag("StringEquals", unknown) == {["role", true]}
	trust({"Condition": unknown}) == {["role", true]}
}

test_who_assumes if {
	trust({"Principal": {"Service": "lambda.amazonaws.com"}}) == set()
	trust({"Principal": {"Service": "lambda.amazonaws.com", "AWS": "111111111111"}}) == {["role", false]}
	every principal in ["*", {"Federated": "x"}, unknown, {"AWS": unknown}] { trust({"Principal": principal}) == {["role", false]} }
	trust({"Effect": "Deny"}) == set()
	every action in ["sts:*", "*", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"] { trust({"Action": action}) == {["role", false]} }
	trust({"Action": "sts:SetSourceIdentity"}) == set()
}

test_unreadable if {
	decided("tenant", "acme", [object.union(role({}), {"inputs": {"assumeRolePolicy": unknown}})]) == {["role", true]}
	decided("tenant", "acme", [object.union(role({}), {"inputs": {"assumeRolePolicy": "{"}})]) == {["role", false]}
	decided("", "", [role({})]) == set()
}

tags := {"Condition": {"Null": {"aws:RequestTag/TenantID": "false"}}}

policy(statement) := {"urn": "policy", "type": "aws:iam/rolePolicy:RolePolicy", "operation": "create", "inputs": {"role": "r", "policy": {"Statement": [object.union({"Effect": "Allow"}, statement)]}}}

shared(statement) := decided("platform", "", [role(tags), policy(statement)])

items := {"Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:eu-west-1:111111111111:table/pool-a-data"}

functions := {"Action": "lambda:InvokeFunction", "Resource": "arn:aws:lambda:eu-west-1:222222222222:function:*"}

variable := "${aws:PrincipalTag/TenantID}"

test_shared_grants if {
	shared(items) == {["policy", false]}
	shared(functions) == {["policy", false]}
	shared({"Action": "*", "Resource": "*"}) == {["policy", false]}
	shared(object.union(functions, {"Condition": {"StringEquals": {"aws:ResourceTag/tenant-id": variable}}})) == set()
	shared(object.union(functions, {"Condition": {"StringEquals": {"aws:ResourceTag/tenant-id": "acme"}}})) == {["policy", false]}
	shared(object.union(functions, {"Condition": {"StringEqualsIfExists": {"aws:ResourceTag/tenant-id": variable}}})) == {["policy", false]}
	shared(object.union(items, {"Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": variable}, "Null": {"dynamodb:LeadingKeys": "false"}}})) == set()
	shared(object.union(items, {"Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": variable}}})) == {["policy", false]}
	shared(object.union(items, {"Condition": {"StringEquals": {"x": unknown}}})) == {["policy", true]}
	shared({"Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:eu-west-1:111111111111:table/${aws:PrincipalTag/TenantID}-data"}) == set()
	every statement in [
		{"Action": "s3:GetObject", "Resource": "*"}, {"Action": "dynamodb:DescribeTable", "Resource": items.Resource},
		{"Action": "lambda:InvokeFunction", "Resource": "arn:aws:lambda:eu-west-1:111111111111:function:platform-*"},
		{"Action": "lambda:InvokeFunction", "Resource": "arn:aws:lambda:eu-west-1:111111111111:function:x"},
	] { shared(statement) == set() }
}

test_shared_trust if {
	grant := object.union(functions, {"Condition": {"StringEquals": {"aws:ResourceTag/tenant-id": variable}}})
	decided("platform", "", [role({}), policy(grant)]) == {["role", false]}
	decided("platform", "", [role({"Condition": {"Null": {"aws:RequestTag/TenantID": "true"}}}), policy(grant)]) == {["role", false]}
	decided("platform", "", [role({})]) == set()
	managed := {"urn": "managed", "type": "aws:iam/policy:Policy", "operation": "create", "inputs": {"policy": {"Statement": [object.union({"Effect": "Allow"}, grant)]}}}
	attachment := {"urn": "a", "type": "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "operation": "create", "inputs": {}, "propertyDependencies": {"role": ["role"], "policyArn": ["managed"]}}
	decided("platform", "", [role({}), managed, attachment]) == {["role", false]}
}

test_partly_unknown if {
	every statement in [
		{"Action": "dynamodb:GetItem", "Resource": unknown}, {"Action": "lambda:InvokeFunction", "Resource": [unknown]},
		{"Action": unknown, "Resource": unknown}, {"Action": unknown, "Resource": items.Resource}, {"Action": [unknown], "Resource": "*"},
		{"Action": unknown, "Resource": functions.Resource},
	] {
		shared(statement) == {["policy", true]}
		shared(object.union(statement, {"Condition": {"StringEquals": {"aws:ResourceTag/tenant-id": variable}}})) == set()
	}
	every statement in [{"Action": "s3:GetObject", "Resource": unknown}, {"Action": unknown, "Resource": "arn:aws:s3:::platform-logs/*"}] { shared(statement) == set() }
	shared({"Effect": "Deny", "Action": "dynamodb:GetItem", "Resource": unknown}) == set()
}

written(value) := decided("platform", "", [role(tags), {"urn": "policy", "type": "aws:iam/rolePolicy:RolePolicy", "operation": "create", "inputs": {"role": "r", "policy": value}}])

test_unread_grants if {
	written(unknown) == {["policy", true]}
	every value in ["{", 1, [], null] { written(value) == {["policy", false]} }
}
