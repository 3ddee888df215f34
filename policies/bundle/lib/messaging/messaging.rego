# METADATA
# title: Queues and topics
# description: |
#   The queues and topics of the plan, their policies, and which queues are for dead letters.
package tenantform.lib.messaging

import data.tenantform.lib.iam
import data.tenantform.lib.plan

queue_type := "aws:sqs/queue:Queue"

topic_type := "aws:sns/topic:Topic"

# METADATA
# description: The live queues.
queues := plan.of_type(queue_type)

# METADATA
# description: The live topics.
topics := plan.of_type(topic_type)

queue_urns := queues_by_name

queues_by_name[name] contains q.urn if {
	some q in queues
	name := plan.text(plan.get(q, "name"))
	name != ""
}

topic_urns := topics_by_name

topics_by_name[name] contains t.urn if {
	some t in topics
	name := plan.text(plan.get(t, "name"))
	name != ""
}

# The name at the end of an ARN or of a queue's URL.
last_name(text) := parts[count(parts) - 1] if parts := split(replace(text, "/", ":"), ":")

# METADATA
# description: The URN of the queue that a property names; an empty set where it cannot be told.
queue_of(r, property) := object.get(queue_urns, last_name(plan.text(plan.get(r, property))), sole(r, property, queue_type))

# METADATA
# description: The URN of the topic that a property names; an empty set where it cannot be told.
topic_of(r, property) := object.get(topic_urns, last_name(plan.text(plan.get(r, property))), sole(r, property, topic_type))

sole(r, property, type) := from if {
	from := plan.sources_of_type(r, property, type)
	count(from) == 1
} else := set()

# METADATA
# description: The policies of queues, as pairs of the document and the URNs of its queue.
queue_policies := array.concat(
	[[d, {d.urn}] | some d in iam.resource_documents; d.resource.type == queue_type],
	[[d, queue_of(d.resource, "queueUrl")] |
		some d in iam.resource_documents
		d.resource.type == "aws:sqs/queuePolicy:QueuePolicy"
	],
)

# METADATA
# description: The policies of topics, as pairs of the document and the URNs of its topic.
topic_policies := array.concat(
	[[d, {d.urn}] | some d in iam.resource_documents; d.resource.type == topic_type],
	[[d, topic_of(d.resource, "arn")] |
		some d in iam.resource_documents
		d.resource.type == "aws:sns/topicPolicy:TopicPolicy"
	],
)

# METADATA
# description: |
#   The ARN of the dead-letter queue in a redrive policy; empty where it names none, and
#   the value itself where that cannot be looked into.
default target(_) := ""

target(value) := value if plan.is_opaque(value)

target(value) := arn(json.unmarshal(value)) if {
	is_string(value)
	json.is_valid(value)
}

target(value) := arn(value) if {
	is_object(value)
	not plan.is_opaque(value)
}

arn(policy) := policy.deadLetterTargetArn if startswith(plan.text(policy.deadLetterTargetArn), "arn:")

arn(policy) := policy.deadLetterTargetArn if plan.is_opaque(policy.deadLetterTargetArn)

# METADATA
# description: |
#   Tells whether a redrive policy names a dead-letter queue. What is not known has to
#   come from a queue of the plan, other than the resource itself.
names_target(r, property) if startswith(plan.text(target(plan.get(r, property))), "arn:")

names_target(r, property) if {
	plan.is_unknown(target(plan.get(r, property)))
	count(plan.sources_of_type(r, property, queue_type) - {r.urn}) > 0
}

# METADATA
# description: |
#   The URNs of the queues that dead letters are put into: those that say which queues
#   may, and those that something of the plan names for it.
dead := {q.urn | some q in queues; takes_dead_letters(plan.get(q, "redriveAllowPolicy"))} | {urn |
	some r in plan.of_type("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
	takes_dead_letters(plan.get(r, "redriveAllowPolicy"))
	some urn in queue_of(r, "queueUrl")
} | {urn |
	some type, [property, path] in naming
	some r in plan.of_type(type)
	some urn in named(r, property, path)
}

# A queue that lists its sources is a dead-letter queue.
takes_dead_letters(value) if {
	is_string(value)
	json.is_valid(value)
	json.unmarshal(value).redrivePermission == "byQueue"
}

takes_dead_letters(value) if value.redrivePermission == "byQueue"

# Types that name a queue for what fails: the property, and the way to the ARN in it.
naming := {
	"aws:sqs/queue:Queue": ["redrivePolicy", []],
	"aws:sqs/redrivePolicy:RedrivePolicy": ["redrivePolicy", []],
	"aws:sns/topicSubscription:TopicSubscription": ["redrivePolicy", []],
	"aws:lambda/function:Function": ["deadLetterConfig", ["targetArn"]],
	"aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": ["destinationConfig", ["onFailure", "destination"]],
	"aws:lambda/eventSourceMapping:EventSourceMapping": ["destinationConfig", ["onFailure", "destinationArn"]],
	"aws:cloudwatch/eventTarget:EventTarget": ["deadLetterConfig", ["arn"]],
	"aws:scheduler/schedule:Schedule": ["target", ["deadLetterConfig", "arn"]],
}

named(r, property, []) := known if {
	known := object.get(queue_urns, last_name(plan.text(target(plan.get(r, property)))), set()) - {r.urn}
	count(known) > 0
} else := plan.sources_of_type(r, property, queue_type) - {r.urn}

named(r, property, path) := object.get(queue_urns, last_name(plan.text(value)), set()) if {
	count(path) > 0
	value := reached(plan.get(r, property), path)
	not plan.is_opaque(value)
}

named(r, property, path) := plan.sources_of_type(r, property, queue_type) if {
	count(path) > 0
	plan.is_opaque(reached(plan.get(r, property), path))
}

reached(value, _) := value if plan.is_opaque(value)

reached(value, path) := found if {
	not plan.is_opaque(value)
	is_object(value)
	found := object.get(value, path, null)
}
