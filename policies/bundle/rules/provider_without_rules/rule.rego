# METADATA
# title: Rules know the resources of every provider
# description: |
#   The rules look at resources of the provider aws. What another provider makes, AWS
#   Cloud Control's aws-native for example, no rule looks into, so that a bucket may be
#   public there unseen. There is one finding for each such provider, at the first of
#   its resources. Providers that make nothing in a cloud, such as random, are data
#   (providers_without_cloud).
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: The rule looks at no values.
#   waivable: "yes"
#   category: data
#   enforcement: advisory
#   remediation: Make the resource with the provider aws, or write rules of your own for the provider's types and waive this finding.
#   related: []
package tenantform.rules.provider_without_rules

import data.tenantform.lib.plan

findings contains plan.finding(first, "type", first.type, sprintf("no rule looks into resources of the provider %s, of which there are %d", [provider, count(resources)])) if {
	some provider, types in unseen
	resources := [r | some type in types; some r in plan.of_type(type); r.custom]
	count(resources) > 0
	lowest := min({r.urn | some r in resources})
	first := plan.by_urn[lowest]
}

unseen[provider] contains type if {
	some type in plan.types
	provider := split(type, ":")[0]
	not provider in data.tenantform.settings.providers_without_cloud
	not provider in {"aws", "pulumi"}
}
