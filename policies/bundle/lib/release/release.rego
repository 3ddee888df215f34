# METADATA
# title: What a run may take away
# description: |
#   A run that ends a placement switches the protection of what it takes away off
#   first. The subject's release says what that is: a finished move's names the
#   component, a confirmed deletion's may be of the whole stack.
package tenantform.lib.release

import data.tenantform.lib.plan

# METADATA
# description: Tells whether the run's release is of the resource.
default covers(_) := false

covers(_) if {
	release.kind == "delete"
	release.under == ""
}

covers(r) if {
	release.kind in {"delete", "move"}
	release.under != ""
	some urn in plan.chain(r.urn)
	plan.components[urn] == release.under
}

# Nothing where the subject says nothing.
default release := {"kind": "", "under": ""}

release := {"kind": plan.text(object.get(r, "kind", "")), "under": plan.text(object.get(r, "under", ""))} if {
	r := input.subject.release
	is_object(r)
}
