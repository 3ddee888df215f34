# METADATA
# title: An identity pool gives credentials to nobody who has not signed in
# description: |
#   An identity pool with unauthenticated identities hands AWS credentials to anybody
#   who knows its id, and the id is in the page that they load. Whatever the
#   role of guests may do everybody may then do, as no tenant.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: identity
#   enforcement: mandatory
#   remediation: Leave allowUnauthenticatedIdentities out or set it to false, and let users sign in first.
#   related: [AwsSolutions-COG7, Cognito.2]
package tenantform.rules.cognito_no_unauthenticated_identities

import data.tenantform.lib.plan

findings contains plan.finding(p, "allowUnauthenticatedIdentities", allowed, "anybody gets AWS credentials from it") if {
	some p in plan.of_type("aws:cognito/identityPool:IdentityPool")
	allowed := plan.get(p, "allowUnauthenticatedIdentities")
	not allowed in {null, false}
}
