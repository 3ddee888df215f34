# METADATA
# title: A trail is of all regions and can be verified
# description: |
#   A trail of one region misses what is done in a region that nobody uses, which is
#   where an intruder works, and without the events of global services it misses
#   IAM. Without digests nobody can tell whether a log file was changed or taken away.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: logging
#   enforcement: mandatory
#   remediation: Set isMultiRegionTrail and enableLogFileValidation to true; leave enableLogging and includeGlobalServiceEvents out or set them to true.
#   related: [CKV_AWS_36, CKV_AWS_67, CloudTrail.1, CloudTrail.4]
package tenantform.rules.cloudtrail_complete

import data.tenantform.lib.plan

# What each property must be where it is left out, too.
demanded := {
	"isMultiRegionTrail": {"good": {true}, "why": "what happens in other regions is not recorded"},
	"enableLogFileValidation": {"good": {true}, "why": "a log file that was changed cannot be told from one that was not"},
	"enableLogging": {"good": {true, null}, "why": "the trail records nothing"},
	"includeGlobalServiceEvents": {"good": {true, null}, "why": "what happens in IAM and other global services is not recorded"},
}

findings contains plan.finding(t, property, value, demand.why) if {
	some t in plan.of_type("aws:cloudtrail/trail:Trail")
	some property, demand in demanded
	value := plan.get(t, property)
	not value in demand.good
}
