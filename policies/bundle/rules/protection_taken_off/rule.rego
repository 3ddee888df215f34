# METADATA
# title: What is protected is not taken away in the run that ends its protection
# description: |
#   A resource that the stack protects cannot be deleted by a run, and not be
#   replaced, which deletes it as well. A program that takes the protection off and
#   makes a change that replaces the resource gets both in one run: nobody saw the
#   one before the other.
# custom:
#   severity: high
#   scope: operation
#   on_unknown: The rule looks at no values. Where it is not told whether the resource was protected it says nothing, as inside the engine.
#   waivable: exact
#   category: tenancy
#   enforcement: mandatory
#   remediation: Take the protection off in a run of its own, and replace or delete the resource in the next. Or keep the protection, and undo the change that replaces it.
#   related: [Tenantform.MT8]
package tenantform.rules.protection_taken_off

import data.tenantform.lib.plan

findings contains plan.finding(r, "protect", false, sprintf("it was protected before this run, which would take that off and %s it", [operation])) if {
	some operation in ["replace", "delete"]
	some r in plan.by_operation[operation]
	r.wasProtected
}
