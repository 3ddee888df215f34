package tenantform.rules.dynamodb_point_in_time_recovery_test

import data.tenantform.rules.dynamodb_point_in_time_recovery as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

found(type, inputs) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": type, "operation": "same", "inputs": inputs,
	}]}}
}

table(inputs) := found("aws:dynamodb/table:Table", inputs)

test_table if {
	table({"pointInTimeRecovery": {"enabled": true}}) == set()
	every v in [null, {}, {"enabled": false}, {"enabled": null}, {"enabled": "true"}, true, []] {
		table({"pointInTimeRecovery": v}) == {["pointInTimeRecovery.enabled", false]}
	}
	table({}) == {["pointInTimeRecovery.enabled", false]}
	every v in [unknown, secret, {"enabled": unknown}, {"enabled": secret}] {
		table({"pointInTimeRecovery": v}) == {["pointInTimeRecovery.enabled", true]}
	}
}

replicas(v) := table({"pointInTimeRecovery": {"enabled": true}, "replicas": v})

test_replicas_of_a_table if {
	every v in [null, [], [{"regionName": "us-east-1", "pointInTimeRecovery": true}]] { replicas(v) == set() }
	replicas([{"pointInTimeRecovery": true}, {"regionName": "us-east-1"}]) == {["replicas[1].pointInTimeRecovery", false]}
	every v in [[{"pointInTimeRecovery": false}], [null], "x", {}] { replicas(v) == {["replicas[0].pointInTimeRecovery", false]} }
	every v in [unknown, [unknown], [{"pointInTimeRecovery": unknown}], [{"pointInTimeRecovery": secret}]] {
		replicas(v) == {["replicas[0].pointInTimeRecovery", true]}
	}
}

test_replica if {
	found("aws:dynamodb/tableReplica:TableReplica", {"pointInTimeRecovery": true}) == set()
	found("aws:dynamodb/tableReplica:TableReplica", {}) == {["pointInTimeRecovery", false]}
	every v in [false, "true", {"enabled": true}] { found("aws:dynamodb/tableReplica:TableReplica", {"pointInTimeRecovery": v}) == {["pointInTimeRecovery", false]} }
	found("aws:dynamodb/tableReplica:TableReplica", {"pointInTimeRecovery": unknown}) == {["pointInTimeRecovery", true]}
}
