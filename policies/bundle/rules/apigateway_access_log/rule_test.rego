package tenantform.rules.apigateway_access_log_test

import data.tenantform.rules.apigateway_access_log as rule

unknown := {"$unknown": true}

found(type, inputs, from) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": type, "operation": "same", "inputs": inputs, "propertyDependencies": {"accessLogSettings": from},
	}]}}
}

test_stage if {
	every type in ["aws:apigateway/stage:Stage", "aws:apigatewayv2/stage:Stage"] {
		found(type, {"accessLogSettings": {"destinationArn": "arn:aws:logs:eu-west-1:111111111111:log-group:acme"}}, []) == set()
		found(type, {"accessLogSettings": {"destinationArn": unknown}}, ["log"]) == set()
		found(type, {}, []) == {false}
		every v in [null, "", 1] { found(type, {"accessLogSettings": {"destinationArn": v}}, []) == {false} }
		every v in [unknown, {"$secret": true}] {
			found(type, {"accessLogSettings": {"destinationArn": v}}, []) == {true}
			found(type, {"accessLogSettings": v}, []) == {true}
		}
	}
}

test_deployment if {
	every v in [null, ""] { found("aws:apigateway/deployment:Deployment", {"stageName": v}, []) == set() }
	found("aws:apigateway/deployment:Deployment", {"stageName": "live"}, []) == {false}
	found("aws:apigateway/deployment:Deployment", {"stageName": unknown}, []) == {true}
}
