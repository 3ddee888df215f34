# METADATA
# title: An API asks who calls
# description: |
#   A method without authorization answers everybody on the internet. A key alone
#   does not tell who calls: it is sent as it is, and shared. Methods of the plan
#   and the operations of an OpenAPI definition ask for a signature by IAM, a token
#   of a user pool or an authoriser of one's own. OPTIONS may do without. The route
#   that AWS makes with an HTTP API, for its target, cannot ask.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: An authorization that is not known is a finding, and so is a definition, unless it is of the component API, which authorises every route.
#   waivable: exact
#   category: network
#   enforcement: mandatory
#   remediation: Set authorization to AWS_IAM, or to COGNITO_USER_POOLS or CUSTOM with an authorizerId. In a definition, give each operation a security with a scheme that has x-amazon-apigateway-authtype or x-amazon-apigateway-authorizer. Make routes of an HTTP API with aws.apigatewayv2.Route instead of target.
#   related: [AwsSolutions-APIG4, AwsSolutions-COG4, CKV_AWS_59, CKV2_AWS_70]
package tenantform.rules.apigateway_method_authorised

import data.tenantform.lib.apigateway
import data.tenantform.lib.plan

# Methods.

findings contains plan.finding(m, "authorization", authorization, "the method answers everybody") if {
	some m in plan.of_type("aws:apigateway/method:Method")
	authorization := plan.get(m, "authorization")
	not authorization in {"AWS_IAM", "COGNITO_USER_POOLS", "CUSTOM"}
	plan.get(m, "httpMethod") != "OPTIONS"
}

findings contains plan.finding(m, "authorizerId", authorizer, "the method names no authoriser") if {
	some m in plan.of_type("aws:apigateway/method:Method")
	plan.get(m, "authorization") in {"COGNITO_USER_POOLS", "CUSTOM"}
	authorizer := plan.get(m, "authorizerId")
	not plan.given(m, "authorizerId", authorizer)
}

# Routes of HTTP and WebSocket APIs.

findings contains plan.finding(r, "authorizationType", type, "the route answers everybody") if {
	some r in plan.of_type("aws:apigatewayv2/route:Route")
	type := plan.get(r, "authorizationType")
	not type in {"AWS_IAM", "JWT", "CUSTOM"}
	not apart(r, plan.get(r, "routeKey"))
}

# OPTIONS, and what a WebSocket brings after it was authorised as $connect.
apart(_, key) if startswith(plan.text(key), "OPTIONS ")

apart(_, key) if {
	is_string(key)
	not contains(key, " ")
	not key in {"$connect", "$default"}
}

apart(r, "$default") if {
	some api in plan.sources_of_type(r, "apiId", "aws:apigatewayv2/api:Api")
	plan.get(plan.by_urn[api], "protocolType") == "WEBSOCKET"
}

# A route that AWS makes with the API, for a target. It never asks who calls.
findings contains plan.finding(api, "target", target, "the route that is made with the API answers everybody") if {
	some api in plan.of_type(apigateway.http_api_type)
	target := plan.get(api, "target")
	not target in {null, ""}
}

# Definitions.

documents := array.concat(apigateway.documents, apigateway.http_documents)

findings contains plan.finding(d.resource, "body", d.resource.inputs.body, "a definition that cannot be read may have methods that answer everybody") if {
	some d in documents
	d.state == "invalid"
}

findings contains plan.finding(d.resource, "body", d.resource.inputs.body, "the definition may have methods that answer everybody") if {
	some d in documents
	d.state == "opaque"
	not apigateway.ours(d.resource)
}

findings contains plan.finding(d.resource, "body", o.name, "the operation answers everybody") if {
	some d in documents
	asking := schemes(d.definition)
	some o in apigateway.operations(d)
	not authorised(o.operation, d.definition, asking)
}

# The security schemes that tell who calls.
schemes(definition) := {name |
	some at in [["components", "securitySchemes"], ["securityDefinitions"]]
	some name, scheme in object.get(definition, at, {})
	asks(scheme)
}

asks(scheme) if is_string(scheme["x-amazon-apigateway-authtype"])

asks(scheme) if is_object(scheme["x-amazon-apigateway-authorizer"])

# API Gateway asks for every scheme that is named, in one requirement or in several.
authorised(operation, definition, asking) if {
	not operation["x-amazon-apigateway-auth"]
	requirements := object.get(operation, "security", object.get(definition, "security", []))
	not {} in requirements
	some requirement in requirements
	some name, _ in requirement
	name in asking
}

authorised(operation, _, _) if operation["x-amazon-apigateway-auth"].type == "AWS_IAM"
