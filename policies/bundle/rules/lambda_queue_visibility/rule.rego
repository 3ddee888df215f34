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

# The times that matter, in seconds: whose they are and what AWS takes where nothing is set.
times := {
	"visibilityTimeoutSeconds": {"of": "queue", "default": 30},
	"timeout": {"of": "function", "default": 3},
	"maximumBatchingWindowInSeconds": {"of": "mapping", "default": 0},
}

# Each mapping with a queue and a function of the plan, by URN, and their times.
triples := [{"mapping": m.urn, "queue": q, "function": f, "seconds": {property: seconds(plan.by_urn[urns[times[property].of]], property) |
	some property, _ in times
	urns := {"mapping": m.urn, "queue": q, "function": f}
}} |
	some m in lambda.mappings
	some q in queues(m)
	some f in lambda.polls[m.urn]
]

# A time, or "" for one that is not a number.
default seconds(_, _) := ""

seconds(r, property) := value if {
	value := plan.get(r, property)
	is_number(value)
}

seconds(r, property) := times[property]["default"] if plan.get(r, property) == null

queues(m) := plan.sources_of_type(m, "eventSourceArn", queue_type) | object.get(
	urns_by_name,
	queue_name(split(plan.text(plan.get(m, "eventSourceArn")), ":")), set(),
)

default queue_name(_) := ""

queue_name(parts) := parts[5] if parts[2] == "sqs"

urns_by_name := by_name

by_name[name] contains q.urn if {
	some q in plan.of_type(queue_type)
	name := plan.text(plan.get(q, "name"))
	name != ""
}

findings contains plan.finding(r, property, plan.get(r, property), "this has to be known, and a number, to tell whether the queue hides messages for long enough") if {
	some t in triples
	some property, "" in t.seconds
	r := plan.by_urn[t[times[property].of]]
}

findings contains plan.finding(q, "visibilityTimeoutSeconds", t.seconds.visibilityTimeoutSeconds, why) if {
	some t in triples
	not "" in t.seconds
	least := (6 * t.seconds.timeout) + t.seconds.maximumBatchingWindowInSeconds
	t.seconds.visibilityTimeoutSeconds < least
	q := plan.by_urn[t.queue]
	why := sprintf("the function that reads the queue may need %d seconds for a batch and its retries", [least])
}
