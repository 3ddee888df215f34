# METADATA
# title: No stack reads another tenant's
# description: |
#   A tenant's stacks may read the platform's and the pools' outputs and those of the
#   same tenant. The outputs of another tenant's stack hold its endpoints, keys and
#   names; and a shared stack that reads one tenant's would hand them to all.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: A name that is not known before the run is a finding.
#   waivable: exact
#   category: tenancy
#   enforcement: mandatory
#   remediation: Take the StackReference away, or read the platform's or the pool's stack.
#   related: [Tenantform.MT11]
package tenantform.rules.tenant_stack_reference

import data.tenantform.lib.plan
import data.tenantform.lib.tenancy

# A reference is read, not made, so that it is not among the live resources.
references := [r |
	checked
	some r in object.get(plan.every_by_type, "pulumi:pulumi:StackReference", [])
	r.operation != "delete"
]

checked if tenancy.alone

checked if tenancy.together

findings contains plan.finding(r, "name", name, message(plan.text(name))) if {
	some r in references
	name := object.get(r, ["inputs", "name"], r.name)
	not allowed(name)
}

message("") := "the name of the stack cannot be told, so it may be another tenant's"

message(name) := "the stack is another tenant's" if {
	name != ""
	tenancy.alone
}

message(name) := "a shared stack reads one tenant's" if {
	name != ""
	not tenancy.alone
}

allowed(name) if {
	stack := stack_of(name)
	stack != ""
	not of_a_tenant(stack)
}

allowed(name) if {
	tenancy.alone
	stack_of(name) in {concat("-", [kind, tenancy.tenant]) | some kind in kinds}
}

kinds := {"tenant", "functions"}

of_a_tenant(stack) if {
	some kind in kinds
	startswith(stack, concat("", [kind, "-"]))
}

stack_of(name) := parts[count(parts) - 1] if parts := split(plan.text(name), "/")
