package tenantform.rules.tenant_residency_test

import data.tenantform.rules.tenant_residency as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

subject(program) := {"program": program, "tenantId": "acme", "region": "eu-west-1", "account": "111111111111"}

made(urn, type, region, account) := {"urn": urn, "type": type, "custom": true, "operation": "create", "inputs": {}, "provider": {"urn": "core", "region": region, "account": account}}

decided(about, resources) := out if {
	out := {[f.urn, f.property, f.unknown] | some f in rule.findings} with input as {"plan": {"resources": resources}, "subject": about}
}

queue := "aws:sqs/queue:Queue"

found(program, region, account) := {[property, unknown] | some [_, property, unknown] in decided(subject(program), [made("u", queue, region, account)])}

test_place if {
	found("tenant", "eu-west-1", "111111111111") == set()
	found("tenant", "us-east-1", "111111111111") == {["region", false]}
	found("tenant", "eu-west-1", "222222222222") == {["allowedAccountIds", false]}
	found("tenant", "", "111111111111") == {["region", true]}
	found("tenant", "eu-west-1", "") == {["allowedAccountIds", true]}
	found("", "eu-west-1", "") == set()
	found("", "eu-west-1", "222222222222") == {["allowedAccountIds", false]}
}

test_functions if {
	found("functions", "eu-west-1", "111111111111") == set()
	found("functions", "eu-west-1", "222222222222") == {["allowedAccountIds", false]}
	found("functions", "us-east-1", "111111111111") == {["region", false]}
}

test_shared if {
	every program in ["platform", "pool", "guardrails"] {
		found(program, "eu-west-1", "222222222222") == set()
		found(program, "us-east-1", "111111111111") == {["region", false]}
	}
}

shared(program, functions_account, accounts) := decided(
	object.union(subject(program), {"functionsAccount": functions_account}),
	[made(a, queue, "eu-west-1", a) | some a in accounts],
)

test_shared_accounts if {
	core := "111111111111"
	functions := "222222222222"
	third := "333333333333"
	fourth := "444444444444"
	shared("guardrails", functions, [core, functions, third]) == set()
	shared("guardrails", functions, [core, functions, third, fourth]) == {[third, "allowedAccountIds", false], [fourth, "allowedAccountIds", false]}
	every program in ["platform", "pool"] {
		shared(program, functions, [core, functions]) == set()
		shared(program, functions, [third]) == {[third, "allowedAccountIds", false]}
		shared(program, functions, [core, functions, third]) == {[third, "allowedAccountIds", false]}
		shared(program, "", [core, functions]) == set()
		shared(program, "", [core, functions, third]) == {[functions, "allowedAccountIds", false], [third, "allowedAccountIds", false]}
	}
	shared("tenant", functions, [core]) == set()
	shared("tenant", functions, [functions]) == {[functions, "allowedAccountIds", false]}
}

test_account_without_region if {
	about := {"program": "tenant", "tenantId": "acme", "account": "111111111111"}
	decided(about, [made("u", queue, "us-east-1", "222222222222")]) == {["u", "allowedAccountIds", false]}
	decided(about, [made("u", queue, "us-east-1", "111111111111")]) == set()
	decided(about, [made("u", queue, "", "111111111111")]) == set()
	decided(about, [made("u", queue, "", "")]) == {["u", "allowedAccountIds", true]}
}

test_nothing_known if {
	decided({"program": ""}, [made("u", queue, "us-east-1", "")]) == set()
	decided({"program": "", "region": "eu-west-1"}, [made("u", queue, "eu-west-1", "")]) == set()
	decided({"program": "", "region": "eu-west-1"}, [object.remove(made("u", queue, "", ""), ["provider"])]) == set()
	decided({"program": "tenant", "region": "eu-west-1"}, [object.remove(made("u", queue, "", ""), ["provider"])]) == {["u", "region", true]}
}

test_worldwide if {
	decided(subject("tenant"), [made("u", "aws:acm/certificate:Certificate", "us-east-1", "111111111111")]) == set()
	decided(subject("tenant"), [made("u", "aws:iam/role:Role", "us-east-1", "222222222222")]) == {["u", "allowedAccountIds", false]}
	decided(subject("tenant"), [made("u", "other:a:B", "us-east-1", "222222222222")]) == set()
}

test_one_finding_a_provider if {
	provider := {"urn": "core", "type": "pulumi:providers:aws", "custom": true, "operation": "create"}
	decided(subject("tenant"), [provider, made("u", queue, "us-east-1", "111111111111"), made("v", queue, "us-east-1", "111111111111")]) == {["core", "region", false]}
	decided(subject("tenant"), [made("u", queue, "us-east-1", "111111111111"), made("v", queue, "us-east-1", "111111111111")]) == {["u", "region", false], ["v", "region", false]}
}

copies(type, inputs) := {[property, unknown] | some [_, property, unknown] in decided(subject("tenant"), [object.union(made("u", type, "eu-west-1", "111111111111"), {"inputs": inputs})])}

test_copies if {
	table := "aws:dynamodb/table:Table"
	copies(table, {"replicas": [{"regionName": "eu-west-1"}, {"regionName": "us-east-1"}]}) == {["replicas[1].regionName", false]}
	copies(table, {"replicas": [unknown]}) == {["replicas[0].regionName", true]}
	copies(table, {"replicas": unknown}) == {["replicas[0].regionName", true]}
	every value in [null, []] { copies(table, {"replicas": value}) == set() }
	copies("aws:secretsmanager/secret:Secret", {"replicas": [{"region": "us-east-1"}]}) == {["replicas[0].region", false]}
	copies("aws:kms/key:Key", {"multiRegion": true}) == {["multiRegion", false]}
	copies("aws:kms/key:Key", {"multiRegion": unknown}) == {["multiRegion", true]}
	copies("aws:kms/key:Key", {"multiRegion": false}) == set()
}
