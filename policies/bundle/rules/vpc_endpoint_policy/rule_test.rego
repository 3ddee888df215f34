package tenantform.rules.vpc_endpoint_policy_test

import data.tenantform.rules.vpc_endpoint_policy as rule

found(resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

secret := {"$secret": true}

endpoint(inputs) := {"urn": "e", "id": "vpce-1", "type": "aws:ec2/vpcEndpoint:VpcEndpoint", "operation": "create", "inputs": inputs}

base := {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}

given(more) := found([endpoint({"policy": {"Statement": [object.union(object.remove(base, object.keys(more)), more)]}})])

conditioned(key, value) := given({"Condition": {"StringEquals": {key: value}}})

test_without_policy if {
	found([endpoint({})]) == {["e", "policy", false]}
	found([endpoint({"policy": ""})]) == {["e", "policy", false]}
	found([endpoint({"vpcEndpointType": "Interface", "serviceName": "com.amazonaws.eu-west-1.sqs"})]) == {["e", "policy", false]}
	found([endpoint({"vpcEndpointType": "GatewayLoadBalancer"})]) == set()
	found([endpoint({"vpcEndpointType": "Interface", "serviceName": "com.amazonaws.vpce.eu-west-1.vpce-svc-1"})]) == set()
}

test_open if {
	given({}) == {["e", "policy", false]}
	given({"Principal": {"AWS": "*"}, "Action": "*"}) == {["e", "policy", false]}
	given({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}) == {["e", "policy", false]}
	conditioned("aws:ResourceAccount", "*") == {["e", "policy", false]}
	found([endpoint({"policy": {"Statement": [object.union(object.remove(base, ["Resource"]), {"NotResource": "arn:aws:s3:::a"})]}})]) == {["e", "policy", false]}
	found([endpoint({"policy": {"Statement": [object.remove(base, ["Resource"])]}})]) == {["e", "policy", false]}
}

test_limited if {
	conditioned("aws:PrincipalAccount", "111111111111") == set()
	conditioned("aws:ResourceAccount", ["111111111111"]) == set()
	conditioned("aws:ResourceOrgID", "o-abc") == set()
	given({"Resource": "arn:aws:s3:::files/*"}) == set()
	given({"Resource": unknown}) == set()
	given({"Principal": {"AWS": "arn:aws:iam::111111111111:role/worker"}}) == set()
	given({"Effect": "Deny"}) == set()
}

test_unknown if {
	found([endpoint({"policy": unknown})]) == {["e", "policy", true]}
	found([endpoint({"policy": secret})]) == {["e", "policy", true]}
	given({"Principal": {"AWS": unknown}}) == {["e", "policy", true]}
	conditioned("aws:PrincipalAccount", unknown) == {["e", "policy", true]}
	conditioned("aws:ResourceAccount", unknown) == {["e", "policy", true]}
}

test_invalid if {
	found([endpoint({"policy": "{"})]) == {["e", "policy", false]}
	found([endpoint({"policy": 1})]) == {["e", "policy", false]}
}

apart(inputs, from) := {
	"urn": "p", "type": "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy", "operation": "create",
	"inputs": inputs, "propertyDependencies": {"vpcEndpointId": from},
}

test_policy_apart if {
	closed := {"Statement": [object.union(base, {"Resource": "arn:aws:s3:::files"})]}
	found([endpoint({}), apart({"vpcEndpointId": unknown, "policy": closed}, ["e"])]) == set()
	found([endpoint({}), apart({"vpcEndpointId": "vpce-1", "policy": closed}, [])]) == set()
	found([endpoint({}), apart({"vpcEndpointId": "vpce-2", "policy": closed}, [])]) == {["e", "policy", false]}
	found([endpoint({}), apart({"vpcEndpointId": unknown, "policy": {"Statement": [base]}}, ["e"])]) == {["p", "policy", false]}
	found([endpoint({}), apart({"vpcEndpointId": unknown}, ["e"])]) == {["e", "policy", false]}
}

test_others_are_not_looked_at if {
	given({"Principal": {"AWS": "111111111111"}, "Condition": {"StringEquals": {"aws:ResourceAccount": unknown}}}) == set()
	found([{"urn": "p", "type": "aws:s3/bucketPolicy:BucketPolicy", "operation": "create", "inputs": {"policy": {"Statement": [base]}}}]) == set()
}

test_policy_of_one_of_two if {
	closed := {"Statement": [object.union(base, {"Resource": "arn:aws:s3:::files"})]}
	found([endpoint({}), object.union(endpoint({}), {"urn": "f", "id": ""}), apart({"vpcEndpointId": unknown, "policy": closed}, ["e", "f"])]) == {["e", "policy", false], ["f", "policy", false]}
}
