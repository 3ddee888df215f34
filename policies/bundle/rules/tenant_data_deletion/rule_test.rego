package tenantform.rules.tenant_data_deletion_test

import data.tenantform.rules.tenant_data_deletion as rule

table := "aws:dynamodb/table:Table"

tree(resource) := [
	{"urn": "stack", "type": "pulumi:pulumi:Stack", "name": "stack", "custom": false, "operation": "same"},
	{"urn": "silo", "type": "tenantform:silo:Silo", "name": "acme-silo", "custom": false, "operation": "delete", "parent": "stack"},
	{"urn": "data", "type": "tenantform:data:Table", "name": "acme-silo-data", "custom": false, "operation": "delete", "parent": "silo"},
	object.union({"urn": "u", "name": "acme-silo", "custom": true, "protected": false, "parent": "data"}, resource),
]

found(resource, release) := out if {
	out := {f.property | some f in rule.findings} with input as {
		"plan": {"resources": tree(resource)}, "subject": {"release": release},
	}
}

without_release(resource) := out if {
	out := {f.property | some f in rule.findings} with input as {
		"plan": {"resources": tree(resource)}, "subject": {"tenantId": "acme"},
	}
}

gone := {"type": table, "operation": "delete", "oldInputs": {"name": "items"}}

move := {"kind": "move", "under": "acme-silo"}

whole := {"kind": "delete", "under": ""}

test_delete_needs_a_release if {
	without_release(gone) == {""}
	found(gone, null) == {""}
	found(gone, {}) == {""}
	found(gone, move) == set()
	found(gone, whole) == set()
	found(gone, {"kind": "delete", "under": "acme-silo"}) == set()
	found(gone, {"kind": "move", "under": ""}) == {""}
	found(gone, {"kind": "delete", "under": "other"}) == {""}
	found(gone, {"kind": "move", "under": "other"}) == {""}
	found(gone, {"kind": "approved", "under": "acme-silo"}) == {""}
	found(gone, {"kind": "", "under": "acme-silo"}) == {""}
}

# The resource's own name is not a component's.
test_below_a_component if {
	found(object.union(gone, {"parent": "stack"}), move) == {""}
	found(object.union(gone, {"parent": "stack"}), whole) == set()
	found(object.union(gone, {"parent": "not-in-the-plan"}), move) == {""}
}

test_component_without_a_name if {
	resources := [
		{"urn": "c", "type": "x:y:Z", "name": "", "custom": false, "operation": "delete"},
		object.union(gone, {"urn": "u", "name": "items", "custom": true, "protected": false, "parent": "c"}),
	]
	count(rule.findings) == 1 with input as {"plan": {"resources": resources}, "subject": {"release": {"kind": "move", "under": ""}}}
}

test_replace_is_never_excused if {
	replaced := {"type": table, "operation": "replace", "inputs": {}, "oldInputs": {}, "replaceKeys": ["hashKey", "name"]}
	without_release(replaced) == {"hashKey, name"}
	found(replaced, whole) == {"hashKey, name"}
	found(replaced, move) == {"hashKey, name"}
}

protected(type, property, value) := object.union(gone, {"type": type, "oldInputs": {property: value}})

test_protection_on if {
	found(protected(table, "deletionProtectionEnabled", true), whole) == {"deletionProtectionEnabled"}
	found(protected(table, "deletionProtectionEnabled", false), whole) == set()
	found(protected(table, "deletionProtectionEnabled", {"$unknown": true}), whole) == {"deletionProtectionEnabled"}
	found(protected("aws:cognito/userPool:UserPool", "deletionProtection", "ACTIVE"), move) == {"deletionProtection"}
	found(protected("aws:cognito/userPool:UserPool", "deletionProtection", "INACTIVE"), move) == set()
	found(protected("aws:rds/instance:Instance", "deletionProtection", true), move) == {"deletionProtection"}
	found(protected("aws:qldb/ledger:Ledger", "name", "a"), move) == {"deletionProtection"}
	found(object.union(gone, {"protected": true}), whole) == {"protect"}
}

changed(old, new) := {"type": table, "operation": "update", "oldInputs": old, "inputs": new}

test_switching_off if {
	on := {"deletionProtectionEnabled": true}
	without_release(changed(on, {})) == {"deletionProtectionEnabled"}
	without_release(changed(on, {"deletionProtectionEnabled": false})) == {"deletionProtectionEnabled"}
	without_release(changed(on, {"deletionProtectionEnabled": {"$unknown": true}})) == {"deletionProtectionEnabled"}
	without_release(changed(on, on)) == set()
	without_release(changed({}, on)) == set()
	without_release(changed({}, {})) == set()
	found(changed(on, {}), whole) == set()
	found(changed(on, {}), move) == set()
	found(changed(on, {}), {"kind": "move", "under": "other"}) == {"deletionProtectionEnabled"}
}

test_what_holds_no_data if {
	without_release({"type": "aws:ec2/vpc:Vpc", "operation": "delete"}) == set()
	without_release({"type": table, "operation": "same", "inputs": {}}) == set()
	without_release({"type": table, "operation": "create", "inputs": {}}) == set()
}

test_every_kind_of_data if every type, _ in data.tenantform.settings.tenant_data {
	count(without_release({"type": type, "operation": "delete"})) > 0
}

test_kinds_of_data if every type in [
	"aws:docdb/elasticCluster:ElasticCluster", "aws:dynamodb/table:Table", "aws:elasticache/replicationGroup:ReplicationGroup",
	"aws:elasticache/serverlessCache:ServerlessCache", "aws:fsx/lustreFileSystem:LustreFileSystem", "aws:fsx/ontapVolume:OntapVolume",
	"aws:fsx/windowsFileSystem:WindowsFileSystem", "aws:kinesis/stream:Stream", "aws:opensearch/serverlessCollection:ServerlessCollection",
	"aws:redshiftserverless/namespace:Namespace", "aws:s3/bucket:Bucket",
] {
	count(without_release({"type": type, "operation": "delete"})) > 0
}

opened(type, old, new) := {"type": type, "operation": "update", "oldInputs": old, "inputs": new}

test_letting_data_be_deleted if {
	bucket := "aws:s3/bucketV2:BucketV2"
	without_release(opened(bucket, {}, {"forceDestroy": true})) == {"forceDestroy"}
	without_release(opened(bucket, {"forceDestroy": false}, {"forceDestroy": {"$unknown": true}})) == {"forceDestroy"}
	without_release(opened(bucket, {"forceDestroy": true}, {"forceDestroy": true})) == set()
	without_release(opened(bucket, {"forceDestroy": true}, {})) == set()
	without_release(opened("aws:rds/cluster:Cluster", {}, {"skipFinalSnapshot": true})) == {"skipFinalSnapshot"}
	without_release(opened("aws:redshift/cluster:Cluster", {}, {"skipFinalSnapshot": true})) == {"skipFinalSnapshot"}
	without_release(opened("aws:fsx/windowsFileSystem:WindowsFileSystem", {}, {"skipFinalBackup": true})) == {"skipFinalBackup"}
	found(opened(bucket, {}, {"forceDestroy": true}), move) == set()
}

test_stack_protection if {
	off := {"type": table, "operation": "same", "wasProtected": true, "protected": false, "inputs": {}, "oldInputs": {}}
	without_release(off) == {"protect"}
	without_release(object.union(off, {"operation": "update"})) == {"protect"}
	without_release(object.union(off, {"protected": true})) == set()
	without_release(object.union(off, {"wasProtected": false})) == set()
	without_release(object.remove(off, ["wasProtected"])) == set()
	without_release(object.union(off, {"type": "aws:ec2/vpc:Vpc"})) == set()
	found(off, move) == set()
	found(off, {"kind": "move", "under": "other"}) == {"protect"}
}
