# METADATA
# title: A topic is not public
# description: |
#   A policy must not let everybody publish to a topic, subscribe to it or manage it,
#   unless a condition names the account, organisation, VPC, endpoint or resource
#   that asks. Whoever subscribes reads everything; whoever publishes is believed.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: A document, principal, action or condition that is not known before the run is a finding, unless the rest of the statement rules the finding out.
#   waivable: exact
#   category: messaging
#   enforcement: mandatory
#   remediation: Name the principals, or add a condition such as aws:SourceAccount, aws:SourceArn or aws:PrincipalOrgID.
#   related: [CKV_AWS_169, CKV_AWS_385, SNS.4]
package tenantform.rules.sns_not_public

import data.tenantform.lib.access
import data.tenantform.lib.messaging
import data.tenantform.lib.plan

findings contains plan.unverifiable(d.resource, d.property, d.value, "the policy is secret or known only after the run; it may let anybody in") if {
	some [d, _] in messaging.topic_policies
	d.state == "opaque"
}

findings contains plan.finding(d.resource, d.property, d.value, "this is no policy document that AWS accepts, so whom it lets in cannot be told") if {
	some [d, _] in messaging.topic_policies
	d.state == "invalid"
}

findings contains plan.finding(d.resource, d.property, s.source, "the statement lets everybody in") if {
	some [d, s] in allowing
	access.reach(s) == "public"
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "whom the statement lets in is known only after the run; it may be everybody") if {
	some [d, s] in allowing
	access.reach(s) == "unknown"
}

allowing := [[d, s] |
	some [d, _] in messaging.topic_policies
	some s in d.statements
	s.effect == "Allow"
]
