# METADATA
# title: Records of a stream that could not be processed are kept
# description: |
#   Lambda gives up on a batch of a stream after its retries, or holds up the shard
#   until the records expire. A destination for failures tells of the batch, so
#   that it can be processed later. Queues keep their messages themselves, in their
#   dead-letter queue, and document databases know no destination.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A destination that is not known counts where it comes from another resource. A source that is not known counts as a stream, unless it comes from a queue, a broker or a document database.
#   waivable: "yes"
#   category: compute
#   enforcement: production
#   remediation: Set destinationConfig.onFailure.destinationArn to a queue or topic, and maximumRetryAttempts to a number.
#   related: [LambdaEventSourceMappingDestination]
package tenantform.rules.lambda_event_source_failure_destination

import data.tenantform.lib.plan

findings contains plan.finding(m, "destinationConfig.onFailure.destinationArn", destination, "a batch that cannot be processed is lost") if {
	some m in plan.of_type("aws:lambda/eventSourceMapping:EventSourceMapping")
	destination := plan.field(plan.field(plan.get(m, "destinationConfig"), "onFailure"), "destinationArn")
	not plan.given(m, "destinationConfig", destination)
	not keeps(m)
	not doubtful(m)
}

findings contains plan.finding(m, "eventSourceArn", source, "if it is a stream, a batch that cannot be processed is lost") if {
	some m in plan.of_type("aws:lambda/eventSourceMapping:EventSourceMapping")
	destination := plan.field(plan.field(plan.get(m, "destinationConfig"), "onFailure"), "destinationArn")
	not plan.given(m, "destinationConfig", destination)
	not keeps(m)
	doubtful(m)
	source := plan.get(m, "eventSourceArn")
}

# A source that nobody can tell, and no destination that is just not known.
doubtful(m) if {
	plan.is_opaque(plan.get(m, "eventSourceArn"))
	not plan.is_opaque(plan.field(plan.field(plan.get(m, "destinationConfig"), "onFailure"), "destinationArn"))
	not of_stream(m)
}

# Sources that keep what could not be processed, or that take no destination.
keeps(m) if split(plan.text(plan.get(m, "eventSourceArn")), ":")[2] in {"sqs", "mq", "rds"}

keeps(m) if {
	plan.is_unknown(plan.get(m, "eventSourceArn"))
	some type in ["aws:sqs/queue:Queue", "aws:mq/broker:Broker", "aws:docdb/cluster:Cluster"]
	count(plan.sources_of_type(m, "eventSourceArn", type)) > 0
}

of_stream(m) if {
	some type in ["aws:dynamodb/table:Table", "aws:kinesis/stream:Stream", "aws:msk/cluster:Cluster", "aws:msk/serverlessCluster:ServerlessCluster"]
	count(plan.sources_of_type(m, "eventSourceArn", type)) > 0
}
