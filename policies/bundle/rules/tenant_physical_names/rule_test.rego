package tenantform.rules.tenant_physical_names_test

import data.tenantform.rules.tenant_physical_names as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

decided(type, inputs, from) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {
		"plan": {"resources": [
			{"urn": "u", "name": "logical", "type": type, "custom": true, "operation": "create", "inputs": inputs, "propertyDependencies": from},
			{"urn": "api", "name": "acme-api", "type": "aws:apigateway/restApi:RestApi", "custom": true, "operation": "create", "inputs": {"name": "acme-api"}},
			{"urn": "ref", "name": "ref", "type": "pulumi:pulumi:StackReference", "custom": false, "operation": "same"},
		]},
		"subject": {"program": "tenant", "tenantId": "acme"},
	}
}

queue(name) := decided("aws:sqs/queue:Queue", {"name": name}, {})

test_names if {
	every name in ["acme", "acme-silo", "acme-orders", "acme_x", "acme.x"] { queue(name) == set() }
	every name in ["orders", "acmes", "birch-silo", "acme-eu-silo", "platform-x", "pool-a", 1, [], true] { queue(name) == {["name", false]} }
	queue(unknown) == {["name", true]}
	queue(secret) == {["name", true]}
}

test_made_names if {
	every name in [null, ""] { queue(name) == {["name", false]} }
	decided("aws:sqs/queue:Queue", {"namePrefix": "acme-q"}, {}) == set()
	decided("aws:sqs/queue:Queue", {"namePrefix": "q"}, {}) == {["namePrefix", false]}
	decided("aws:s3/bucketV2:BucketV2", {"bucketPrefix": "acme-q"}, {}) == set()
	decided("aws:cloudwatch/compositeAlarm:CompositeAlarm", {"alarmName": "x"}, {}) == {["alarmName", false]}
}

test_what_services_want_before if {
	log := "aws:cloudwatch/logGroup:LogGroup"
	every name in ["/aws/lambda/acme-a", "/aws/rds/cluster/acme-silo/postgresql", "acme-silo/access", "/acme-a"] { decided(log, {"name": name}, {}) == set() }
	every name in ["/aws/lambda/birch-a", "/aws/lambda", "x/acme-a"] { decided(log, {"name": name}, {}) == {["name", false]} }
	decided("aws:kms/alias:Alias", {"name": "alias/acme-silo"}, {}) == set()
	decided("aws:kms/alias:Alias", {"name": "alias/x"}, {}) == {["name", false]}
}

test_derived_names if {
	log := "aws:cloudwatch/logGroup:LogGroup"
	decided(log, {"name": unknown}, {"name": ["api"]}) == set()
	decided(log, {"name": unknown}, {"name": ["api", "ref"]}) == {["name", true]}
	decided(log, {"name": unknown}, {"name": ["gone"]}) == {["name", true]}
	decided(log, {"name": secret}, {"name": ["api"]}) == {["name", true]}
	decided(log, {"name": "API-Gateway-Execution-Logs_a/live"}, {"name": ["api"]}) == set()
	decided(log, {"name": "API-Gateway-Execution-Logs_a/live"}, {}) == {["name", false]}
}

test_shared_stacks_have_other_names if {
	rule.findings == set() with input as {
		"plan": {"resources": [{"urn": "u", "name": "x", "type": "aws:sqs/queue:Queue", "custom": true, "operation": "create", "inputs": {}}]},
		"subject": {"program": "pool", "tenantId": ""},
	}
}
