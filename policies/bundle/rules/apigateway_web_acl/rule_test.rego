package tenantform.rules.apigateway_web_acl_test

import data.tenantform.rules.apigateway_web_acl as rule

unknown := {"$unknown": true}

association(arn, from) := {
	"urn": "acl", "type": "aws:wafv2/webAclAssociation:WebAclAssociation", "operation": "create",
	"inputs": {"resourceArn": arn, "webAclArn": unknown}, "propertyDependencies": {"resourceArn": from},
}

api(types) := {"urn": "api", "id": "abc", "type": "aws:apigateway/restApi:RestApi", "operation": "same", "inputs": {"endpointConfiguration": {"types": types}}}

stage := {
	"urn": "stage", "type": "aws:apigateway/stage:Stage", "operation": "same", "inputs": {"restApi": "abc", "stageName": "live"},
	"propertyDependencies": {"restApi": ["api"]},
}

found(resources) := out if {
	out := {f.urn | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

test_guarded if {
	found([api("REGIONAL"), stage, association(unknown, ["stage"])]) == set()
	found([api("REGIONAL"), stage, association("arn:aws:apigateway:eu-west-1::/restapis/abc/stages/live", [])]) == set()
	found([stage, association("arn:aws:apigateway:eu-west-1::/restapis/abc/stages/live", [])]) == set()
}

test_unguarded if {
	found([api("REGIONAL"), stage]) == {"stage"}
	every v in [unknown, null, "", 1, "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/next", "arn:aws:apigateway:eu-west-1::/restapis/xyz/stages/live", "a/b/c/d/e", "a/restapis/abc/b/live", "a/b/abc/stages/live", "a/restapis/abc/stages/live/b", "a/restapis"] {
		found([api("REGIONAL"), stage, association(v, [])]) == {"stage"}
	}
	found([api("REGIONAL"), stage, association(unknown, ["api"])]) == {"stage"}
	second := object.union(stage, {"urn": "second", "inputs": {"stageName": "next"}})
	found([api("REGIONAL"), stage, second, association(unknown, ["stage"])]) == {"second"}
}

test_private if {
	every v in ["PRIVATE", ["PRIVATE"]] { found([api(v), stage]) == set() }
	every v in ["EDGE", unknown, null] { found([api(v), stage]) == {"stage"} }
}
