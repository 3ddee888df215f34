package tenantform.rules.tenant_blast_radius_test

import data.tenantform.rules.tenant_blast_radius as rule

many(n, operation, more) := [object.union({"urn": sprintf("r%d", [i]), "name": "x", "type": "aws:ec2/vpc:Vpc", "custom": true, "operation": operation}, more) | some i in numbers.range(1, n)]

stack := {"urn": "stack", "type": "pulumi:pulumi:Stack", "name": "stack", "custom": false, "operation": "same"}

decided(resources, subject) := out if {
	out := {[f.urn, f.value] | some f in rule.findings} with input as {"plan": {"resources": array.concat([stack], resources)}, "subject": subject}
		with data.tenantform.settings.max_destructive_changes as 3
}

test_cap if {
	decided(many(3, "delete", {}), {}) == set()
	decided(many(4, "delete", {}), {}) == {["stack", 4]}
	decided(many(4, "replace", {}), {}) == {["stack", 4]}
	decided(many(9, "create", {}), {}) == set()
	decided(many(9, "delete", {"custom": false}), {}) == set()
	decided(many(9, "delete", {"type": "pulumi:providers:aws"}), {}) == set()
}

test_releases if {
	component := {"urn": "c", "type": "tenantform:silo:Silo", "name": "acme-silo", "custom": false, "operation": "delete"}
	below := array.concat([component], many(4, "delete", {"parent": "c"}))
	decided(below, {"release": {"kind": "move", "under": "acme-silo"}}) == set()
	decided(below, {"release": {"kind": "move", "under": "other"}}) == {["stack", 4]}
	decided(below, {"release": {"kind": "move", "under": ""}}) == {["stack", 4]}
	decided(below, {"release": null}) == {["stack", 4]}
	decided(below, {"release": {"kind": "delete"}}) == set()
	decided(many(4, "delete", {}), {"destroy": true}) == set()
	decided(many(4, "replace", {}), {"destroy": true, "release": {"kind": "delete", "under": ""}}) == {["stack", 4]}
}

test_functions if {
	component := {"urn": "c", "type": "tenantform:tenantfunction:TenantFunction", "name": "acme-a", "custom": false, "operation": "delete"}
	decided(array.concat([component], many(4, "delete", {"parent": "c"})), {}) == set()
	decided(array.concat([object.union(component, {"operation": "same"})], many(4, "delete", {"parent": "c"})), {}) == {["stack", 4]}
}

test_without_the_stack if {
	out := {f.urn | some f in rule.findings} with input as {"plan": {"resources": many(4, "delete", {})}, "subject": {}}
		with data.tenantform.settings.max_destructive_changes as 3
	out == {"r1"}
}
