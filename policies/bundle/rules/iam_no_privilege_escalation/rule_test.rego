package tenantform.rules.iam_no_privilege_escalation_test

import data.tenantform.rules.iam_no_privilege_escalation as rule

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

role := "arn:aws:iam::111111111111:role/acme-worker"

test_alone if {
	every action in ["iam:CreatePolicyVersion", "iam:PutRolePolicy", "iam:Put*", "iam:*", "*", "lambda:UpdateFunctionCode"] { of([allow(action, "*")]) == {false} }
	of([allow("iam:PutRolePolicy", "arn:aws:iam::111111111111:role/*")]) == {false}
	of([allow("iam:PutRolePolicy", role)]) == set()
	of([allow("iam:PutRolePolicy", "arn:aws:iam::111111111111:role/acme/*")]) == set()
	every action in ["iam:GetRole", "iam:PassRole", "lambda:CreateFunction", "lambda:Invoke*"] { of([allow(action, "*")]) == set() }
	of([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}]) == {false}
}

test_together if {
	of([allow(["iam:PassRole", "ec2:RunInstances"], "*")]) == {false}
	of([allow("iam:PassRole", "*"), allow(["lambda:CreateFunction", "lambda:InvokeFunction"], "arn:aws:lambda:eu-west-1:111111111111:function:acme-x")]) == {false}
	of([allow("iam:PassRole", role), allow(["lambda:CreateFunction", "lambda:InvokeFunction"], "*")]) == set()
	of([allow(["iam:PassRole", "lambda:CreateFunction"], "*")]) == set()
	of([allow(["ec2:ModifyInstanceAttribute", "ec2:StopInstances"], "*")]) == set()
	of([allow(["ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"], "*")]) == {false}
}

test_one_finding_a_set if {
	found := rule.findings with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:iam/rolePolicy:RolePolicy", "operation": "create",
		"inputs": {"policy": {"Statement": [allow(["iam:PassRole", "ec2:RunInstances"], "*")]}},
	}]}}
	{f.value | some f in found} == {["iam:passrole", "ec2:runinstances"]}
}

part(name, action) := {"urn": name, "type": "aws:iam/rolePolicy:RolePolicy", "operation": "create", "inputs": {"policy": {"Statement": [allow(action, "*")]}}}

test_documents_do_not_mix if {
	among([part("a", "iam:PassRole"), part("b", "ec2:RunInstances")]) == set()
}

test_conditions if {
	start := allow("ec2:RunInstances", "*")
	pass := allow("iam:PassRole", "*")
	of([start, under(pass, {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}})]) == {false}
	of([start, under(pass, {"StringEquals": {"aws:ResourceTag/tenant-id": "acme"}})]) == set()
	of([under(allow("iam:PutRolePolicy", "*"), {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111111111111:policy/b"}})]) == set()
	of([under(allow("iam:PutRolePolicy", "*"), {"StringEquals": {"iam:PermissionsBoundary": unknown}})]) == {true}
}

test_deny if {
	of([allow("*", "*"), {"Effect": "Deny", "Action": "*", "Resource": "*"}]) == set()
	of([allow("iam:PutRolePolicy", "*"), {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]) == set()
	of([allow("iam:PutRolePolicy", "*"), {"Effect": "Deny", "Action": "iam:*", "Resource": role}]) == {false}
}

test_unknown if {
	of([allow("iam:PutRolePolicy", unknown)]) == {true}
	of([allow("iam:PutRolePolicy", [unknown, "*"])]) == {false}
	of([allow(["iam:PassRole", "ec2:RunInstances"], unknown)]) == {true}
	of([allow("s3:GetObject", unknown)]) == set()
	of([allow(unknown, "*")]) == {true}
	of([allow(unknown, role)]) == set()
}

policy := "aws:iam/policy:Policy"

boundary := {"urn": "p", "type": policy, "operation": "same", "inputs": {"name": "b", "policy": {"Statement": [allow("iam:PutRolePolicy", "*")]}}}

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
