package tenantform.rules.rds_not_public_test

import data.tenantform.rules.rds_not_public as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

found(type, inputs) := found_from(type, inputs, {})

found_from(type, inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"subject": {}, "plan": {"resources": [{
		"urn": "u", "type": type, "operation": "same", "inputs": inputs, "propertyDependencies": from,
	}]}}
}

cluster := "aws:rds/cluster:Cluster"

instance := "aws:rds/instance:Instance"

test_public if every type in [instance, "aws:rds/clusterInstance:ClusterInstance"] {
	found(type, {}) == set()
	every v in [null, false] { found(type, {"publiclyAccessible": v}) == set() }
	every v in [true, "false", 0, {}, []] { found(type, {"publiclyAccessible": v}) == {["publiclyAccessible", false]} }
	every v in [unknown, secret] { found(type, {"publiclyAccessible": v}) == {["publiclyAccessible", true]} }
}

test_cluster_has_no_address if found(cluster, {}) == set()
