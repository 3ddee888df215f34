package tenantform.rules.iam_no_administrator_policy_test

import data.tenantform.rules.iam_no_administrator_policy as rule

found(resources) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

attached(type, property, value, from) := {
	"urn": "a", "type": type, "operation": "update",
	"inputs": {property: value}, "propertyDependencies": {property: from},
}

own := {"urn": "p", "type": "aws:iam/policy:Policy", "operation": "create", "inputs": {}}

unknown := {"$unknown": true}

theirs := "arn:aws:iam::aws:policy/AdministratorAccess"

role_attachment := "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

# One ARN, or a list of them, as a property wants it.
form(property, arn) := {true: arn, false: [arn]}[property == "policyArn"]

misform(property, arn) := {true: [arn], false: arn}[property == "policyArn"]

test_every_type if {
	every pair in [
		[role_attachment, "policyArn"],
		["aws:iam/userPolicyAttachment:UserPolicyAttachment", "policyArn"],
		["aws:iam/groupPolicyAttachment:GroupPolicyAttachment", "policyArn"],
		["aws:iam/policyAttachment:PolicyAttachment", "policyArn"],
		["aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive", "policyArns"],
		["aws:iam/role:Role", "managedPolicyArns"],
	] {
		found([attached(pair[0], pair[1], theirs, [])]) == {[pair[1], false]}
		found([attached(pair[0], pair[1], ["arn:aws:iam::111111111111:policy/own", theirs], [])]) == {[pair[1], false]}
		found([attached(pair[0], pair[1], form(pair[1], "arn:aws:iam::111111111111:policy/own"), [])]) == set()
		found([attached(pair[0], pair[1], misform(pair[1], "arn:aws:iam::111111111111:policy/own"), [])]) == {[pair[1], false]}
		found([attached(pair[0], pair[1], unknown, [])]) == {[pair[1], true]}
		found([attached(pair[0], pair[1], {"$secret": true}, [])]) == {[pair[1], true]}
		found([attached(pair[0], pair[1], 7, [])]) == {[pair[1], false]}
	}
}

test_partitions if {
	found([attached(role_attachment, "policyArn", "arn:aws-cn:iam::aws:policy/AdministratorAccess", [])]) == {["policyArn", false]}
	found([attached(role_attachment, "policyArn", "arn:aws:iam::aws:policy/job-function/AdministratorAccess", [])]) == {["policyArn", false]}
}

test_own_of_the_plan if {
	found([own, attached(role_attachment, "policyArn", unknown, ["p"])]) == set()
	found([attached(role_attachment, "policyArn", unknown, ["p"])]) == {["policyArn", true]}
	found([own, attached(role_attachment, "policyArn", theirs, ["p"])]) == {["policyArn", false]}
}

test_no_policy if {
	found([attached("aws:iam/role:Role", "managedPolicyArns", null, [])]) == set()
	found([attached("aws:iam/role:Role", "managedPolicyArns", [], [])]) == set()
	found([{"urn": "a", "type": role_attachment, "operation": "delete", "oldInputs": {"policyArn": theirs}}]) == set()
}

test_which if {
	found([attached(role_attachment, "policyArn", "arn:aws:iam::aws:policy/IAMFullAccess", [])]) == {["policyArn", false]}
	found([attached(role_attachment, "policyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess", [])]) == set()
	found([attached(role_attachment, "policyArn", "arn:aws:iam::aws:policy/NoAdministratorAccess", [])]) == set()
}

test_permission_sets if {
	type := "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment"
	found([attached(type, "managedPolicyArn", theirs, [])]) == {["managedPolicyArn", false]}
	found([attached(type, "managedPolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess", [])]) == set()
	found([attached(type, "managedPolicyArn", unknown, [])]) == {["managedPolicyArn", true]}
	found([attached(type, "managedPolicyArn", null, [])]) == {["managedPolicyArn", false]}
}
