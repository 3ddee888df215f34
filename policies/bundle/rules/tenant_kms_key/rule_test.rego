package tenantform.rules.tenant_kms_key_test

import data.tenantform.rules.tenant_kms_key as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

decided(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}, "subject": {"program": "tenant", "tenantId": "acme"}}
}

silo := {"tenant-id": "acme", "model": "silo"}

place := {"account": "111111111111"}

key(tenant) := {"urn": "key", "id": "0a", "type": "aws:kms/key:Key", "operation": "create", "inputs": {"tags": {"tenant-id": tenant}}, "provider": place}

table(tags, value, from) := {
	"urn": "t", "type": "aws:dynamodb/table:Table", "operation": "create",
	"inputs": {"tags": tags, "serverSideEncryption": {"kmsKeyArn": value}}, "propertyDependencies": {"serverSideEncryption": from},
}

property := "serverSideEncryption.kmsKeyArn"

test_table if {
	decided([key("acme"), table(silo, unknown, ["key"])]) == set()
	decided([key("acme"), table(silo, "arn:aws:kms:eu-west-1:111111111111:key/0a", [])]) == set()
	decided([key("shared"), table(silo, unknown, ["key"])]) == {["t", property, false]}
	decided([key("acme"), table(silo, "arn:aws:kms:eu-west-1:111111111111:key/0b", [])]) == {["t", property, false]}
	decided([key("acme"), table(silo, unknown, [])]) == {["t", property, true]}
	decided([key("acme"), table(silo, secret, [])]) == {["t", property, true]}
	every value in [null, "", 1, []] { decided([table(silo, value, [])]) == {["t", property, false]} }
	decided([key("acme"), table(silo, null, ["key"])]) == {["t", property, false]}
	decided([table({"tenant-id": "acme", "model": "pool"}, null, [])]) == set()
	decided([object.union(table({}, null, []), {"urn": "x::tenantform:silo:Silo$aws:dynamodb/table:Table::t"})]) == {["x::tenantform:silo:Silo$aws:dynamodb/table:Table::t", property, false]}
}

test_alias if {
	alias := {"urn": "alias", "type": "aws:kms/alias:Alias", "operation": "create", "inputs": {}, "propertyDependencies": {"targetKeyId": ["key"]}}
	decided([key("acme"), alias, table(silo, unknown, ["alias"])]) == set()
	decided([key("birch"), alias, table(silo, unknown, ["alias"])]) == {["t", property, true]}
}

bucket := {"urn": "b", "type": "aws:s3/bucketV2:BucketV2", "operation": "create", "inputs": {"bucket": "acme-files", "tags": silo}}

encryption(rules, from) := {
	"urn": "e", "type": "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "operation": "create",
	"inputs": {"bucket": "acme-files", "rules": rules}, "propertyDependencies": {"bucket": ["b"], "rules": from},
}

by(value) := [{"applyServerSideEncryptionByDefault": {"kmsMasterKeyId": value}}]

test_bucket if {
	decided([key("acme"), bucket, encryption(by(unknown), ["key"])]) == set()
	decided([bucket]) == {["b", "serverSideEncryptionConfiguration", false]}
	decided([key("acme"), bucket, encryption(by(null), ["key"])]) == {["e", "rules", false]}
	every rules in [[], null, "x", [1]] { decided([key("acme"), bucket, encryption(rules, ["key"])]) == {["e", "rules", false]} }
	decided([key("acme"), bucket, encryption(unknown, [])]) == {["e", "rules", true]}
	inline := {"serverSideEncryptionConfiguration": {"rule": {"applyServerSideEncryptionByDefault": {"kmsMasterKeyId": unknown}}}}
	decided([key("acme"), object.union(bucket, {"inputs": inline, "propertyDependencies": {"serverSideEncryptionConfiguration": ["key"]}})]) == set()
}

test_bucket_of_logs if {
	of := {"urn": "l", "type": "aws:s3/bucketLoggingV2:BucketLoggingV2", "operation": "create", "inputs": {"bucket": "acme-data", "targetBucket": "acme-files"}}
	plain := [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
	decided([key("acme"), bucket, encryption(plain, []), of]) == set()
	itself := object.union(of, {"inputs": {"bucket": "acme-files"}})
	decided([key("acme"), bucket, encryption(plain, []), itself]) == {["e", "rules", false]}
}

policy(statement) := {unknown | some [_, "policy", unknown] in decided([object.union(key("acme"), {"inputs": {"policy": {"Statement": [object.union({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}, statement)]}}})])}

test_policy if {
	every name in ["111111111111", "arn:aws:iam::111111111111:root", "arn:aws:iam::111111111111:role/acme-silo-worker"] { policy({"Principal": {"AWS": name}}) == set() }
	every name in ["*", "222222222222", "arn:aws:iam::222222222222:root", "arn:aws:iam::111111111111:role/birch-silo", "arn:aws:iam::111111111111:role/acme-eu-silo", "arn:aws:iam::111111111111:user/acme-x"] {
		policy({"Principal": {"AWS": name}}) == {false}
	}
	policy({"Principal": "*"}) == {false}
	policy({"NotPrincipal": {"AWS": "111111111111"}}) == {false}
	policy({"Principal": {"Service": "logs.amazonaws.com"}}) == {false}
	policy({"Principal": {"Service": "logs.amazonaws.com"}, "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:x"}}}) == set()
	policy({"Principal": {"Federated": "x"}}) == {false}
	policy({"Principal": unknown}) == {true}
	policy({"Effect": "Deny", "Principal": "*"}) == set()
	decided([object.union(key("acme"), {"inputs": {"policy": unknown}})]) == {["key", "policy", true]}
	decided([object.union(key("acme"), {"inputs": {"policy": "{"}})]) == {["key", "policy", false]}
}

grant(inputs, from) := {"urn": "g", "type": "aws:kms/grant:Grant", "operation": "create", "inputs": inputs, "propertyDependencies": from, "provider": place}

test_grants if {
	role := {"urn": "role", "type": "aws:iam/role:Role", "operation": "create", "inputs": {"tags": {"tenant-id": "acme"}}}
	decided([key("acme"), role, grant({"keyId": unknown, "granteePrincipal": unknown}, {"keyId": ["key"], "granteePrincipal": ["role"]})]) == set()
	decided([key("acme"), grant({"keyId": "0a", "granteePrincipal": "arn:aws:iam::111111111111:role/acme-silo"}, {})]) == set()
	decided([grant({"keyId": "pool", "granteePrincipal": "arn:aws:iam::111111111111:role/birch-silo"}, {})]) == {["g", "keyId", false], ["g", "granteePrincipal", false]}
	decided([grant({"keyId": unknown, "granteePrincipal": unknown}, {})]) == {["g", "keyId", true], ["g", "granteePrincipal", true]}
}

test_shared_stacks_are_for_other_rules if {
	rule.findings == set() with input as {"plan": {"resources": [key("shared"), table(silo, null, [])]}, "subject": {"program": "pool"}}
}

# A default provider does not tell its account; the stack's stands for it.
let_in_by(name, account) := out if {
	out := {f.property | some f in rule.findings} with input as {
		"plan": {"resources": [{"urn": "key", "type": "aws:kms/key:Key", "operation": "create", "provider": {}, "inputs": {
			"tags": {"tenant-id": "acme"},
			"policy": json.marshal({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": name}}]}),
		}}]},
		"subject": {"program": "", "tenantId": "acme", "account": account},
	}
}

test_default_provider if {
	let_in_by("arn:aws:iam::111111111111:root", "111111111111") == set()
	let_in_by("arn:aws:iam::222222222222:root", "111111111111") == {"policy"}
	let_in_by("arn:aws:iam::111111111111:root", "") == {"policy"}
}
