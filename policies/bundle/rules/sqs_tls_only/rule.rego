# METADATA
# title: A queue refuses requests without TLS
# description: |
#   Each queue of the plan needs a policy that denies everybody all actions on it where
#   aws:SecureTransport is false, under no further condition. Otherwise a message can
#   be read on its way.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A policy is the queue's when it is a property of it, or names it alone. A document or resource that is not known before the run is a finding.
#   waivable: "yes"
#   category: messaging
#   enforcement: mandatory
#   remediation: Add a statement to the policy with Effect Deny, Principal "*", Action "sqs:*", the queue's ARN as Resource, and the condition Bool aws:SecureTransport "false". Build the ARN from the known name.
#   related: [AwsSolutions-SQS4]
package tenantform.rules.sqs_tls_only

import data.tenantform.lib.access
import data.tenantform.lib.iam
import data.tenantform.lib.messaging
import data.tenantform.lib.plan

findings contains plan.finding(q, "policy", plan.get(q, "policy"), "no policy in the plan refuses requests to this queue that come without TLS") if {
	some q in messaging.queues
	not closed(q)
	not q.urn in perhaps
}

findings contains plan.unverifiable(q, "policy", plan.get(q, "policy"), "what the queue's policy says is known only after the run; it may let requests without TLS in") if {
	some q in messaging.queues
	not closed(q)
	q.urn in perhaps
}

closed(q) if {
	some s in denials[q.urn]
	access.named(s, plan.text(plan.get(q, "name")))
}

# Denials of requests without TLS, by the queue that the policy is of.
denials[urn] contains s if {
	some [d, urns] in messaging.queue_policies
	some s in d.statements
	access.refuses_plain(s)
	enough(s)
	some urn in urns
}

perhaps := {urn | some [d, urns] in messaging.queue_policies; d.state == "opaque"; some urn in urns} | {urn |
	some urn, statements in denials
	some s in statements
	"Resource" in s.opaque
}

enough(s) if {
	some pattern in s.actions
	iam.includes(pattern, "sqs:*")
}
