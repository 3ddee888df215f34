# METADATA
# title: A stage has a rate of its own
# description: |
#   Without limits one caller takes the rate that all APIs of the account share. A
#   stage of a REST API is in a usage plan with a rate and a burst, or has settings
#   with both for every method; one of an HTTP API has them as its defaults.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A rate or burst that is not known before the run is a finding. A usage plan or settings that cannot be told to be of a stage count for nothing.
#   waivable: "yes"
#   category: network
#   enforcement: production
#   remediation: Put the stage into the apiStages of a UsagePlan with throttleSettings.rateLimit and burstLimit, or set settings.throttlingRateLimit and throttlingBurstLimit of its MethodSettings for "*/*".
#   related: [APIGWDefaultThrottling]
package tenantform.rules.apigateway_throttling

import data.tenantform.lib.apigateway
import data.tenantform.lib.plan

findings contains plan.finding(s, "stageName", plan.text(plan.get(s, "stageName")), "no usage plan or settings limit the rate of the stage") if {
	some s in apigateway.stages
	not s.urn in planned
	not slowed(s)
}

findings contains plan.finding(p, concat(".", ["throttleSettings", key]), value, "the usage plan has no limit") if {
	some p in plan.of_type("aws:apigateway/usagePlan:UsagePlan")
	some key in ["rateLimit", "burstLimit"]
	value := plan.field(plan.get(p, "throttleSettings"), key)
	not limit(value)
}

findings contains plan.finding(s, concat(".", ["defaultRouteSettings", key]), value, "the stage has no limit of its own") if {
	some s in plan.of_type("aws:apigatewayv2/stage:Stage")
	some key in ["throttlingRateLimit", "throttlingBurstLimit"]
	value := plan.field(plan.get(s, "defaultRouteSettings"), key)
	not limit(value)
}

# Stages in usage plans.
planned := {urn |
	some p in plan.of_type("aws:apigateway/usagePlan:UsagePlan")
	some urn in members(p)
}

members(p) := plan.sources_of_type(p, "apiStages", apigateway.stage_type) | {urn |
	some member in plan.list(plan.get(p, "apiStages"))
	is_object(member)
	some api in plan.sources_of_type(p, "apiStages", apigateway.api_type) | apigateway.api_keys(object.get(member, "apiId", null))
	some urn in apigateway.stages_of(api, object.get(member, "stage", null))
}

slowed(s) if {
	some settings in apigateway.settings_of(s)
	apigateway.every_method(settings)
	every key in ["throttlingRateLimit", "throttlingBurstLimit"] {
		limit(plan.field(plan.get(settings, "settings"), key))
	}
}

limit(value) if {
	is_number(value)
	value > 0
}
