package tenantform.rules.tenant_tags_test

import data.tenantform.rules.tenant_tags as rule

found(tags, subject) := out if {
	out := {[f.property, f.unknown] | some f in rule.findings} with input as {
		"plan": {"resources": [{"urn": "u", "type": "aws:ec2/vpc:Vpc", "operation": "create", "inputs": {"tags": tags}}]},
		"subject": subject,
		"catalogue": {"tiers": [{"name": "free", "model": "pool"}, {"name": "premium", "model": "silo"}]},
	}
}

acme := {"program": "tenant", "tenantId": "acme", "tiers": ["free", "premium"]}

silo := {"tenant-id": "acme", "tier": "premium", "model": "silo"}

shared := {"tenant-id": "shared", "tier": "shared", "model": "pool"}

unknown := {"$unknown": true}

test_tenant if {
	found(silo, acme) == set()
	found(object.union(silo, {"more": "x"}), acme) == set()
	found({"tenant-id": "acme", "tier": "free", "model": "pool"}, acme) == set()
	found(object.union(silo, {"tenant-id": "birch"}), acme) == {[`tags["tenant-id"]`, false]}
	found(object.union(silo, {"tier": "standard"}), acme) == {[`tags["tier"]`, false], [`tags["model"]`, false]}
	found(object.union(silo, {"model": "pool"}), acme) == {[`tags["model"]`, false]}
	found(object.union(silo, {"tier": "free"}), acme) == {[`tags["model"]`, false]}
	found(object.remove(silo, ["tenant-id"]), acme) == {[`tags["tenant-id"]`, false]}
	found(shared, acme) == {[`tags["tenant-id"]`, false], [`tags["tier"]`, false], [`tags["model"]`, false]}
	found(silo, object.union(acme, {"tiers": ["free"]})) == {[`tags["tier"]`, false]}
	found(silo, object.remove(acme, ["tenantId"])) == {[`tags["tenant-id"]`, false]}
	found(object.union(silo, {"tenant-id": "shared"}), object.union(acme, {"tenantId": "shared"})) == {[`tags["tenant-id"]`, false]}
	found(silo, object.union(acme, {"tiers": null})) == {[`tags["tier"]`, false]}
}

test_shared if every program in ["platform", "pool", "guardrails"] {
	found(shared, {"program": program}) == set()
	count(found(silo, {"program": program})) == 3
	found(object.union(shared, {"model": "silo"}), {"program": program}) == {[`tags["model"]`, false]}
}

test_missing if {
	found(null, acme) == {["tags", false]}
	found("x", acme) == {["tags", false]}
	count(found({}, acme)) == 3
}

test_unknown if {
	found(unknown, acme) == {["tags", true]}
	found({"$secret": true}, acme) == {["tags", true]}
	found(object.union(silo, {"tenant-id": unknown}), acme) == {[`tags["tenant-id"]`, true]}
	found(object.union(silo, {"model": unknown}), acme) == {[`tags["model"]`, true]}
	found(object.union(silo, {"tier": unknown}), acme) == {[`tags["tier"]`, true], [`tags["model"]`, false]}
}

test_program_of_another if {
	found(silo, {"program": "", "tenantId": ""}) == set()
	found({"tenant-id": "x", "tier": "gold", "model": "silo"}, {"program": ""}) == set()
	found({"tenant-id": "x", "tier": "free", "model": "silo"}, {"program": ""}) == {[`tags["model"]`, false]}
	found(silo, {"program": "", "tenantId": "birch"}) == {[`tags["tenant-id"]`, false]}
	found(silo, {"program": "", "tiers": ["free"]}) == {[`tags["tier"]`, false]}
	count(found({"tenant-id": "", "tier": "", "model": ""}, {"program": ""})) == 3
	count(found({}, {"program": ""})) == 3
}

test_types if {
	silent("aws:iam/rolePolicy:RolePolicy", "create")
	silent("aws:ec2/vpc:Vpc", "delete")
	silent("aws:ec2/vpc:Vpc", "read")
}

silent(type, operation) if {
	count(rule.findings) == 0 with input as {
		"plan": {"resources": [{"urn": "u", "type": type, "operation": operation}]}, "subject": acme, "catalogue": {},
	}
}
