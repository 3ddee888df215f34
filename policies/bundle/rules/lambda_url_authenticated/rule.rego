# METADATA
# title: A function URL asks for a signature
# description: |
#   Without the authorization type AWS_IAM everybody on the internet may call the
#   function at its URL, past the API, its keys, quotas and logs.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: An authorization type that is not known before the run is a finding.
#   waivable: exact
#   category: compute
#   enforcement: mandatory
#   remediation: Set authorizationType to AWS_IAM, or take the function URL away and let the API call the function.
#   related: [LambdaFunctionUrlAuth, CKV_AWS_258, CT.LAMBDA.PR.5]
package tenantform.rules.lambda_url_authenticated

import data.tenantform.lib.plan

findings contains plan.finding(r, "authorizationType", type, "everybody on the internet may call the function at its URL") if {
	some r in plan.of_type("aws:lambda/functionUrl:FunctionUrl")
	type := plan.get(r, "authorizationType")
	type != "AWS_IAM"
}
