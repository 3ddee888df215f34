package tenantform.rules.vpc_endpoints_present_test

import data.tenantform.rules.vpc_endpoints_present as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

vpc := {"urn": "a", "type": "aws:ec2/vpc:Vpc", "operation": "create", "inputs": {}}

table := {"urn": "t", "type": "aws:dynamodb/table:Table", "operation": "create", "inputs": {}}

bucket := {"urn": "b", "type": "aws:s3/bucketV2:BucketV2", "operation": "create", "inputs": {}}

endpoint(service, from) := {
	"urn": "e", "type": "aws:ec2/vpcEndpoint:VpcEndpoint", "operation": "create",
	"inputs": {"vpcId": unknown, "serviceName": service}, "propertyDependencies": {"vpcId": from},
}

test_present if {
	found([vpc, table, endpoint("com.amazonaws.eu-west-1.dynamodb", ["a"])]) == set()
	found([vpc, bucket, endpoint("com.amazonaws.eu-west-1.s3", ["a"])]) == set()
	found([vpc]) == set()
	found([table, bucket]) == set()
}

test_missing if {
	found([vpc, table]) == {["a", "", false]}
	found([vpc, bucket]) == {["a", "", false]}
	found([vpc, table, endpoint("com.amazonaws.eu-west-1.s3", ["a"])]) == {["a", "", false]}
	found([vpc, table, endpoint("com.amazonaws.eu-west-1.dynamodb", [])]) == {["a", "", false]}
	found([vpc, table, endpoint(1, ["a"])]) == {["a", "", false]}
	found([vpc, table, object.union(endpoint("com.amazonaws.eu-west-1.dynamodb", ["a"]), {"operation": "delete"})]) == {["a", "", false]}
}

test_unknown if {
	found([vpc, table, endpoint(unknown, ["a"])]) == {["a", "", true]}
	found([vpc, table, endpoint(secret, ["a"])]) == {["a", "", true]}
}

test_network_of_tenants_code if {
	host := object.union(vpc, {"urn": "urn:pulumi:s::p::tenantform:functionhost:Host$tenantform:network:Network$aws:ec2/vpc:Vpc::a"})
	found([host, bucket]) == set()
}

test_one_known if {
	found([vpc, table, endpoint("com.amazonaws.eu-west-1.dynamodb", ["a"]), object.union(endpoint(unknown, ["a"]), {"urn": "f"})]) == set()
}
