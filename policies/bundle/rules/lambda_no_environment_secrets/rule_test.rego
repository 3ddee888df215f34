package tenantform.rules.lambda_no_environment_secrets_test

import data.tenantform.rules.lambda_no_environment_secrets as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

found(environment, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": [
		{
			"urn": "u", "type": "aws:lambda/function:Function", "operation": "same", "inputs": {"environment": environment},
			"propertyDependencies": {"environment": from},
		},
		{"urn": "s", "type": "aws:secretsmanager/secret:Secret", "operation": "same"},
		{"urn": "t", "type": "aws:dynamodb/table:Table", "operation": "same"},
	]}}
}

one(name, value) := found({"variables": {name: value}}, [])

refused := {["environment.variables.A", false]}

test_credentials if {
	# Made up for this test, and cut so that no scanner takes them for real ones.
	every v in [
		concat("", ["AKIA", "QWERTYUIOPASDFGH"]), concat("", ["key=ASIA", "QWERTYUIOPASDFGH;"]),
		concat("", ["abcdefghijKLMNOPQRST", "0123456789abcdefghi/"]),
		concat("", ["-----BEGIN ", "RSA PRIVATE KEY-----"]), concat("", ["ghp_", "abc"]),
		"postgres://acme:pass@db.example.com/acme",
	] {
		one("A", v) == refused
	}
}

test_harmless if {
	every v in [
		"", "acme-table", "https://api.example.com/a?b=c@d", "https://example.com:8443/", "postgres://acme@db.example.com/acme",
		"0123456789abcdef0123456789abcdef01234567",
		"ABCDEFGHIJKLMNOPQRST0123456789ABCDEFGHIJ", "abcdefghijklmnopqrstABCDEFGHIJKLMNOPQRST", "A name of 40 letters 1 is not a key, no.",
		"-----BEGIN CERTIFICATE-----", "PRIVATE KEY", "arn:aws:iam::111111111111:role/a", "TAKIA", unknown, null, 1, true,
	] {
		one("A", v) == set()
	}
	every v in [null, {}, {"variables": {}}, {"variables": null}] { found(v, []) == set() }
}

test_no_variables if {
	every v in ["x", ["x"], 1, true] {
		found(v, []) == {["environment", false]}
		found({"variables": v}, []) == {["environment.variables", false]}
	}
}

test_names if {
	every name in ["DB_PASSWORD", "dbPassword", "API_KEY", "SESSION_TOKEN", "CLIENT_SECRET"] {
		one(name, "hunter") == {[concat(".", ["environment.variables", name]), false]}
		one(name, unknown) == {[concat(".", ["environment.variables", name]), true]}
		every v in ["", "arn:aws:secretsmanager:eu-west-1:111111111111:secret:a", "/acme/password", "{{resolve:ssm:a}}", "true"] { one(name, v) == set() }
	}
	every name in ["DB_PASSWORD_ARN", "TOKEN_URL", "SECRET_NAME", "KEYS"] { one(name, "hunter") == set() }
	found({"variables": {"DB_PASSWORD": unknown}}, ["s"]) == set()
	found({"variables": {"DB_PASSWORD": unknown}}, ["t"]) == {["environment.variables.DB_PASSWORD", true]}
}

test_marked if {
	one("A", secret) == refused
	found({"variables": secret}, []) == {["environment.variables", false]}
	found(secret, []) == {["environment.variables", false]}
	found({"variables": unknown}, []) == {["environment.variables", true]}
	found(unknown, []) == {["environment.variables", true]}
}

test_not_repeated if {
	values := {f.value | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:lambda/function:Function", "operation": "same", "inputs": {"environment": {"variables": {"DB_PASSWORD": "hunter"}}},
	}]}}
	values == {null}
}
