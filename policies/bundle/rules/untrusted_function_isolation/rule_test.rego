package tenantform.rules.untrusted_function_isolation_test

import data.tenantform.rules.untrusted_function_isolation as rule

unknown := {"$unknown": true}

group(inputs) := {"urn": "group", "id": "sg-1", "type": "aws:ec2/securityGroup:SecurityGroup", "operation": "create", "inputs": inputs}

log := {"urn": "log", "type": "aws:cloudwatch/logGroup:LogGroup", "operation": "create", "inputs": {"name": "/aws/lambda/acme-fn"}}

layer := {"urn": "layer", "type": "aws:lambda/layerVersion:LayerVersion", "operation": "create", "inputs": {}}

function(changes) := {
	"urn": "fn", "type": "aws:lambda/function:Function", "operation": "create",
	"inputs": object.union(
		{
			"name": "acme-fn", "layers": [unknown], "reservedConcurrentExecutions": 5,
			"vpcConfig": {"subnetIds": ["subnet-1"], "securityGroupIds": [unknown]},
		},
		changes,
	),
	"propertyDependencies": {"vpcConfig": ["group", "reference"], "layers": ["layer"]},
	"provider": {"region": "eu-west-1", "account": "222222222222"},
}

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {
		"plan": {"resources": resources}, "subject": {"program": "functions"},
	}
}

changed(changes) := found([function(changes), group({}), log, layer])

test_whole if {
	changed({}) == set()
	found([function({}), group({"egress": []}), log, layer]) == set()
	changed({"vpcConfig": {"subnetIds": unknown, "securityGroupIds": ["sg-1"]}}) == set()
}

test_no_vpc if {
	bare := object.remove(function({}).inputs, ["vpcConfig"])
	alone := object.union(object.remove(function({}), ["inputs"]), {"inputs": bare})
	found([alone, group({}), log, layer]) == {["fn", "vpcConfig", false]}
	["fn", "vpcConfig", false] in changed({"vpcConfig": {"subnetIds": [], "securityGroupIds": []}})
	changed({"vpcConfig": {"subnetIds": ["a"], "securityGroupIds": ["sg-1", "sg-9"]}}) == {["fn", "vpcConfig.securityGroupIds", true]}
	changed({"vpcConfig": {"subnetIds": ["a"], "securityGroupIds": [unknown, unknown]}}) == {["fn", "vpcConfig.securityGroupIds", true]}
	changed({"vpcConfig": {"subnetIds": ["a"], "securityGroupIds": unknown}}) == {["fn", "vpcConfig.securityGroupIds", true]}
	changed({"vpcConfig": unknown}) == {["fn", "vpcConfig.securityGroupIds", true]}
}

test_egress if {
	out := [{"protocol": "-1", "cidrBlocks": ["0.0.0.0/0"]}]
	found([function({}), group({"egress": out}), log, layer]) == {["group", "egress", false]}
	found([function({}), group({"egress": unknown}), log, layer]) == {["group", "egress", true]}
	whole := [function({}), group({}), log, layer]
	found(array.concat(whole, [opening("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", {"securityGroupId": unknown}, ["group"])])) == {["rule", "securityGroupId", false]}
	found(array.concat(whole, [opening("aws:ec2/securityGroupRule:SecurityGroupRule", {"type": "egress", "securityGroupId": "sg-1"}, [])])) == {["rule", "securityGroupId", false]}
	found(array.concat(whole, [opening("aws:ec2/securityGroupRule:SecurityGroupRule", {"type": "egress", "securityGroupId": unknown}, [])])) == {["rule", "securityGroupId", false]}
	found(array.concat(whole, [opening("aws:ec2/securityGroupRule:SecurityGroupRule", {"type": unknown, "securityGroupId": "sg-1"}, [])])) == {["rule", "securityGroupId", false]}
	found(array.concat(whole, [opening("aws:ec2/securityGroupRule:SecurityGroupRule", {"type": "ingress", "securityGroupId": "sg-1"}, [])])) == set()
	found(array.concat(whole, [opening("aws:ec2/securityGroupRule:SecurityGroupRule", {"type": "egress", "securityGroupId": "sg-2"}, [])])) == set()
}

opening(type, inputs, from) := {
	"urn": "rule", "type": type, "operation": "create", "inputs": inputs, "propertyDependencies": {"securityGroupId": from},
}

test_log_group if {
	found([function({}), group({}), layer]) == {["fn", "loggingConfig.logGroup", false]}
	found([function({"name": unknown}), group({}), log, layer]) == {["fn", "loggingConfig.logGroup", false]}
	changed({"loggingConfig": {"logGroup": "/aws/lambda/acme-fn"}}) == set()
	changed({"loggingConfig": {"logGroup": "shared"}}) == {["fn", "loggingConfig.logGroup", false]}
	changed({"loggingConfig": unknown}) == {["fn", "loggingConfig.logGroup", true]}
	changed({"loggingConfig": {"logGroup": unknown}}) == {["fn", "loggingConfig.logGroup", true]}
	from_log := object.union(function({"loggingConfig": {"logGroup": unknown}}), {"propertyDependencies": {"loggingConfig": ["log"]}})
	found([from_log, group({}), log, layer]) == set()
	second := object.union(function({"name": "other", "loggingConfig": {"logGroup": "/aws/lambda/acme-fn"}}), {"urn": "second"})
	found([function({}), second, group({}), log, layer]) == {["fn", "loggingConfig.logGroup", false], ["second", "loggingConfig.logGroup", false]}
}

test_concurrency if {
	changed({"reservedConcurrentExecutions": 0}) == set()
	changed({"reservedConcurrentExecutions": -1}) == {["fn", "reservedConcurrentExecutions", false]}
	changed({"reservedConcurrentExecutions": null}) == {["fn", "reservedConcurrentExecutions", false]}
	changed({"reservedConcurrentExecutions": unknown}) == {["fn", "reservedConcurrentExecutions", true]}
}

test_layers if {
	changed({"layers": null}) == set()
	changed({"layers": ["arn:aws:lambda:eu-west-1:222222222222:layer:own:1", unknown]}) == set()
	changed({"layers": ["arn:aws:lambda:eu-west-1:999999999999:layer:theirs:1"]}) == {["fn", "layers[0]", false]}
	changed({"layers": ["x"]}) == {["fn", "layers[0]", false]}
	changed({"layers": unknown}) == set()
	mixed := object.union(function({}), {"propertyDependencies": {"layers": ["layer", "reference"]}})
	found([mixed, group({}), log, layer]) == {["fn", "layers", true]}
	none := object.union(function({}), {"propertyDependencies": {"layers": []}})
	found([none, group({}), log, layer]) == {["fn", "layers", true]}
}

test_allowed_layers if {
	changed({"layers": ["arn:aws:lambda:eu-west-1:999999999999:layer:theirs:1"]}) == set() with data.tenantform.settings.allowed_layers as ["arn:aws:lambda:eu-west-1:999999999999:layer:theirs:"]
}

test_function_url if {
	exposed({"functionName": "acme-fn"}, [], "functions")
	exposed({"functionName": unknown}, [], "functions")
	exposed({"functionName": unknown}, ["fn"], "")
	exposed({"functionName": "acme-fn"}, [], "")
	exposed({"functionName": "arn:aws:lambda:eu-west-1:222222222222:function:acme-fn"}, [], "")
	not exposed({"functionName": "ours"}, [], "")
}

exposed(inputs, from, program) if {
	url := {
		"urn": "url", "type": "aws:lambda/functionUrl:FunctionUrl", "operation": "create", "inputs": inputs,
		"propertyDependencies": {"functionName": from},
	}
	component := {"urn": "tf", "type": "tenantform:tenantfunction:TenantFunction", "operation": "create", "custom": false}
	resources := [component, object.union(function({}), {"parent": "tf"}), group({}), log, layer, url]
	found := {f.urn | some f in rule.findings} with input as {"plan": {"resources": resources}, "subject": {"program": program}}
	found == {"url"}
}

test_layers_of_other_tenants if {
	layered("arn:aws:lambda:eu-west-1:222222222222:layer:acme-fn-lib:1") == set()
	layered("arn:aws:lambda:eu-west-1:222222222222:layer:platform-lib:1") == set()
	layered("arn:aws:lambda:eu-west-1:222222222222:layer:birch-fn-lib:1") == {["fn", "layers[0]", false]}
}

layered(layer) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {
		"plan": {"resources": [function({"layers": [layer]}), group({}), log]}, "subject": {"program": "functions", "tenantId": "acme"},
	}
}
