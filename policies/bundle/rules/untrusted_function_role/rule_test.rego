package tenantform.rules.untrusted_function_role_test

import data.tenantform.lib.iam
import data.tenantform.rules.untrusted_function_role as rule

role_type := "aws:iam/role:Role"

role(inputs) := {"urn": "role", "type": role_type, "operation": "create", "inputs": object.union({"name": "acme-fn"}, inputs)}

function := {
	"urn": "fn", "type": "aws:lambda/function:Function", "operation": "create", "inputs": {"name": "acme-fn", "role": {"$unknown": true}},
	"propertyDependencies": {"role": ["role"]}, "provider": {"region": "eu-west-1", "account": "222222222222"},
}

policy(statements) := {
	"urn": "policy", "type": "aws:iam/rolePolicy:RolePolicy", "operation": "create",
	"inputs": {"role": "acme-fn", "policy": json.marshal({"Version": "2012-10-17", "Statement": statements})},
}

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {
		"plan": {"resources": resources}, "subject": {"program": "functions"},
	}
}

with_statements(statements) := found([role({}), function, policy(statements)])

deny_all := {"Effect": "Deny", "Action": "*", "Resource": "*"}

unprotected := {["role", "permissionsBoundary", false]}

conditioned(condition) := object.union(deny_all, {"Condition": condition})

arn := "arn:aws:lambda:eu-west-1:222222222222:function:acme-fn"

test_deny_all if {
	with_statements([deny_all]) == set()
	with_statements([{"Effect": "Deny", "Action": ["*:*"], "Resource": ["*"]}]) == set()
	with_statements([deny_all, {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]) == set()
}

test_no_deny if {
	with_statements([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]) == unprotected
	with_statements([]) == unprotected
	found([role({}), function]) == unprotected
	with_statements([{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]) == unprotected
	with_statements([{"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::*"}]) == unprotected
	with_statements([{"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::a"}]) == unprotected
}

test_conditions_that_hold_for_the_code if every condition in [
	{"Null": {"lambda:SourceFunctionArn": "false"}},
	{"Null": {"lambda:SourceFunctionARN": ["false"]}},
	{"Null": {"lambda:SourceFunctionArn": false}},
	{"ArnEquals": {"lambda:SourceFunctionArn": arn}},
	{"ArnLike": {"lambda:SourceFunctionArn": ["arn:aws:lambda:eu-west-1:1:function:x", arn]}},
	{"StringEquals": {"lambda:SourceFunctionArn": [arn]}},
	{"StringEqualsIfExists": {"lambda:SourceFunctionArn": [arn]}},
	{"ArnLike": {"lambda:SourceFunctionArn": "arn:aws:lambda:*:*:function:*"}},
	{"StringLike": {"lambda:SourceFunctionArn": "*"}},
] { with_statements([conditioned(condition)]) == set() }

test_conditions_that_do_not if every condition in [
	{"Null": {"lambda:SourceFunctionArn": "true"}},
	{"Null": {"lambda:SourceFunctionArn": ["false", "true"]}},
	{"Null": {"aws:SourceArn": "false"}},
	{"ArnEquals": {"lambda:SourceFunctionArn": "arn:aws:lambda:eu-west-1:222222222222:function:other"}},
	{"ArnEquals": {"lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:222222222222:function:acme-fn"}},
	{"ArnEquals": {"lambda:SourceFunctionArn": "arn:aws:lambda:eu-west-1:333333333333:function:acme-fn"}},
	{"ArnEquals": {"lambda:SourceFunctionArn": concat(":", [arn, "1"])}},
	{"StringEquals": {"lambda:SourceFunctionArn": "*"}},
	{"StringEquals": {"lambda:SourceFunctionArn": "arn:aws:lambda:*:*:function:*"}},
	{"ArnNotEquals": {"lambda:SourceFunctionArn": arn}},
	{"ForAnyValue:ArnEquals": {"lambda:SourceFunctionArn": arn}},
	{"Null": {"lambda:SourceFunctionArn": "false"}, "Bool": {"aws:SecureTransport": "true"}},
	{"Null": {"lambda:SourceFunctionArn": "false", "aws:SourceVpc": "false"}},
	{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
] { with_statements([conditioned(condition)]) == unprotected }

# What the component TenantFunction makes.
network := ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"]

service := ["logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments"]

exceptions(actions) := {"Effect": "Deny", "NotAction": actions, "Resource": "*"}

no_network := {"Effect": "Deny", "Action": "ec2:*", "Resource": "*", "Condition": {"Null": {"lambda:SourceFunctionArn": "false"}}}

test_exceptions if {
	with_statements([exceptions(service)]) == set()
	with_statements([exceptions(array.concat(service, network)), no_network]) == set()
	with_statements([exceptions(array.concat(service, network))]) == unprotected
	with_statements([exceptions(array.concat(service, ["s3:GetObject"])), no_network]) == unprotected
	with_statements([exceptions(["logs:*"])]) == unprotected
	with_statements([exceptions(["*"])]) == unprotected
	with_statements([exceptions(network), object.union(no_network, {"Action": "ec2:Describe*"})]) == unprotected
	with_statements([exceptions(network), object.union(no_network, {"Action": network})]) == set()
	with_statements([exceptions(network), object.union(no_network, {"Resource": "arn:aws:ec2:::x"})]) == unprotected
}

log(resource) := {"Effect": "Allow", "Action": service, "Resource": resource}

test_logs if {
	own := "arn:aws:logs:eu-west-1:222222222222:log-group:/aws/lambda/acme-fn"
	with_statements([exceptions(service), log(concat("", [own, ":*"]))]) == set()
	with_statements([exceptions(service), log([own])]) == set()
	every resource in ["*", concat("", [own, "*"]), "arn:aws:logs:*:*:*", "arn:aws:logs:eu-west-1:222222222222:log-group:/aws/lambda/other:*", [own, "*"]] {
		with_statements([exceptions(service), log(resource)]) == {["policy", "policy", false]}
	}
	with_statements([deny_all, log("*")]) == set()
}

test_never_allowed if every action in [
	"iam:PassRole", "IAM:Get*", "sts:AssumeRole", "sts:*", "lambda:InvokeFunction", "lambda:invoke*", "lambda:*", "lambda:Inv?keFunction",
	"lambda:InvokeFunctionUrl", "lambda:*Async", "*", "*:*", "?am:PassRole",
] { with_statements([deny_all, {"Effect": "Allow", "Action": ["s3:GetObject", action], "Resource": "arn:aws:x:::y"}]) == {["policy", "policy", false]} }

test_allowed_beside_a_deny if every action in ["lambda:GetFunction", "lambda:Get*", "stsx:A", "iamx:A", "dynamodb:*"] {
	with_statements([deny_all, {"Effect": "Allow", "Action": action, "Resource": "*"}]) == set()
}

test_not_action_allows_the_rest if {
	with_statements([deny_all, {"Effect": "Allow", "NotAction": ["iam:*", "sts:*", "lambda:*"], "Resource": "*"}]) == {["policy", "policy", false]}
}

test_boundary if {
	bounded("arn:aws:iam::222222222222:policy/tenant-code") == set()
	bounded("arn:aws:iam::aws:policy/AdministratorAccess") == unprotected
	bounded("") == unprotected
	bounded({"$unknown": true}) == {["role", "permissionsBoundary", true]}
}

bounded(boundary) := found([role({"permissionsBoundary": boundary}), function, policy([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}])])

test_boundary_of_the_plan if {
	of_plan(`{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`) == set()
	of_plan(`{"Statement": {"Effect": "Allow", "Action": ["sts:*"], "Resource": "*"}}`) == {["boundary", "policy", false]}
	of_plan("{") == unknown_boundary
	of_plan({"$unknown": true}) == unknown_boundary
}

unknown_boundary := {["role", "permissionsBoundary", true]}

of_plan(document) := found([
	object.union(role({"permissionsBoundary": {"$unknown": true}}), {"propertyDependencies": {"permissionsBoundary": ["boundary"]}}),
	{"urn": "boundary", "type": "aws:iam/policy:Policy", "operation": "create", "inputs": {"policy": document}},
	function,
	policy([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]),
])

test_unknown_document if {
	unknown := object.union(policy([]), {"inputs": {"role": "acme-fn", "policy": {"$unknown": true}}})
	found([role({}), function, policy([deny_all]), object.union(unknown, {"urn": "second"})]) == {["second", "policy", true]}
	found([role({}), function, policy([deny_all]), object.union(unknown, {"urn": "second", "inputs": {"policy": "{"}})]) == {["second", "policy", false]}
}

test_role_that_is_not_in_the_plan if {
	found([object.remove(function, ["propertyDependencies"])]) == {["fn", "role", true]}
	elsewhere := object.union(function, {"propertyDependencies": {"role": []}, "inputs": {"role": "arn:aws:iam::222222222222:role/other"}})
	found([elsewhere]) == {["fn", "role", true]}
	named := object.union(function, {"propertyDependencies": {"role": []}, "inputs": {"role": "arn:aws:iam::222222222222:role/acme-fn"}})
	found([role({}), named, policy([deny_all])]) == set()
}

attachment(inputs, from) := {
	"urn": "attachment", "type": "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "operation": "create",
	"inputs": object.union({"role": "acme-fn"}, inputs), "propertyDependencies": from,
}

test_attached_policies if {
	base := [role({}), function, policy([deny_all])]
	managed := "arn:aws:iam::aws:policy/AdministratorAccess"
	found(array.concat(base, [attachment({"policyArn": managed}, {})])) == {["attachment", "policyArn", false]}
	found(array.concat(base, [attachment({"policyArn": {"$unknown": true}}, {})])) == {["attachment", "policyArn", true]}
	found([role({"managedPolicyArns": [managed]}), function, policy([deny_all])]) == {["role", "managedPolicyArns", false]}
	vpc := "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
	found(array.concat(base, [attachment({"policyArn": vpc}, {})])) == set()
	found([role({}), function, policy([exceptions(service)]), attachment({"policyArn": vpc}, {})]) == {["attachment", "policyArn", false]}
	of_plan_policy := {
		"urn": "managed", "type": "aws:iam/policy:Policy", "operation": "create",
		"inputs": {"policy": `{"Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}}`},
	}
	found(array.concat(base, [of_plan_policy, attachment({"policyArn": {"$unknown": true}}, {"policyArn": ["managed"]})])) == {["managed", "policy", false]}
	grouped := {
		"urn": "grouped", "type": "aws:iam/policyAttachment:PolicyAttachment", "operation": "create",
		"inputs": {"roles": ["acme-fn"], "policyArn": managed},
	}
	found(array.concat(base, [grouped])) == {["grouped", "policyArn", false]}
}

# What names the role in each type that attaches policies to roles.
attaching := {
	"aws:iam/policyAttachment:PolicyAttachment": {"roles": ["acme-fn"]},
	"aws:iam/role:Role": {"name": "acme-fn"},
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment": {"role": "acme-fn"},
	"aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": {"roleName": "acme-fn"},
}

of_others := {
	"aws:iam/groupPolicyAttachment:GroupPolicyAttachment", "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive",
	"aws:iam/userPolicyAttachment:UserPolicyAttachment", "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive",
}

# What is found where a type attaches policies beside the role that denies everything.
attached_by(type, value, from) := found(array.concat(
	[x | some x in [role({}), function, policy([deny_all]), powerful, harmless]; x.urn != urn_of(type)],
	[{
		"urn": urn_of(type), "type": type, "operation": "create",
		"inputs": object.union(attaching[type], {iam.attachments[type]: value}), "propertyDependencies": {iam.attachments[type]: from},
	}],
))

urn_of(type) := "role" if type == role_type

urn_of(type) := "attachment" if type != role_type

powerful := {
	"urn": "powerful", "type": "aws:iam/policy:Policy", "operation": "create",
	"inputs": {"name": "acme-powerful", "policy": `{"Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}}`},
}

harmless := {
	"urn": "harmless", "type": "aws:iam/policy:Policy", "operation": "create", "id": "arn:aws:iam::222222222222:policy/acme-harmless",
	"inputs": {"name": "acme-harmless", "policy": `{"Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}}`},
}

test_every_type_of_attachment if {
	object.keys(attaching) | of_others == object.keys(iam.attachments)
	managed := "arn:aws:iam::aws:policy/AdministratorAccess"
	every type, _ in attaching {
		property := iam.attachments[type]
		attached_by(type, managed, []) == {[urn_of(type), property, false]}
		attached_by(type, {"$unknown": true}, []) == {[urn_of(type), property, true]}
		attached_by(type, {"$unknown": true}, ["powerful"]) == {["powerful", "policy", false]}
		attached_by(type, {"$unknown": true}, ["harmless"]) == set()
	}
}

test_lists_of_policies if {
	every type in ["aws:iam/role:Role", "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"] {
		refused := {[urn_of(type), iam.attachments[type], false]}
		vague := {[urn_of(type), iam.attachments[type], true]}
		hidden := {"$unknown": true}
		attached_by(type, [hidden], ["harmless"]) == set()
		attached_by(type, [hidden, hidden], ["harmless"]) == vague
		attached_by(type, [hidden, hidden], ["harmless", "powerful"]) == {["powerful", "policy", false]}
		attached_by(type, [hidden, "arn:aws:iam::aws:policy/AdministratorAccess"], ["harmless"]) == refused
		attached_by(type, [hidden, "arn:aws:iam::222222222222:policy/acme-harmless"], ["harmless"]) == set()
		attached_by(type, ["arn:aws:iam::222222222222:policy/acme-powerful", hidden], ["powerful"]) == {["powerful", "policy", false]}
		attached_by(type, ["arn:aws:iam::222222222222:policy/x/acme-powerful", hidden], ["powerful"]) == refused | {["powerful", "policy", false]}
	}
}

test_which_code_is_untrusted if {
	open := [role({}), function]
	of("tenant", open) == set()
	of("functions", open) == unprotected
	below := {"urn": "a::b::tenantform:tenantfunction:TenantFunction$aws:lambda/function:Function::fn"}
	of("", [role({}), object.union(function, below)]) == unprotected
	component := {"urn": "tf", "type": "tenantform:tenantfunction:TenantFunction", "operation": "create", "custom": false}
	middle := {"urn": "middle", "type": "x:y:Z", "operation": "create", "custom": false, "parent": "tf"}
	of("", [component, middle, role({}), object.union(function, {"parent": "middle"})]) == unprotected
	of("", [component, middle, role({}), function]) == set()
	of("", [component, middle, object.union(role({}), {"parent": "middle"})]) == unprotected
}

of(program, resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {
		"plan": {"resources": resources}, "subject": {"program": program},
	}
}
