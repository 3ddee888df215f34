package tenantform.rules.untrusted_function_invoker_test

import data.tenantform.rules.untrusted_function_invoker as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

function := {"urn": "fn", "type": "aws:lambda/function:Function", "operation": "create", "inputs": {"name": "acme-a"}}

api(tenant) := {"urn": "api", "type": "aws:apigateway/restApi:RestApi", "operation": "create", "inputs": {"tags": {"tenant-id": tenant}}}

permission(inputs, from) := {
	"urn": "p", "type": "aws:lambda/permission:Permission", "operation": "create", "propertyDependencies": from,
	"inputs": object.union({"function": "acme-a", "action": "lambda:InvokeFunction", "principal": "arn:aws:iam::222222222222:role/platform-eu-west-1-invoker"}, inputs),
	"provider": {"account": "222222222222", "region": "eu-west-1"},
}

in_program(program, resources) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}, "subject": {"program": program, "tenantId": "acme"}}
}

found(inputs) := in_program("functions", [function, permission(inputs, {})])

test_invoker if {
	found({}) == set()
	found({"qualifier": "live"}) == set()
	every principal in [
		"*", "222222222222", "arn:aws:iam::222222222222:root", "arn:aws:iam::111111111111:role/platform-eu-west-1-invoker", "arn:aws:iam::222222222222:role/acme-a",
		"arn:aws:iam::222222222222:user/platform-eu-west-1-invoker", "lambda.amazonaws.com", "apigateway.amazonaws.com", "", null, 1, [],
	] { found({"principal": principal}) == {["principal", false]} }
	found({"principal": unknown}) == {["principal", true]}
	found({"principal": secret}) == {["principal", true]}
}

test_action if {
	every action in ["lambda:*", "*", "lambda:InvokeFunctionUrl", null, 1] { found({"action": action}) == {["action", false]} }
	found({"action": unknown}) == {["action", true]}
	found({"functionUrlAuthType": "AWS_IAM"}) == {["functionUrlAuthType", false]}
}

test_function if {
	found({"function": "birch-a"}) == {["function", false]}
	found({"function": "arn:aws:lambda:eu-west-1:222222222222:function:birch-a:live"}) == {["function", false]}
	found({"function": "arn:aws:lambda:eu-west-1:222222222222:function:acme-a:live"}) == set()
	found({"function": unknown}) == {["function", true]}
	in_program("functions", [function, permission({"function": unknown}, {"function": ["fn"]})]) == set()
	every v in [1, true, ["acme-a"], {}] { found({"function": v}) == {["function", false]} }
}

routed(tenant, from) := in_program("functions", [function, api(tenant), permission({"principal": "apigateway.amazonaws.com", "sourceArn": unknown}, {"sourceArn": from})])

test_route if {
	routed("acme", ["api"]) == set()
	routed("birch", ["api"]) == {["principal", false]}
	routed("acme", ["api", "elsewhere"]) == {["principal", false]}
	routed("acme", []) == {["principal", false]}
}

test_trusted_functions if {
	in_program("tenant", [function, permission({"principal": "*"}, {"function": ["fn"]})]) == set()
	component := {"urn": "tf", "type": "tenantform:tenantfunction:TenantFunction", "operation": "create", "custom": false}
	in_program("tenant", [component, object.union(function, {"parent": "tf"}), permission({"principal": "*", "function": unknown}, {"function": ["fn"]})]) == {["principal", false]}
}
