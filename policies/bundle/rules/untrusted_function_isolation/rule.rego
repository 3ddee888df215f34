# METADATA
# title: A tenant's code runs on its own
# description: |
#   A function that runs a tenant's code is in a VPC with security groups of the
#   plan that let nothing out, writes a log group of the plan that no other
#   function writes, has a cap on its concurrency, uses no layer from elsewhere
#   and has no function URL. Layers of the plan, those of the function's own account
#   with a name of the tenant or a shared one, and of the settings' list
#   allowed_layers, prefixes of ARNs, are from here.
# custom:
#   severity: critical
#   scope: stack
#   on_unknown: An id that is not known counts when it comes from the plan's own resources only. Everything else that is not known before the run is a finding.
#   waivable: "never"
#   category: compute
#   enforcement: mandatory
#   remediation: Deploy the code with the component TenantFunction, which is isolated. Otherwise give the function what the message says is missing.
#   related: [Tenantform.MT6, LambdaInsideVPC, CKV_AWS_115, CKV_AWS_117, CKV_AWS_258]
package tenantform.rules.untrusted_function_isolation

import data.tenantform.lib.plan
import data.tenantform.lib.tenancy
import data.tenantform.lib.untrusted

# Security groups.

group_type := "aws:ec2/securityGroup:SecurityGroup"

group_ids(f) := object.get(f, ["inputs", "vpcConfig", "securityGroupIds"], null)

groups(f) := plan.sources_of_type(f, "vpcConfig", group_type) | {urn |
	some id in plan.list(group_ids(f))
	some urn in groups_by_id[id]
}

groups_by_id := {id: urns |
	some id in {g.id | some g in plan.of_type(group_type)}
	urns := {g.urn | some g in plan.of_type(group_type); g.id == id}
}

findings contains plan.finding(f, "vpcConfig", null, "the function is in no VPC, so nothing keeps it from the internet") if {
	some f in untrusted.functions
	not plan.is_opaque(plan.get(f, "vpcConfig"))
	not in_vpc(f)
}

findings contains plan.unverifiable(f, "vpcConfig.securityGroupIds", group_ids(f), "not every security group of the function is in the plan, so what they let out cannot be told") if {
	some f in untrusted.functions
	count(plan.list(plan.get(f, "vpcConfig"))) > 0
	not own_groups(f)
}

in_vpc(f) if {
	some key in ["securityGroupIds", "subnetIds"]
	plan.is_opaque(object.get(f, ["inputs", "vpcConfig", key], null))
}

in_vpc(f) if {
	count(plan.list(object.get(f, ["inputs", "vpcConfig", "subnetIds"], null))) > 0
	count(plan.list(group_ids(f))) > 0
}

# As many security groups of the plan as the function has.
own_groups(f) if {
	not plan.is_opaque(plan.get(f, "vpcConfig"))
	not plan.is_opaque(group_ids(f))
	count(groups(f)) == count(plan.list(group_ids(f)))
}

used_groups := {urn | some f in untrusted.functions; some urn in groups(f)}

findings contains plan.finding(g, "egress", egress, "the security group of a tenant's function lets something out") if {
	some urn in used_groups
	g := plan.by_urn[urn]
	egress := plan.get(g, "egress")
	count(plan.list(egress)) > 0
}

findings contains plan.finding(rule, property, null, "the rule lets something out of the security group of a tenant's function") if {
	some [rule, property] in egress_rules
	some urn in used_groups
	of_group(rule, property, urn)
}

egress_rules := array.concat(
	[[r, "securityGroupId"] |
		some r in plan.of_type("aws:ec2/securityGroupRule:SecurityGroupRule")
		plan.get(r, "type") != "ingress"
	],
	[[r, "securityGroupId"] | some r in plan.of_type("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")],
)

of_group(rule, property, urn) if urn in plan.sources(rule, property)

of_group(rule, property, urn) if plan.get(rule, property) == plan.by_urn[urn].id

# In a stack of tenants' code a rule for a group that nobody can tell is for any of them.
of_group(rule, property, _) if {
	untrusted.untrusted(rule)
	plan.is_opaque(plan.get(rule, property))
	count(plan.sources_of_type(rule, property, group_type)) == 0
}

# The log group.

log_groups := {plan.get(g, "name") | some g in plan.of_type("aws:cloudwatch/logGroup:LogGroup")}

own_log(f) if {
	not plan.is_opaque(untrusted.log_group(f))
	untrusted.log_group(f) in log_groups
}

own_log(f) if {
	plan.is_opaque(untrusted.log_group(f))
	count(plan.sources_of_type(f, "loggingConfig", "aws:cloudwatch/logGroup:LogGroup")) == 1
}

findings contains plan.finding(f, "loggingConfig.logGroup", untrusted.log_group(f), "the function's log group is not in the plan, so its retention and its readers cannot be told") if {
	some f in untrusted.functions
	not own_log(f)
}

writes := [{"group": untrusted.log_group(f), "function": f.urn} | some f in plan.of_type("aws:lambda/function:Function")]

writers := {group: urns |
	some group in {w.group | some w in writes}
	urns := {w.function | some w in writes; w.group == group}
}

findings contains plan.finding(f, "loggingConfig.logGroup", untrusted.log_group(f), "another function writes the same log group") if {
	some f in untrusted.functions
	not plan.is_opaque(untrusted.log_group(f))
	count(writers[untrusted.log_group(f)]) > 1
}

# Concurrency.

findings contains plan.finding(f, "reservedConcurrentExecutions", cap, "nothing caps the function's concurrency, so it can take all of the account's") if {
	some f in untrusted.functions
	cap := plan.get(f, "reservedConcurrentExecutions")
	not capped(cap)
}

capped(cap) if {
	is_number(cap)
	cap >= 0
}

# Layers.

layer_type := "aws:lambda/layerVersion:LayerVersion"

findings contains plan.finding(f, sprintf("layers[%d]", [i]), layer, "the layer is from elsewhere") if {
	some f in untrusted.functions
	some i, layer in plan.list(plan.get(f, "layers"))
	is_string(layer)
	not from_here(layer, f)
}

findings contains plan.unverifiable(f, "layers", plan.get(f, "layers"), "a layer that is known only after the run does not come from the plan's own layers alone") if {
	some f in untrusted.functions
	some layer in plan.list(plan.get(f, "layers"))
	not is_string(layer)
	not only_own_layers(f)
}

only_own_layers(f) if {
	from := plan.sources(f, "layers")
	count(from) > 0
	plan.sources_of_type(f, "layers", layer_type) == from
}

from_here(layer, f) if {
	parts := split(layer, ":")
	count(parts) == 8
	parts[5] == "layer"
	parts[4] == f.provider.account
	ours(parts[6])
}

# The account holds other tenants' layers, too.
ours(_) if tenancy.tenant == ""

ours(name) if tenancy.own(name)

ours(name) if tenancy.shared(name)

from_here(layer, _) if {
	some prefix in data.tenantform.settings.allowed_layers
	startswith(layer, prefix)
}

# Function URLs.

findings contains plan.finding(url, "functionName", null, "a function URL lets the internet call a tenant's function past the API") if {
	some url in plan.of_type("aws:lambda/functionUrl:FunctionUrl")
	exposes(url)
}

exposes(url) if untrusted.untrusted(url)

exposes(url) if {
	some f in untrusted.functions
	f.urn in plan.sources(url, "functionName")
}

exposes(url) if {
	some f in untrusted.functions
	name := plan.text(plan.get(f, "name"))
	name != ""
	plan.text(plan.get(url, "functionName")) in {name, plan.text(object.get(f, "id", name))}
}

exposes(url) if {
	some f in untrusted.functions
	name := plan.text(plan.get(f, "name"))
	name != ""
	endswith(plan.text(plan.get(url, "functionName")), concat("", [":function:", name]))
}
