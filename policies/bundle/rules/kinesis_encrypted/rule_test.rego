package tenantform.rules.kinesis_encrypted_test

import data.tenantform.rules.kinesis_encrypted as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

found(type, inputs) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": type, "operation": "same", "inputs": inputs,
	}]}}
}

delivery(inputs) := found("aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", inputs)

test_delivery_stream if {
	delivery({"serverSideEncryption": {"enabled": true}}) == set()
	delivery({}) == {false}
	every v in [null, {}, {"enabled": false}, {"enabled": "true"}, {"keyArn": "k"}, "x"] { delivery({"serverSideEncryption": v}) == {false} }
	every v in [unknown, secret, {"enabled": unknown}] { delivery({"serverSideEncryption": v}) == {true} }
}

test_delivery_stream_that_reads if every property in ["kinesisSourceConfiguration", "mskSourceConfiguration"] {
	delivery({property: {"roleArn": "r"}}) == set()
	every v in [unknown, secret] { delivery({property: v}) == {true} }
	every v in [null, "x", []] { delivery({property: v}) == {false} }
	delivery({property: unknown, "serverSideEncryption": {"enabled": true}}) == set()
}

test_data_stream if {
	found("aws:kinesis/stream:Stream", {"encryptionType": "KMS"}) == set()
	found("aws:kinesis/stream:Stream", {}) == {false}
	every v in ["NONE", "", null, true] { found("aws:kinesis/stream:Stream", {"encryptionType": v}) == {false} }
	every v in [unknown, secret] { found("aws:kinesis/stream:Stream", {"encryptionType": v}) == {true} }
}
