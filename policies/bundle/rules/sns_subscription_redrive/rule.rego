# METADATA
# title: A subscription has a dead-letter queue
# description: |
#   What SNS cannot deliver it drops after its last attempt, and nobody hears of it.
#   Each subscription needs a redrive policy that names a queue.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A redrive policy that is not known counts when it comes from a queue of the plan; otherwise it is a finding.
#   waivable: "yes"
#   category: messaging
#   enforcement: mandatory
#   remediation: Set redrivePolicy to JSON with the deadLetterTargetArn of a queue whose policy lets the topic send.
#   related: [SNSRedrivePolicy]
package tenantform.rules.sns_subscription_redrive

import data.tenantform.lib.messaging
import data.tenantform.lib.plan

findings contains plan.finding(s, "redrivePolicy", plan.get(s, "redrivePolicy"), "what cannot be delivered is dropped") if {
	some s in plan.of_type("aws:sns/topicSubscription:TopicSubscription")
	not messaging.names_target(s, "redrivePolicy")
}
