# METADATA
# title: A table is encrypted with a key of its owner
# description: |
#   DynamoDB encrypts every table, with a key of AWS's own unless another is named.
#   With a key of the owner's the key's policy says who may read the items, each use
#   of it is recorded, and what a tenant left behind goes when its key goes.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A key that is not known before the run is a finding, unless it comes from a key of the plan or of another stack.
#   waivable: "yes"
#   category: data
#   enforcement: production
#   remediation: Set serverSideEncryption.enabled to true and serverSideEncryption.kmsKeyArn to the ARN of the owner's key; kmsKeyArn of each replica, too.
#   related: [CKV_AWS_119, CT.DYNAMODB.PR.2]
package tenantform.rules.dynamodb_customer_key

import data.tenantform.lib.keys
import data.tenantform.lib.plan

findings contains plan.finding(t, "serverSideEncryption.enabled", on, "the table is encrypted with a key that AWS owns") if {
	some [t, encryption] in tables
	on := plan.field(encryption, "enabled")
	on != true
}

findings contains plan.finding(t, "serverSideEncryption.kmsKeyArn", key, "the table is encrypted with AWS's own key of DynamoDB") if {
	some [t, encryption] in tables
	plan.field(encryption, "enabled") == true
	key := plan.field(encryption, "kmsKeyArn")
	not keys.own(t, "serverSideEncryption", key)
}

tables := [[t, encryption] |
	some t in plan.of_type("aws:dynamodb/table:Table")
	encryption := plan.get(t, "serverSideEncryption")
]

findings contains plan.finding(t, property, key, "this replica of the table is encrypted with a key of AWS's own") if {
	some [t, _] in tables
	some i, replica in plan.list(plan.get(t, "replicas"))
	key := plan.field(replica, "kmsKeyArn")
	not keys.own(t, "replicas", key)
	property := sprintf("replicas[%d].kmsKeyArn", [i])
}

findings contains plan.finding(r, "kmsKeyArn", key, "the replica is encrypted with a key of AWS's own") if {
	some r in plan.of_type("aws:dynamodb/tableReplica:TableReplica")
	key := plan.get(r, "kmsKeyArn")
	not keys.own(r, "kmsKeyArn", key)
}
