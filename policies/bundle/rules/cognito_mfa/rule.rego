# METADATA
# title: A user pool asks for a second factor
# description: |
#   A password that was guessed, reused or given away is enough where nothing else is
#   asked for. Where the second factor is optional those whose passwords are
#   weakest go without.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: identity
#   enforcement: production
#   remediation: Set mfaConfiguration to ON and softwareTokenMfaConfiguration.enabled to true.
#   related: [AwsSolutions-COG2]
package tenantform.rules.cognito_mfa

import data.tenantform.lib.plan

findings contains plan.finding(p, "mfaConfiguration", mfa, "a password alone is enough to sign in") if {
	some p in plan.of_type("aws:cognito/userPool:UserPool")
	mfa := plan.get(p, "mfaConfiguration")
	mfa != "ON"
}
