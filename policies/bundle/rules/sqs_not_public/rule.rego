# METADATA
# title: A queue is not public
# description: |
#   A policy must not let everybody send, receive or manage, unless a condition names
#   the account, organisation, VPC, endpoint or resource that asks; nor must it allow
#   every action to whomever: who may send need not be able to delete the queue.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: A document, principal, action or condition that is not known before the run is a finding, unless the rest of the statement rules the finding out.
#   waivable: exact
#   category: messaging
#   enforcement: mandatory
#   remediation: Name the principals, or add a condition such as aws:SourceArn or aws:PrincipalOrgID, and name the actions, sqs:SendMessage for example.
#   related: [CKV_AWS_168, CKV_AWS_387, CKV_AWS_72, SQS.3]
package tenantform.rules.sqs_not_public

import data.tenantform.lib.access
import data.tenantform.lib.iam
import data.tenantform.lib.messaging
import data.tenantform.lib.plan

findings contains plan.unverifiable(d.resource, d.property, d.value, "the policy is secret or known only after the run; it may let anybody in") if {
	some [d, _] in messaging.queue_policies
	d.state == "opaque"
}

findings contains plan.finding(d.resource, d.property, d.value, "this is no policy document that AWS accepts, so whom it lets in cannot be told") if {
	some [d, _] in messaging.queue_policies
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

findings contains plan.finding(d.resource, d.property, s.source, "the statement allows every action on the queue") if {
	some [d, s] in allowing
	every_action(s)
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "what the statement allows is known only after the run; it may be every action") if {
	some [d, s] in allowing
	"Action" in s.opaque
	not every_action(s)
}

every_action(s) if s.negated_actions

every_action(s) if {
	some pattern in s.actions
	iam.includes(pattern, "sqs:*")
}

allowing := [[d, s] |
	some [d, _] in messaging.queue_policies
	some s in d.statements
	s.effect == "Allow"
]
