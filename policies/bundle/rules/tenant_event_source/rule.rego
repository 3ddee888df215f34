# METADATA
# title: Events stay with one tenant
# description: |
#   What takes events and what they come from belong to one tenant: both ends of an
#   event source mapping, of a subscription to a topic, of a bucket's notifications, of
#   an event rule's targets, and the source that a function's permission names. A
#   tenant's stack may take from a shared topic only what a filter policy limits to the
#   tenant. Where both ends are in the plan their tags must agree in every program.
# custom:
#   severity: critical
#   scope: stack
#   on_unknown: An end that is not known counts when it comes from resources of the plan with the tenant's tag, in a shared stack when it comes from resources of the plan without a tenant's. Otherwise it is a finding.
#   waivable: exact
#   category: tenancy
#   enforcement: mandatory
#   remediation: Let the mapping or subscription join resources of one tenant; give a subscription to a shared topic the filterPolicy {"tenantId":["TENANT"]}.
#   related: [Tenantform.MT16]
package tenantform.rules.tenant_event_source

import data.tenantform.lib.plan
import data.tenantform.lib.tenancy

# The ends of each joint: the resource, the property, the value and the role.
ends := array.concat(array.concat(array.concat(mappings, subscriptions), array.concat(permissions, notifications)), targets)

mappings := [[m, property, plan.get(m, property)] |
	some m in plan.of_type("aws:lambda/eventSourceMapping:EventSourceMapping")
	some property in ["eventSourceArn", "functionName"]
	not self_managed(m, property)
]

# Kafka and MQ outside of AWS have no ARN.
self_managed(m, "eventSourceArn") if {
	plan.get(m, "eventSourceArn") == null
	plan.get(m, "selfManagedEventSource") != null
}

subscriptions := [[s, property, plan.get(s, property)] |
	some s in plan.of_type("aws:sns/topicSubscription:TopicSubscription")
	some property in ["topic", "endpoint"]
	not elsewhere(s, property)
]

# A mail address or a URL has no tenant in it.
elsewhere(s, "endpoint") if not plan.get(s, "protocol") in {"sqs", "lambda", "firehose"}

permissions := [[p, "sourceArn", plan.get(p, "sourceArn")] |
	some p in plan.of_type("aws:lambda/permission:Permission")
	plan.get(p, "sourceArn") != null
]

notifications := [[n, property, arn] |
	some n in plan.of_type("aws:s3/bucketNotification:BucketNotification")
	some [property, key] in [["queues", "queueArn"], ["topics", "topicArn"], ["lambdaFunctions", "lambdaFunctionArn"]]
	some entry in plan.list(plan.get(n, property))
	arn := plan.field(entry, key)
]

targets := [[t, "arn", plan.get(t, "arn")] | some t in plan.of_type("aws:cloudwatch/eventTarget:EventTarget")]

findings contains plan.finding(r, property, value, "this end is not the tenant's, so events pass between tenants") if {
	tenancy.alone
	some [r, property, value] in ends
	not owned(r, property, value)
	not limited(r, property, value)
}

# By the tags of what it comes from, or by the name.
owned(r, property, value) if {
	some id in tenancy.owners(r, property)
	id == tenancy.tenant
	every other in tenancy.owners(r, property) { other == tenancy.tenant }
	not named_other(value)
}

owned(_, _, value) if tenancy.belongs(plan.text(value)) == "own"

# Lambda takes a name for an ARN, too.
owned(_, "functionName", value) if {
	not startswith(plan.text(value), "arn:")
	tenancy.own(split(plan.text(value), ":")[0])
}

# API Gateway's ARNs have an id; it counts where the API is the plan's.
owned(r, "sourceArn", value) if {
	contains(plan.text(value), ":execute-api:")
	from := plan.sources(r, "sourceArn")
	count(from) > 0
	every urn in from { tenancy.tagged[urn] == tenancy.tenant }
}

named_other(value) if tenancy.belongs(plan.text(value)) in {"other", "shared"}

# From a shared topic only what is the tenant's.
limited(r, "topic", value) if {
	tenancy.belongs(plan.text(value)) == "shared"
	filter := plan.get(r, "filterPolicy")
	is_string(filter)
	json.is_valid(filter)
	policy := json.unmarshal(filter)
	is_object(policy)
	some key in ["tenantId", "tenant-id", "tenant_id", "TenantID", "tenantid"]
	policy[key] == [tenancy.tenant]
}

# Shared stacks.

findings contains plan.finding(r, property, value, "this end is one tenant's, in a stack that all share") if {
	tenancy.together
	some [r, property, value] in ends
	some name in tenancy.names(plan.text(value))
	tenancy.other(name) != ""
}

findings contains f if {
	tenancy.together
	some [r, property, value] in ends
	some f in plan.misfits(r, property, value, {"string"})
}

findings contains plan.finding(r, property, value, "whose this end is cannot be told, in a stack that all share") if {
	tenancy.together
	some [r, property, value] in ends
	plan.is_opaque(value)
	not tenancy.from_shared(r, property)
}

# Any program, by the tags.

findings contains plan.finding(r, second, null, sprintf("the ends are different tenants': %s", [concat(", ", ids)])) if {
	some [type, first, second] in [
		["aws:lambda/eventSourceMapping:EventSourceMapping", "eventSourceArn", "functionName"],
		["aws:sns/topicSubscription:TopicSubscription", "topic", "endpoint"],
		["aws:lambda/permission:Permission", "sourceArn", "function"],
		["aws:s3/bucketNotification:BucketNotification", "bucket", "queues"],
		["aws:s3/bucketNotification:BucketNotification", "bucket", "lambdaFunctions"],
		["aws:s3/bucketNotification:BucketNotification", "bucket", "topics"],
		["aws:cloudwatch/eventTarget:EventTarget", "rule", "arn"],
	]
	some r in plan.of_type(type)
	ids := tenancy.owners(r, first) | tenancy.owners(r, second)
	count(ids) > 1
}
