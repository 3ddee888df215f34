# METADATA
# title: A user pool demands strong passwords
# description: |
#   What a user pool lets pass as a password decides how long guessing takes. The pool
#   asks for at least eight characters, of lower and of upper case, a number and
#   a symbol, and a temporary password goes stale within a week. What the pool
#   does not say itself is AWS's to change.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: identity
#   enforcement: mandatory
#   remediation: In passwordPolicy set minimumLength to 8 or more, requireLowercase, requireUppercase, requireNumbers and requireSymbols to true, and temporaryPasswordValidityDays to at most 7.
#   related: [AwsSolutions-COG1, Cognito.3]
package tenantform.rules.cognito_password_policy

import data.tenantform.lib.plan

pools := [[p, policy] |
	some p in plan.of_type("aws:cognito/userPool:UserPool")
	policy := plan.get(p, "passwordPolicy")
]

findings contains plan.finding(p, "passwordPolicy", policy, "the user pool does not say what a password must be") if {
	some [p, policy] in pools
	not readable(policy)
}

findings contains plan.finding(p, "passwordPolicy.minimumLength", length, "passwords of fewer than eight characters would do") if {
	some [p, policy] in pools
	readable(policy)
	length := plan.field(policy, "minimumLength")
	not long(length)
}

findings contains plan.finding(p, concat(".", ["passwordPolicy", property]), value, concat(" ", ["passwords without", what, "would do"])) if {
	some [p, policy] in pools
	readable(policy)
	some property, what in kinds
	value := plan.field(policy, property)
	value != true
}

findings contains plan.finding(p, "passwordPolicy.temporaryPasswordValidityDays", days, "a temporary password holds for longer than a week") if {
	some [p, policy] in pools
	readable(policy)
	days := plan.field(policy, "temporaryPasswordValidityDays")
	days != null # which means 7
	not brief(days)
}

kinds := {
	"requireLowercase": "a lower-case letter", "requireUppercase": "an upper-case letter",
	"requireNumbers": "a number", "requireSymbols": "a symbol",
}

readable(policy) if {
	is_object(policy)
	not plan.is_opaque(policy)
}

long(length) if {
	is_number(length)
	length >= 8
}

brief(days) if {
	is_number(days)
	days <= 7
}
