package tenantform.rules.provider_without_rules_test

import data.tenantform.rules.provider_without_rules as rule

resource(urn, type, custom) := {"urn": urn, "type": type, "custom": custom, "operation": "create", "inputs": {}}

found(resources) := out if {
	out := {[f.urn, f.value, f.message] | some f in rule.findings} with input as {"plan": {"resources": resources}}
}

native := "aws-native:s3:Bucket"

of_native(n) := sprintf("no rule looks into resources of the provider aws-native, of which there are %d", [n])

test_another_provider if {
	found([resource("b", native, true)]) == {["b", native, of_native(1)]}
	found([resource("b", "aws-native:sqs:Queue", true), resource("a", native, true), resource("c", native, true)]) == {["a", native, of_native(3)]}
	count(found([resource("a", native, true), resource("b", "gcp:storage/bucket:Bucket", true)])) == 2
}

test_known if {
	found([]) == set()
	found([resource("a", "aws:s3/bucket:Bucket", true)]) == set()
	found([resource("a", "pulumi:providers:aws-native", true)]) == set()
	found([resource("a", "random:index/randomId:RandomId", true)]) == set()
	found([resource("a", "tenantform:silo:Silo", false), resource("b", "awsx:ec2:Vpc", false)]) == set()
}

test_deleted if found([object.union(resource("a", native, true), {"operation": "delete"})]) == set()
