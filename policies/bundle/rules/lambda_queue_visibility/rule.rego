# METADATA
# title: A queue hides messages for as long as its function needs
# description: |
#   When Lambda is throttled it tries a batch again, and a message that comes into
#   sight meanwhile is processed twice or becomes a dead letter without a fault.
#   AWS advises six times the function's timeout, and the batching window.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A time that is not known before the run is a finding. A queue or function that is not in the plan is passed over.
#   waivable: "yes"
#   category: messaging
#   enforcement: mandatory
#   remediation: Set the queue's visibilityTimeoutSeconds to six times the function's timeout and maximumBatchingWindowInSeconds.
#   related: [LambdaEventSourceSQSVisibilityTimeout]
package tenantform.rules.lambda_queue_visibility

import data.tenantform.lib.lambda
import data.tenantform.lib.plan

queue_type := "aws:sqs/queue:Queue"

# What AWS takes where nothing is set, in seconds.
defaults := {"visibilityTimeoutSeconds": 30, "timeout": 3, "maximumBatchingWindowInSeconds": 0}

# Each mapping with its queue and function.
triples := [[m, plan.by_urn[q], plan.by_urn[f]] |
	some m in plan.of_type("aws:lambda/eventSourceMapping:EventSourceMapping")
	some q in queues(m)
	some f in lambda.named(m, "functionName")
]

queues(m) := plan.sources_of_type(m, "eventSourceArn", queue_type) | object.get(
	urns_by_name,
	queue_name(split(plan.text(plan.get(m, "eventSourceArn")), ":")), set(),
)

default queue_name(_) := ""

queue_name(parts) := parts[5] if {
	count(parts) == 6
	parts[2] == "sqs"
}

urns_by_name := by_name

by_name[name] contains q.urn if {
	some q in plan.of_type(queue_type)
	name := plan.text(plan.get(q, "name"))
	name != ""
}

findings contains plan.finding(r, property, value, "this has to be known, and a number, to tell whether the queue hides messages for long enough") if {
	some [m, q, f] in triples
	some [r, property] in [[q, "visibilityTimeoutSeconds"], [f, "timeout"], [m, "maximumBatchingWindowInSeconds"]]
	value := plan.get(r, property)
	not timed(r, property)
}

findings contains plan.finding(q, "visibilityTimeoutSeconds", plan.get(q, "visibilityTimeoutSeconds"), why) if {
	some [m, q, f] in triples
	least := (6 * seconds(f, "timeout")) + seconds(m, "maximumBatchingWindowInSeconds")
	seconds(q, "visibilityTimeoutSeconds") < least
	why := sprintf("the function that reads the queue may need %d seconds for a batch and its retries", [least])
}

timed(r, property) if seconds(r, property) >= 0

seconds(r, property) := defaults[property] if plan.get(r, property) == null

seconds(r, property) := value if {
	value := plan.get(r, property)
	value != null
	is_number(value)
}
