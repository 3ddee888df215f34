package tenantform.lib.keys_test

import data.tenantform.lib.keys

unknown := {"$unknown": true}

from(type) := {"propertyDependencies": {"key": [concat("", ["urn:pulumi:s::p::tenantform:encryption:Key$", type, "::key"])]}}

test_known if {
	every key in ["arn:aws:kms:eu-west-1:111111111111:key/1", "alias/acme", "1"] { keys.own({}, "key", key) }
	every key in ["", null, 1, true, [], {}, "alias/aws/dynamodb", "arn:aws:kms:eu-west-1:111111111111:alias/aws/rds"] {
		not keys.own(from("aws:kms/key:Key"), "key", key)
	}
}

test_unknown if {
	kinds := ["key:Key", "replicaKey:ReplicaKey", "externalKey:ExternalKey", "replicaExternalKey:ReplicaExternalKey", "alias:Alias"]
	every kind in kinds { keys.own(from(concat("/", ["aws:kms", kind])), "key", unknown) }
	keys.own({"propertyDependencies": {"key": ["urn:pulumi:s::p::pulumi:pulumi:StackReference::pool-a"]}}, "key", unknown)
	not keys.own(from("aws:kms/key:Key"), "other", unknown)
	not keys.own(from("aws:s3/bucketV2:BucketV2"), "key", unknown)
	not keys.own({"propertyDependencies": {"key": ["key"]}}, "key", unknown)
	not keys.own({}, "key", unknown)
	not keys.own(from("aws:kms/key:Key"), "key", {"$secret": true})
}

test_aliased if {
	keys.aliased(from("aws:kms/alias:Alias"), "key")
	not keys.aliased(from("aws:kms/alias:Alias"), "other")
	not keys.aliased(from("aws:kms/key:Key"), "key")
	not keys.aliased({}, "key")
}
