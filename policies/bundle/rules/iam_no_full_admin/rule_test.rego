package tenantform.rules.iam_no_full_admin_test

import data.tenantform.rules.iam_no_full_admin as rule

found(statement) := out if {
	out := rule.findings with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:iam/rolePolicy:RolePolicy", "operation": "create",
		"inputs": {"policy": json.marshal({"Version": "2012-10-17", "Statement": statement})},
	}]}}
}

found_value(type, inputs) := out if {
	out := rule.findings with input as {"plan": {"resources": [{
		"urn": "u", "type": type, "operation": "update", "inputs": inputs,
	}]}}
}

refused := [
	{"Effect": "Allow", "Action": "*", "Resource": "*"},
	{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]},
	{"Effect": "Allow", "Action": ["s3:GetObject", "*:*"], "Resource": ["arn:aws:s3:::a", "*"]},
	{"Effect": "Allow", "Action": "**", "Resource": "**"},
	{"Effect": "Allow", "Action": "*:**", "Resource": "*"},
	{"Effect": "Allow", "Action": "s3*:*", "Resource": "*"},
	{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:*"},
	{"Effect": "Allow", "Action": "*", "Resource": "arn:*"},
	{"Effect": "Allow", "Action": "*", "Resource": "arn:*:*:*:*:*"},
	{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:*:eu-west-1:111111111111:*"},
	{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::a"},
	{"Effect": "Allow", "Action": "*"},
	{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
	{"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "NotResource": "arn:aws:s3:::a"},
	{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
]

test_refuses[i] if {
	some i, statement in refused
	[f] := [f | some f in found([statement])]
	f.unknown == false
	f.property == "policy"
}

test_refuses_all_forms if every statement in refused { count(found(statement)) == 1 }

allowed := [
	{"Effect": "Deny", "Action": "*", "Resource": "*"},
	{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::a/*"},
	{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
	{"Effect": "Allow", "Action": "dynamodb:GetItem", "NotResource": "arn:aws:s3:::a"},
	{"Effect": "Allow", "NotAction": "*", "Resource": "*"},
	{"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::a/*"},
	{"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:*"], "Resource": "arn:aws:dynamodb:*:111111111111:table/a"},
	{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::*"},
]

test_allows if every statement in allowed { count(found([statement])) == 0 }

test_second_of_two if count(found([allowed[0], refused[0]])) == 1

unreadable := [
	"", "{", "[]", "null", `"*"`, "{}", "not json",
	`{"Statement": "a"}`,
	`{"Statement": [], "statement": []}`,
	`{"Version": "2030-01-01", "Statement": []}`,
	`{"Statement": [{"Effect": "allow", "Action": "a:b", "Resource": "*"}]}`,
	`{"Statement": [{"Action": "a:b", "Resource": "*"}]}`,
	`{"Statement": [{"Effect": "Allow", "Resource": "*"}]}`,
	`{"Statement": [{"Effect": "Allow", "action": "*", "Resource": "*"}]}`,
	`{"Statement": [{"Effect": "Allow", "Action": "a:b", "action": "*", "Resource": "*"}]}`,
	`{"Statement": [{"Effect": "Allow", "Action": "a:b", "NotAction": "c:d", "Resource": "*"}]}`,
	`{"Statement": [{"Effect": "Allow", "Action": [], "Resource": "*"}]}`,
	`{"Statement": [{"Effect": "Allow", "Action": [1], "Resource": "*"}]}`,
	`{"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": {"a": "*"}}]}`,
	`{"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": "x"}]}`,
	`{"Statement": [{"Effect": "Allow", "Action": "${x}", "Resource": "*"}]}`,
	`{"Statement": [{"Effect": "Deny", "Effect": "Allow", "Action": "a:b", "Resource": "*"}]}`,
	`{"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "arn:x:\"y\":", "Act\u0069on": "*"}]}`,
	`{"Statement": []} {"Statement": []}`,
]

test_unreadable if every text in unreadable { refused_as(text, "no policy document") }

refused_as(text, message) if {
	[f] := [f | some f in found_value("aws:iam/policy:Policy", {"policy": text})]
	contains(f.message, message)
	f.unknown == false
}

test_missing_document if count(found_value("aws:iam/policy:Policy", {})) == 1

test_text_with_colons if count(found([{"Sid": "a\":b", "Effect": "Deny", "Action": "*", "Resource": "\":\""}])) == 0

unknown := {"$unknown": true}

test_unknown_document if {
	[f] := [f | some f in found_value("aws:iam/userPolicy:UserPolicy", {"policy": unknown})]
	f.unknown == true
}

test_secret_document if {
	[f] := [f | some f in found_value("aws:iam/groupPolicy:GroupPolicy", {"policy": {"$secret": true}})]
	f.unknown == true
}

partly(statement) := {f.unknown | some f in found_value("aws:iam/policy:Policy", {"policy": {"Statement": [statement]}})}

test_object_document if {
	partly({"Effect": "Allow", "Action": "*", "Resource": "*"}) == {false}
	partly({"Effect": "Allow", "Action": "s3:GetObject", "Resource": unknown}) == set()
	partly({"Effect": "Allow", "Action": "*", "Resource": unknown}) == {true}
	partly({"Effect": "Allow", "Action": ["s3:GetObject", unknown], "Resource": "*"}) == {true}
	partly({"Effect": "Allow", "Action": unknown, "Resource": "arn:aws:s3:::a"}) == set()
	partly({"Effect": "Deny", "Action": unknown, "Resource": unknown}) == set()
	partly({"Effect": unknown, "Action": "*", "Resource": "*"}) == {false}
	partly(unknown) == {false}
}

test_statement_list_unknown if {
	{f.unknown | some f in found_value("aws:iam/policy:Policy", {"policy": {"Statement": unknown}})} == {true}
}

test_inline_policies if {
	admin := json.marshal({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
	[f] := [f | some f in found_value("aws:iam/role:Role", {"inlinePolicies": [{}, {"name": "a", "policy": admin}]})]
	f.property == "inlinePolicies[1].policy"
	{f.unknown | some f in found_value("aws:iam/role:Role", {"inlinePolicies": unknown})} == {true}
	{f.unknown | some f in found_value("aws:iam/role:Role", {"inlinePolicies": [unknown]})} == {true}
	{f.unknown | some f in found_value("aws:iam/role:Role", {"inlinePolicies": [{"policy": unknown}]})} == {true}
	{f.unknown | some f in found_value("aws:iam/role:Role", {"inlinePolicies": [{"name": "a"}]})} == {false}
	{f.unknown | some f in found_value("aws:iam/role:Role", {"inlinePolicies": "x"})} == {false}
	found_value("aws:iam/role:Role", {"assumeRolePolicy": "x"}) == set()
}

test_deleted_is_not_looked_at if {
	count(rule.findings) == 0 with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:iam/policy:Policy", "operation": "delete", "oldInputs": {"policy": "{"},
	}]}}
}
