# METADATA
# title: One run takes away only so much
# description: |
#   A run deletes and replaces at most as many resources as the settings' number
#   max_destructive_changes says. What a release entitles the run to delete does not
#   count, nor does the declared destruction of a whole stack, nor a tenant's function
#   that is taken away as a whole. More is more often a mistake, such as a changed
#   name or parent, than an intention.
# custom:
#   severity: high
#   scope: operation
#   on_unknown: The rule looks at no values.
#   waivable: exact
#   category: tenancy
#   enforcement: mandatory
#   remediation: Look at the preview for what was renamed or moved, and give it an alias. What is meant to go away take away in several runs, or with the tenant's move or deletion.
#   related: [Tenantform.MT14]
package tenantform.rules.tenant_blast_radius

import data.tenantform.lib.plan
import data.tenantform.lib.untrusted

cap := data.tenantform.settings.max_destructive_changes

destructive := [r |
	some operation in ["delete", "replace"]
	some r in plan.by_operation[operation]
	r.custom
	not startswith(r.type, "pulumi:")
]

counted := [r |
	count(destructive) > cap
	some r in destructive
	not excused(r)
]

findings contains plan.finding(stack, "", count(counted), sprintf("the run deletes or replaces %d resources, %s among them; at most %d are allowed in one", [count(counted), counted[0].name, cap])) if {
	count(counted) > cap
	some stack in stacks
}

# The stack; the first of the resources where the plan does not hold it.
stacks := object.get(plan.every_by_type, "pulumi:pulumi:Stack", [])

findings contains plan.finding(counted[0], "", count(counted), sprintf("the run deletes or replaces %d resources; at most %d are allowed in one", [count(counted), cap])) if {
	count(counted) > cap
	count(stacks) == 0
}

excused(r) if {
	r.operation == "delete"
	input.subject.destroy == true
}

excused(r) if {
	r.operation == "delete"
	input.subject.release.kind in {"delete", "move"}
	under := plan.text(object.get(input.subject.release, "under", ""))
	under != ""
	some urn in plan.chain(r.urn)
	plan.components[urn] == under
}

excused(r) if {
	r.operation == "delete"
	input.subject.release.kind == "delete"
	object.get(input.subject.release, "under", "") == ""
}

excused(r) if {
	r.operation == "delete"
	some urn in plan.chain(r.urn)
	urn in gone
}

gone := {r.urn | some r in object.get(plan.every_by_type, untrusted.component, []); r.operation == "delete"}
