# METADATA
# title: Resources are where the tenant's data has to stay
# description: |
#   The provider of each resource is for the region of the stack, and for its
#   account: for the stack with a tenant's own code that is the account of tenants'
#   functions. Nothing copies data into another region: no replica of a table, a
#   secret or a key. Services that AWS runs for the whole world from one region, such
#   as IAM and CloudFront, may have a provider of that region. The shared stacks may
#   also reach the account of tenants' functions, or one other account where it is
#   not told which that is, and the guardrails the one that manages the organisation.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: In one of the project's own programs, whose providers are explicit, a provider of which the region or the account cannot be told is a finding where the stack's is known. The default provider of another program takes them from the environment, and passes.
#   waivable: exact
#   category: tenancy
#   enforcement: mandatory
#   remediation: Set region and allowedAccountIds of the provider to where the tenant's data has to stay, and take replicas in other regions away.
#   related: [Tenantform.MT15]
package tenantform.rules.tenant_residency

import data.tenantform.lib.plan
import data.tenantform.lib.tenancy

region := plan.text(object.get(input.subject, "region", ""))

account := plan.text(object.get(input.subject, "account", ""))

# What the plan's providers say, for each kind of types.
used := {[object.get(provider, "urn", ""), object.get(provider, "region", ""), object.get(provider, "account", ""), kind] |
	some [provider, kind] in pairs
}

pairs := {[provider, kinds[type]] |
	concat("", [region, account]) != ""
	some [provider, type] in plan.provided
}

# The kind of each type of AWS's provider.
kinds := {type: kind_of(split(parts[1], "/")[0]) |
	some type in plan.types
	parts := split(type, ":")
	parts[0] == "aws"
}

worldwide := {"acm", "budgets", "ce", "cloudfront", "cur", "globalaccelerator", "iam", "organizations", "route53", "shield", "waf", "wafv2"}

kind_of(module) := "global" if module in worldwide

kind_of(module) := "regional" if not module in worldwide

# The provider where it is in the plan, so that one wrong provider is one finding;
# else what is made with it.
holders(use) := {urn | urn := providers[use[0]].urn} | {r.urn |
	not providers[use[0]]
	some r in plan.live
	r.custom
	provider := object.get(r, "provider", {})
	[object.get(provider, "urn", ""), object.get(provider, "region", ""), object.get(provider, "account", ""), kinds[r.type]] == use
}

providers := {r.urn: r |
	some type, rs in plan.every_by_type
	startswith(type, "pulumi:providers:")
	some r in rs
}

subject_of(urn) := object.get(providers, urn, object.get(plan.by_urn, urn, null))

findings contains plan.finding(subject_of(urn), "region", there, sprintf("the region is not %s, where the stack's data has to stay", [region])) if {
	region != ""
	some use in used
	[_, there, _, "regional"] = use
	there != ""
	there != region
	some urn in holders(use)
}

findings contains plan.unverifiable(subject_of(urn), "region", null, sprintf("the provider's region cannot be told, so it may not be %s", [region])) if {
	region != ""
	input.subject.program != ""
	some use in used
	[_, "", _, "regional"] = use
	some urn in holders(use)
}

findings contains plan.finding(subject_of(urn), "allowedAccountIds", there, message) if {
	account != ""
	some use in used
	there := use[2]
	there != ""
	message := misplaced(there)
	some urn in holders(use)
}

findings contains plan.unverifiable(subject_of(urn), "allowedAccountIds", null, "the provider names no account, so the run may be in any") if {
	account != ""
	input.subject.program != ""
	some use in used
	use[2] == ""
	some urn in holders(use)
}

misplaced(there) := sprintf("the account is not %s, the stack's", [account]) if {
	there != account
	not tenancy.together
}

misplaced(there) := sprintf("the account is neither %s, the stack's, nor that of tenants' functions", [account]) if {
	tenancy.together
	not there in {account, functions_account}
	count(others) > most
}

functions_account := plan.text(object.get(input.subject, "functionsAccount", ""))

# Accounts other than those that are known, and how many of them there may be.
others := {use[2] | some use in used} - {"", account, functions_account}

# The guardrails' stack also reaches the account that manages the organisation.
most := count([1 | functions_account == ""]) + count([1 | input.subject.program == "guardrails"])

# Copies.

findings contains plan.finding(t, sprintf("replicas[%d].regionName", [i]), there, sprintf("the table is copied out of %s", [region])) if {
	region != ""
	some t in plan.of_type("aws:dynamodb/table:Table")
	some i, replica in plan.list(plan.get(t, "replicas"))
	there := plan.field(replica, "regionName")
	there != region
}

findings contains plan.finding(s, sprintf("replicas[%d].region", [i]), there, sprintf("the secret is copied out of %s", [region])) if {
	region != ""
	some s in plan.of_type("aws:secretsmanager/secret:Secret")
	some i, replica in plan.list(plan.get(s, "replicas"))
	there := plan.field(replica, "region")
	there != region
}

findings contains plan.finding(k, "multiRegion", value, "the key can be copied into other regions") if {
	region != ""
	tenancy.alone
	some k in plan.of_type("aws:kms/key:Key")
	value := plan.get(k, "multiRegion")
	not value in {null, false, "false"}
}
