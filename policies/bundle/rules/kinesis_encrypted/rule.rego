# METADATA
# title: A stream is encrypted
# description: |
#   A delivery stream keeps records until they are delivered, for a day where the
#   destination fails, and a data stream for as long as its retention says, up to a
#   year. Both take a key. A delivery stream that reads from a data stream or
#   from Kafka keeps nothing itself and takes none.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding.
#   waivable: "yes"
#   category: messaging
#   enforcement: mandatory
#   remediation: Set serverSideEncryption.enabled of the delivery stream to true, with keyType CUSTOMER_MANAGED_CMK and keyArn for a key of the owner's; set encryptionType of the data stream to KMS and kmsKeyId.
#   related: [AwsSolutions-KDF1, AwsSolutions-KDS1, CKV_AWS_43, CKV_AWS_240, DataFirehose.1, Kinesis.1]
package tenantform.rules.kinesis_encrypted

import data.tenantform.lib.plan

findings contains plan.finding(s, "serverSideEncryption.enabled", on, "records wait for their delivery in the clear") if {
	some [s, on] in unencrypted
	every source in sources(s) { not is_object(source) }
}

findings contains plan.finding(s, "serverSideEncryption.enabled", source, "records wait for their delivery in the clear, unless the stream reads from another") if {
	some [s, _] in unencrypted
	some source in sources(s)
	plan.is_opaque(source)
}

unencrypted := [[s, on] |
	some s in plan.of_type("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream")
	on := plan.field(plan.get(s, "serverSideEncryption"), "enabled")
	on != true
]

sources(s) := [plan.get(s, property) | some property in ["kinesisSourceConfiguration", "mskSourceConfiguration"]]

findings contains plan.finding(s, "encryptionType", kind, "the stream keeps its records in the clear") if {
	some s in plan.of_type("aws:kinesis/stream:Stream")
	kind := plan.get(s, "encryptionType")
	kind != "KMS"
}
