# METADATA
# title: Tenant data is not deleted by the way
# description: |
#   Tables, buckets, user pools, keys, databases and the like hold what a tenant
#   entrusted to us. A run deletes one only where its release says so: a
#   finished move, for what is below the component that is taken away, or the
#   tenant's confirmed deletion. No release excuses a replacement, which deletes
#   data in order to change a property, nor the deletion of what is still
#   protected. Switching the protection off needs the release, too, that of the
#   resource itself and that of the stack, and so does letting a bucket be deleted
#   with what is in it, or a database without a last snapshot.
# custom:
#   severity: critical
#   scope: operation
#   on_unknown: A deletion protection that is not known counts as on where the resource is deleted, and as switched off where it was on before; what lets data be deleted counts as set.
#   waivable: "never"
#   category: tenancy
#   enforcement: mandatory
#   remediation: Keep the resource. To take a placement away finish the move first, or confirm the tenant's deletion; switch deletion protection off in a run before. To change a property that forces a replacement make a new resource beside the old one and move the data.
#   related: [Tenantform.MT8]
package tenantform.rules.tenant_data_deletion

import data.tenantform.lib.plan
import data.tenantform.lib.release

kinds := data.tenantform.settings.tenant_data

changed := [r |
	some operation in ["update", "replace", "delete"]
	some r in plan.by_operation[operation]
	kinds[r.type]
]

findings contains plan.finding(r, concat(", ", object.get(r, "replaceKeys", [])), null, "replacing it deletes the data in it") if {
	some r in changed
	r.operation == "replace"
}

findings contains plan.finding(r, "", null, concat("", ["deleting it deletes the data in it, ", why_not])) if {
	some r in changed
	r.operation == "delete"
	not release.covers(r)
}

findings contains plan.finding(r, "protect", true, "it is protected from deletion in the stack") if {
	some r in changed
	r.operation == "delete"
	r.protected
}

# The engine refuses to delete what it has recorded as protected, and no longer does so from here on.
findings contains plan.finding(r, "protect", false, concat("", ["this takes off the stack's protection, ", why_not])) if {
	some operation in ["same", "update"]
	some r in plan.by_operation[operation]
	kinds[r.type]
	r.wasProtected
	not r.protected
	not release.covers(r)
}

findings contains plan.finding(r, property, value, "its deletion protection was still on when this run began") if {
	some r in changed
	r.operation == "delete"
	property := kinds[r.type].protection
	value := object.get(r, ["oldInputs", property], unset(r))
	not off(value)
}

findings contains plan.finding(r, property, value, concat("", ["this switches deletion protection off, ", why_not])) if {
	some r in changed
	r.operation == "update"
	property := kinds[r.type].protection
	not off(object.get(r, ["oldInputs", property], unset(r)))
	value := object.get(r, ["inputs", property], unset(r))
	not on(value)
	not release.covers(r)
}

findings contains plan.finding(r, property, value, concat("", ["this lets the resource be deleted with what is in it, ", why_not])) if {
	some r in changed
	r.operation == "update"
	property := kinds[r.type].opening
	off(object.get(r, ["oldInputs", property], null))
	value := object.get(r, ["inputs", property], null)
	not off(value)
	not release.covers(r)
}

# What AWS takes where the property is not set.
unset(r) := object.get(kinds[r.type], "default", null)

on(true)

on("ACTIVE")

on("true")

off(null)

off(false)

off("INACTIVE")

off("false")

off("")

why_not := "and nothing entitles the run to that" if release.given.kind == ""

why_not := sprintf("and it is not below %q, which is all that the release of kind %q takes away", [release.given.under, release.given.kind]) if {
	release.given.kind != ""
}
