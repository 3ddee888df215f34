package tenantform.rules.iam_no_decrypt_on_all_keys_test

import data.tenantform.rules.iam_no_decrypt_on_all_keys as rule

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

test_keys if {
	every resource in ["*", "arn:aws:kms:*:111111111111:key/*", "arn:aws:kms:eu-west-1:111111111111:key/*", "arn:aws:kms:eu-west-1:111111111111:*"] {
		of([allow("kms:Decrypt", resource)]) == {false}
	}
	every resource in ["arn:aws:kms:eu-west-1:111111111111:key/1234", ["arn:aws:kms:eu-west-1:111111111111:alias/acme"]] { of([allow("kms:Decrypt", resource)]) == set() }
}

test_actions if {
	every action in ["kms:Decrypt", "kms:ReEncrypt*", "kms:*", "*", "kms:De*"] { of([allow(action, "*")]) == {false} }
	every action in ["kms:Encrypt", "kms:DescribeKey", "s3:*"] { of([allow(action, "*")]) == set() }
	of([{"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}]) == set()
	of([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}]) == {false}
	of([{"Effect": "Allow", "NotAction": "kms:*", "Resource": "*"}]) == set()
}

test_conditions if {
	decrypt := allow("kms:Decrypt", "*")
	of([under(decrypt, {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}})]) == {false}
	of([under(decrypt, {"StringEquals": {"kms:CallerAccount": "111111111111"}})]) == {false}
	of([under(decrypt, {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/acme"}})]) == set()
	of([under(decrypt, {"StringEquals": {"aws:ResourceTag/tenant-id": unknown}})]) == {true}
}

test_unknown if {
	of([allow("kms:Decrypt", unknown)]) == {true}
	of([allow("kms:Encrypt", unknown)]) == set()
	of([allow(unknown, "*")]) == {true}
	of([allow(unknown, "arn:aws:s3:::a/*")]) == set()
}

policy := "aws:iam/policy:Policy"

boundary := {"urn": "p", "type": policy, "operation": "same", "inputs": {"name": "b", "policy": {"Statement": [allow("kms:Decrypt", "*")]}}}

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
