package tenantform.rules.tenant_stack_reference_test

import data.tenantform.rules.tenant_stack_reference as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

decided(program, tenant, name) := out if {
	out := {f.unknown | some f in rule.findings} with input as {
		"plan": {"resources": [{"urn": "u", "name": "ref", "type": "pulumi:pulumi:StackReference", "operation": "read", "inputs": {"name": name}}]},
		"subject": {"program": program, "tenantId": tenant},
	}
}

test_tenant if {
	every name in ["organization/tenantform/platform", "organization/tenantform/pool-a", "a/b/tenant-acme", "a/b/functions-acme", "network", "a/b/tenants"] {
		decided("tenant", "acme", name) == set()
	}
	every name in ["a/b/tenant-birch", "tenant-acme-eu", "a/b/functions-birch", "functions-", "", "a/", null, 1] { decided("functions", "acme", name) == {false} }
	decided("tenant", "acme", unknown) == {true}
	decided("tenant", "acme", secret) == {true}
}

test_shared if {
	decided("pool", "", "a/b/platform") == set()
	decided("platform", "", "a/b/tenant-acme") == {false}
	decided("", "", "a/b/tenant-acme") == set()
	decided("", "acme", "a/b/tenant-birch") == {false}
}

test_name_of_the_resource if {
	rule.findings == set() with input as {
		"plan": {"resources": [{"urn": "u", "name": "a/b/platform", "type": "pulumi:pulumi:StackReference", "operation": "read"}]},
		"subject": {"program": "tenant", "tenantId": "acme"},
	}
}
