package tenantform.rules.s3_kms_encryption_test

import data.tenantform.rules.s3_kms_encryption as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

bucket(inputs) := {"urn": "b", "type": "aws:s3/bucketV2:BucketV2", "operation": "create", "inputs": inputs}

plain(inputs) := object.union(bucket(inputs), {"type": "aws:s3/bucket:Bucket"})

setting(inputs) := {
	"urn": "s", "type": "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "operation": "create",
	"inputs": object.union({"bucket": unknown}, inputs), "propertyDependencies": {"bucket": ["b"]},
}

none := {["b", "", false]}

algorithm(a) := setting({"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": a}}]})

test_encrypted if {
	found([bucket({}), algorithm("aws:kms")]) == set()
	found([bucket({}), algorithm("aws:kms:dsse")]) == set()
	found([plain({"serverSideEncryptionConfiguration": {"rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}}})]) == set()
	found([bucket({"serverSideEncryptionConfigurations": [{"rules": [{"applyServerSideEncryptionByDefaults": [{"sseAlgorithm": "aws:kms"}]}]}]})]) == set()
}

test_not_encrypted if {
	found([bucket({})]) == none
	found([plain({})]) == none
	found([bucket({}), algorithm("AES256")]) == {["s", "rules", false]}
	found([bucket({}), algorithm(null)]) == {["s", "rules", false]}
	found([bucket({}), setting({"rules": []})]) == {["s", "rules", false]}
	found([bucket({}), setting({})]) == {["s", "rules", false]}
	found([bucket({}), setting({"rules": ["x"]})]) == {["s", "rules", false]}
	found([plain({"serverSideEncryptionConfiguration": {"rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}}})]) == {["b", "serverSideEncryptionConfiguration", false]}
	found([plain({"serverSideEncryptionConfiguration": {}})]) == {["b", "serverSideEncryptionConfiguration", false]}
	found([bucket({"serverSideEncryptionConfigurations": [{"rules": [{"applyServerSideEncryptionByDefaults": [{"sseAlgorithm": "AES256"}]}]}]})]) == {["b", "serverSideEncryptionConfigurations", false]}
}

test_unknown if {
	found([bucket({}), algorithm(unknown)]) == {["s", "rules", true]}
	found([bucket({}), setting({"rules": unknown})]) == {["s", "rules", true]}
	found([bucket({}), setting({"rules": [secret]})]) == {["s", "rules", true]}
	found([plain({"serverSideEncryptionConfiguration": unknown})]) == {["b", "serverSideEncryptionConfiguration", true]}
	found([bucket({"serverSideEncryptionConfigurations": unknown})]) == {["b", "serverSideEncryptionConfigurations", true]}
}

logging := {"urn": "l", "type": "aws:s3/bucketLoggingV2:BucketLoggingV2", "operation": "create", "inputs": {"targetBucket": unknown, "bucket": "other"}, "propertyDependencies": {"targetBucket": ["b"]}}

test_target_of_logs if {
	found([bucket({}), logging]) == set()
	found([bucket({}), logging, algorithm("AES256")]) == set()
}
