package tenantform.rules.rds_iam_authentication_test

import data.tenantform.rules.rds_iam_authentication as rule

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

found_with(type, engine, on) := found(type, {"engine": engine, "iamDatabaseAuthenticationEnabled": on})

test_authentication if every type in [cluster, instance] {
	every engine in ["aurora-postgresql", "mysql", null, "", unknown] { found_with(type, engine, true) == set() }
	every v in [null, false, "true", {}] {
		every engine in ["aurora-mysql", "postgres", "mariadb", null, "", 1] { found_with(type, engine, v) == {["iamDatabaseAuthenticationEnabled", false]} }
		every engine in [unknown, secret] { found_with(type, engine, v) == {["engine", true]} }
	}
	found(type, {}) == {["iamDatabaseAuthenticationEnabled", false]}
	every v in [unknown, secret] { found_with(type, "mysql", v) == {["iamDatabaseAuthenticationEnabled", true]} }
}

test_engines_that_cannot if every engine in ["oracle-ee", "sqlserver-web", "db2-se", "custom-oracle-ee"] {
	found_with(instance, engine, false) == set()
}
