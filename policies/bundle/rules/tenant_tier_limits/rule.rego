# METADATA
# title: Limits are those of the tier
# description: |
#   A usage plan has the tier's rate, burst and monthly quota, and the functions of
#   a tenant its concurrency, memory, timeout and number. More would let a tenant
#   take what others of the pool, or of the account, pay for; less is not what was
#   sold. The tier of a usage plan is the one of its tier tag or, in a pool, the one
#   that its name ends with.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A limit, a tier, or the stages of a usage plan that are not known before the run are a finding.
#   waivable: "yes"
#   category: tenancy
#   enforcement: mandatory
#   remediation: Take the numbers from the tier of the catalogue, as the components API and TenantFunction do; to change them change the catalogue.
#   related: [Tenantform.MT9]
package tenantform.rules.tenant_tier_limits

import data.tenantform.lib.plan
import data.tenantform.lib.untrusted

tiers := {t.name: t | some t in plan.list(object.get(input.catalogue, "tiers", null))}

plans := [p | input.subject.program != ""; some p in plan.of_type("aws:apigateway/usagePlan:UsagePlan")]

functions := [f | input.subject.program != ""; some f in untrusted.functions]

# The name of a resource's tier, empty where that is none of the catalogue.
tier_of(r) := name if {
	name := plan.text(plan.field(plan.get(r, "tags"), "tier"))
	tiers[name]
} else := name if {
	ends := [[count(n), n] | some n, _ in tiers; endswith(plan.text(plan.get(r, "name")), concat("", ["-", n]))]
	count(ends) > 0
	name := max(ends)[1]
} else := ""

findings contains plan.finding(r, "tags[\"tier\"]", plan.field(plan.get(r, "tags"), "tier"), "neither the tag nor the name is of a tier of the catalogue, so which limits hold cannot be told") if {
	some r in array.concat(plans, functions)
	tier_of(r) == ""
}

findings contains limit(p, property, value, tiers[name], field) if {
	some p in plans
	name := tier_of(p)
	name != ""
	some [property, path, field] in [
		["throttleSettings.rateLimit", ["throttleSettings", "rateLimit"], "rateLimit"],
		["throttleSettings.burstLimit", ["throttleSettings", "burstLimit"], "burstLimit"],
		["quotaSettings.limit", ["quotaSettings", "limit"], "monthlyQuota"],
	]
	value := plan.field(plan.get(p, path[0]), path[1])
	value != tiers[name][field]
}

findings contains plan.finding(p, "quotaSettings.period", period, "the tier's quota is of a month") if {
	some p in plans
	period := plan.field(plan.get(p, "quotaSettings"), "period")
	period != "MONTH"
}

findings contains plan.finding(p, sprintf("apiStages[%d].throttles", [i]), throttles, "the stage's methods have throttles of their own, which hold instead of the tier's") if {
	some p in plans
	some i, stage in plan.list(plan.get(p, "apiStages"))
	throttles := plan.field(stage, "throttles")
	count(plan.list(throttles)) > 0
}

findings contains f if {
	some p in plans
	some i, stage in plan.list(plan.get(p, "apiStages"))
	some f in plan.misfits(p, sprintf("apiStages[%d]", [i]), stage, {"object"})
}

findings contains limit(f, property, value, tiers[name], field) if {
	some f in functions
	name := tier_of(f)
	name != ""
	some [property, field] in [
		["reservedConcurrentExecutions", "functionConcurrency"],
		["memorySize", "functionMemoryMB"],
		["timeout", "functionTimeoutSec"],
	]
	value := plan.get(f, property)
	value != tiers[name][field]
}

findings contains plan.finding(f, "", count(functions), sprintf("the tenant has %d functions where the tier allows %d", [count(functions), tiers[name].functionCount])) if {
	count(functions) > 0
	f := functions[0]
	name := tier_of(f)
	name != ""
	count(functions) > tiers[name].functionCount
}

limit(r, property, value, tier, field) := plan.finding(r, property, value, sprintf("in tier %s it must be %v", [tier.name, tier[field]]))
