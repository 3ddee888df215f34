# METADATA
# title: A topic is encrypted
# description: |
#   SNS stores messages until they are delivered, and encrypts them only where a
#   topic has a KMS key.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: A key that is not known before the run counts when it comes from another resource; otherwise it is a finding.
#   waivable: "yes"
#   category: messaging
#   enforcement: mandatory
#   remediation: Set kmsMasterKeyId to a key whose policy lets the services that publish use it.
#   related: [CKV_AWS_26]
package tenantform.rules.sns_encrypted

import data.tenantform.lib.messaging
import data.tenantform.lib.plan

findings contains plan.finding(t, "kmsMasterKeyId", key, "the topic is not encrypted") if {
	some t in messaging.topics
	key := plan.get(t, "kmsMasterKeyId")
	not plan.given(t, "kmsMasterKeyId", key)
}
