package tenantform.rules.vpc_flow_logs_test

import data.tenantform.rules.vpc_flow_logs as rule

vpc(name, more) := object.union({"urn": name, "type": "aws:ec2/vpc:Vpc", "operation": "create", "inputs": {}}, more)

log(inputs, from) := {
	"urn": "log", "type": "aws:ec2/flowLog:FlowLog", "operation": "create", "inputs": inputs,
	"propertyDependencies": {"vpcId": from},
}

found(resources) := out if {
	out := {[f.urn, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

unknown := {"$unknown": true}

test_from_the_vpc if {
	found([vpc("a", {}), log({"vpcId": unknown, "trafficType": "ALL"}, ["a"])]) == set()
	found([vpc("a", {}), log({"vpcId": unknown, "trafficType": "REJECT"}, ["a", "stack"])]) == set()
	found([vpc("a", {}), log({"vpcId": "vpc-1", "trafficType": "ALL"}, ["a"])]) == set()
}

test_none if {
	found([vpc("a", {})]) == {["a", false]}
	found([vpc("a", {}), log({"vpcId": unknown, "trafficType": "ALL"}, [])]) == {["a", false]}
	found([vpc("a", {}), log({"subnetId": unknown, "trafficType": "ALL"}, [])]) == {["a", false]}
	found([vpc("a", {}), log({"vpcId": unknown, "trafficType": "ACCEPT"}, ["a"])]) == {["a", false]}
	found([vpc("a", {}), log({"vpcId": unknown}, ["a"])]) == {["a", false]}
}

test_of_another if {
	found([vpc("a", {}), vpc("b", {}), log({"vpcId": unknown, "trafficType": "ALL"}, ["a"])]) == {["b", false]}
	found([vpc("a", {}), vpc("b", {}), log({"vpcId": unknown, "trafficType": "ALL"}, ["a", "b"])]) == {["a", false], ["b", false]}
}

test_known_id if {
	found([vpc("a", {"id": "vpc-1"}), log({"vpcId": "vpc-1", "trafficType": "ALL"}, [])]) == set()
	found([vpc("a", {"id": "vpc-1"}), log({"vpcId": "vpc-2", "trafficType": "ALL"}, [])]) == {["a", false]}
	found([vpc("a", {"id": ""}), log({"trafficType": "ALL"}, [])]) == {["a", false]}
}

test_unknown_traffic if found([vpc("a", {}), log({"vpcId": unknown, "trafficType": unknown}, ["a"])]) == {["a", true]}

test_log_that_goes_away if {
	gone := object.union(log({}, ["a"]), {"operation": "delete"})
	found([vpc("a", {}), gone]) == {["a", false]}
	found([object.union(vpc("a", {}), {"operation": "delete"}), gone]) == set()
}

test_default_vpc if found([vpc("a", {"type": "aws:ec2/defaultVpc:DefaultVpc"})]) == {["a", false]}

test_one_known if {
	known := log({"vpcId": unknown, "trafficType": "ALL"}, ["a"])
	found([vpc("a", {}), known, object.union(known, {"urn": "other", "inputs": {"trafficType": unknown}})]) == set()
}
