# METADATA
# title: A queue has a dead-letter queue
# description: |
#   A message that nobody can handle comes back until it expires, takes the time of
#   those behind it, and is then gone. Each queue needs a redrive policy that names
#   another queue. Queues that are themselves for dead letters are left out: those whose
#   redriveAllowPolicy lists its sources, and those that a queue, subscription,
#   function, mapping, schedule or target of the plan names for what fails.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A redrive policy that is not known counts when it comes from another queue of the plan; otherwise it is a finding.
#   waivable: "yes"
#   category: messaging
#   enforcement: mandatory
#   remediation: Set redrivePolicy to JSON with deadLetterTargetArn and maxReceiveCount, and redriveAllowPolicy of the other queue to byQueue with this one as its source.
#   related: [AwsSolutions-SQS3, CT.SQS.PR.1]
package tenantform.rules.sqs_dead_letter_queue

import data.tenantform.lib.messaging
import data.tenantform.lib.plan

findings contains plan.finding(q, "redrivePolicy", plan.get(q, "redrivePolicy"), "the queue has no dead-letter queue") if {
	some q in messaging.queues
	not q.urn in messaging.dead
	not messaging.names_target(q, "redrivePolicy")
	not q.urn in set_apart
}

findings contains plan.finding(r, "redrivePolicy", plan.get(r, "redrivePolicy"), "the redrive policy names no queue") if {
	some r in plan.of_type(redrive_type)
	not messaging.names_target(r, "redrivePolicy")
}

findings contains plan.finding(q, "redrivePolicy", plan.get(q, "redrivePolicy"), "the queue is its own dead-letter queue") if {
	some q in messaging.queues
	name := plan.text(plan.get(q, "name"))
	name != ""
	endswith(plan.text(messaging.target(plan.get(q, "redrivePolicy"))), concat("", [":", name]))
}

redrive_type := "aws:sqs/redrivePolicy:RedrivePolicy"

set_apart := {urn | some r in plan.of_type(redrive_type); some urn in messaging.queue_of(r, "queueUrl")}
