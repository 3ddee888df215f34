# METADATA
# title: An API checks requests before it passes them on
# description: |
#   With a request validator API Gateway refuses a request that lacks a parameter
#   or whose body does not fit its model, and the code behind it never sees it.
#   Operations that API Gateway answers by itself, and OPTIONS, pass nothing on.
# custom:
#   severity: low
#   scope: stack
#   on_unknown: A validator that is not known counts where it comes from another resource. A definition that is not known is a finding, unless it is of the component API, which checks every route.
#   waivable: "yes"
#   category: network
#   enforcement: production
#   remediation: Set requestValidatorId to a RequestValidator that validates parameters and body. In a definition, name one of x-amazon-apigateway-request-validators as x-amazon-apigateway-request-validator.
#   related: [AwsSolutions-APIG2, CKV2_AWS_53]
package tenantform.rules.apigateway_request_validation

import data.tenantform.lib.apigateway
import data.tenantform.lib.plan

findings contains plan.finding(m, "requestValidatorId", validator, "requests are passed on unchecked") if {
	some m in plan.of_type("aws:apigateway/method:Method")
	validator := plan.get(m, "requestValidatorId")
	not plan.given(m, "requestValidatorId", validator)
	plan.get(m, "httpMethod") != "OPTIONS"
}

findings contains plan.finding(v, "validateRequestParameters", value, "the validator checks nothing") if {
	some v in plan.of_type("aws:apigateway/requestValidator:RequestValidator")
	plan.get(v, "validateRequestBody") != true
	value := plan.get(v, "validateRequestParameters")
	value != true
}

findings contains plan.finding(d.resource, "body", d.resource.inputs.body, "a definition that cannot be read may pass requests on unchecked") if {
	some d in apigateway.documents
	d.state == "invalid"
}

findings contains plan.finding(d.resource, "body", d.resource.inputs.body, "the definition may pass requests on unchecked") if {
	some d in apigateway.documents
	d.state == "opaque"
	not apigateway.ours(d.resource)
}

findings contains plan.finding(d.resource, "body", o.name, "requests for the operation are passed on unchecked") if {
	some d in apigateway.documents
	some o in apigateway.operations(d)
	not checked(o.operation, d.definition)
	not lower(plan.text(object.get(o.operation, ["x-amazon-apigateway-integration", "type"], ""))) == "mock"
}

checked(operation, definition) if {
	key := "x-amazon-apigateway-request-validator"
	name := object.get(operation, key, object.get(definition, key, null))
	some what in ["validateRequestBody", "validateRequestParameters"]
	definition["x-amazon-apigateway-request-validators"][name][what] == true
}
