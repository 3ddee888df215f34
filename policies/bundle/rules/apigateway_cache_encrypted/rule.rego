# METADATA
# title: An API's cache is encrypted
# description: |
#   The cache of a stage holds the answers to tenants' requests. API Gateway
#   encrypts it only where the settings say so.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: Caching that is not known to be off counts as on. Encryption that is not known before the run is a finding.
#   waivable: "yes"
#   category: network
#   enforcement: mandatory
#   remediation: Set settings.cacheDataEncrypted to true, or settings.cachingEnabled to false.
#   related: [CKV_AWS_308, APIGateway.5]
package tenantform.rules.apigateway_cache_encrypted

import data.tenantform.lib.apigateway
import data.tenantform.lib.plan

findings contains plan.finding(s, "settings.cacheDataEncrypted", encrypted, "cached answers are not encrypted") if {
	some s in apigateway.settings
	not plan.field(plan.get(s, "settings"), "cachingEnabled") in {false, null}
	encrypted := plan.field(plan.get(s, "settings"), "cacheDataEncrypted")
	encrypted != true
}

findings contains f if {
	some s in apigateway.settings
	some f in plan.misfits(s, "settings", plan.get(s, "settings"), {"object"})
}
