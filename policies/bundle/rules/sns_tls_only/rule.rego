# METADATA
# title: A topic refuses requests without TLS
# description: |
#   Each topic of the plan needs a policy that denies everybody sns:Publish on it where
#   aws:SecureTransport is false, under no further condition. Otherwise a message can
#   be read on its way. That a topic encrypts makes SNS ask for TLS too, but only as
#   long as it does.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A policy is the topic's when it is a property of it, or names it alone. A document or resource that is not known before the run is a finding.
#   waivable: "yes"
#   category: messaging
#   enforcement: mandatory
#   remediation: Add a statement to the policy with Effect Deny, Principal "*", Action "sns:Publish", the topic's ARN as Resource, and the condition Bool aws:SecureTransport "false". Build the ARN from the known name.
#   related: [AwsSolutions-SNS3]
package tenantform.rules.sns_tls_only

import data.tenantform.lib.access
import data.tenantform.lib.iam
import data.tenantform.lib.messaging
import data.tenantform.lib.plan

findings contains plan.finding(t, "policy", plan.get(t, "policy"), "no policy in the plan refuses requests to this topic that come without TLS") if {
	some t in messaging.topics
	not closed(t)
	not t.urn in perhaps
}

findings contains plan.unverifiable(t, "policy", plan.get(t, "policy"), "what the topic's policy says is known only after the run; it may let requests without TLS in") if {
	some t in messaging.topics
	not closed(t)
	t.urn in perhaps
}

closed(t) if {
	some s in denials[t.urn]
	access.named(s, plan.text(plan.get(t, "name")))
}

# Denials of requests without TLS, by the topic that the policy is of.
denials[urn] contains s if {
	some [d, urns] in messaging.topic_policies
	some s in d.statements
	access.refuses_plain(s)
	enough(s)
	some urn in urns
}

perhaps := {urn | some [d, urns] in messaging.topic_policies; d.state == "opaque"; some urn in urns} | {urn |
	some urn, statements in denials
	some s in statements
	"Resource" in s.opaque
}

enough(s) if {
	some pattern in s.actions
	iam.includes(pattern, "sns:publish")
}
