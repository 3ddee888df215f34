# METADATA
# title: A function URL names the sites that may call it
# description: |
#   With an origin of "*" the scripts of every web site may call the function in
#   the name of whoever looks at the site.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: Origins that are not known before the run are a finding.
#   waivable: "yes"
#   category: compute
#   enforcement: mandatory
#   remediation: Set cors.allowOrigins to the origins of your own sites, such as https://app.example.com, or leave cors out.
#   related: [CT.LAMBDA.PR.6]
package tenantform.rules.lambda_url_cors_origins

import data.tenantform.lib.plan

findings contains plan.finding(r, "cors.allowOrigins", origin, "scripts of every web site may call the function") if {
	some r in plan.of_type("aws:lambda/functionUrl:FunctionUrl")
	some origin in plan.list(plan.field(plan.get(r, "cors"), "allowOrigins"))
	not named(origin)
}

named(origin) if {
	is_string(origin)
	not contains(origin, "*")
}

findings contains f if {
	some r in plan.of_type("aws:lambda/functionUrl:FunctionUrl")
	some f in plan.misfits(r, "cors", plan.get(r, "cors"), {"object"})
}
