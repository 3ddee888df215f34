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

import data.tenantform.lib.lambda
import data.tenantform.lib.plan

findings contains plan.finding(m, at, value, why) if {
	some m in lambda.mappings
	destination := plan.field(plan.field(plan.get(m, "destinationConfig"), "onFailure"), "destinationArn")
	not plan.given(m, "destinationConfig", destination)
	source := plan.get(m, "eventSourceArn")
	types := {plan.by_urn[urn].type | some urn in plan.sources(m, "eventSourceArn")}
	not keeps(source, types)
	[at, value, why] := shown(source, types, destination)
}

# Sources that keep what could not be processed, or that take no destination.
keeps(source, _) if split(plan.text(source), ":")[2] in {"sqs", "mq", "rds"}

keeps(source, types) if {
	plan.is_unknown(source)
	count(types & {"aws:sqs/queue:Queue", "aws:mq/broker:Broker", "aws:docdb/cluster:Cluster"}) > 0
}

# Where the source decides and nobody can tell what it is, that is shown.
shown(source, types, destination) := ["eventSourceArn", source, "if it is a stream, a batch that cannot be processed is lost"] if {
	doubtful(source, types, destination)
}

shown(source, types, destination) := ["destinationConfig.onFailure.destinationArn", destination, "a batch that cannot be processed is lost"] if {
	not doubtful(source, types, destination)
}

doubtful(source, types, destination) if {
	plan.is_opaque(source)
	not plan.is_opaque(destination)
	count(types & streams) == 0
}

streams := {
	"aws:dynamodb/table:Table", "aws:kinesis/stream:Stream",
	"aws:msk/cluster:Cluster", "aws:msk/serverlessCluster:ServerlessCluster",
}
