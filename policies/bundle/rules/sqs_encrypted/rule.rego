# METADATA
# title: A queue is encrypted
# description: |
#   Each queue needs a KMS key, or says that SQS encrypts it with a key of its own.
#   Whether a queue that says neither is encrypted depends on when and how it was made.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: A key that is not known before the run counts when it comes from another resource; any other value that is not known is a finding.
#   waivable: "yes"
#   category: messaging
#   enforcement: mandatory
#   remediation: Set kmsMasterKeyId to the owner's key, or sqsManagedSseEnabled to true where no tenant's data goes through.
#   related: [AwsSolutions-SQS2, CKV_AWS_27, CKV2_AWS_73, SQS.1, CT.SQS.PR.2]
package tenantform.rules.sqs_encrypted

import data.tenantform.lib.messaging
import data.tenantform.lib.plan

findings contains plan.finding(q, "kmsMasterKeyId", key, "the queue has no key and does not say that SQS encrypts it") if {
	some q in messaging.queues
	key := plan.get(q, "kmsMasterKeyId")
	not plan.given(q, "kmsMasterKeyId", key)
	managed := plan.get(q, "sqsManagedSseEnabled")
	managed != true
	not plan.is_opaque(managed)
}

findings contains plan.finding(q, "sqsManagedSseEnabled", managed, "the queue has no key, and SQS need not encrypt it") if {
	some q in messaging.queues
	not plan.given(q, "kmsMasterKeyId", plan.get(q, "kmsMasterKeyId"))
	managed := plan.get(q, "sqsManagedSseEnabled")
	plan.is_opaque(managed)
}
