# METADATA
# title: Every topic says what it is for
# description: |
#   An example to begin with: say here what the rule demands, and why. People
#   who are refused read it.
# custom:
#   severity: medium # critical, high, medium or low
#   scope: resource # stack: other resources are looked at too; operation: what happens to the resource matters
#   on_unknown: A name that is not known before the run is a finding.
#   waivable: "yes" # exact: never by a wildcard; never
#   category: messaging # compute, data, identity, logging, messaging, network, storage or tenancy
#   enforcement: mandatory # advisory; production: mandatory there, advisory elsewhere
#   remediation: Set displayName to a few words that say what the topic is for.
#   related: [] # ids under which other tools know the rule
package tenantform.rules.NAME

import data.tenantform.lib.plan

# Findings must be defined for every input: a value that is missing, of another
# type, unknown or secret may not make a finding vanish.
findings contains plan.finding(r, "displayName", name, "nothing says what the topic is for") if {
	some r in plan.of_type("aws:sns/topic:Topic")
	name := plan.get(r, "displayName")
	not says(name)
}

says(name) if {
	is_string(name)
	trim_space(name) != ""
}
