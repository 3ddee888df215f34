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
	given.kind == "delete"
	given.under == ""
}

covers(r) if {
	given.kind in {"delete", "move"}
	given.under != ""
	some urn in plan.chain(r.urn)
	plan.components[urn] == given.under
}

# METADATA
# description: The kind of the run's release and what it is of; both are empty where the subject says nothing.
default given := {"kind": "", "under": ""}

given := {"kind": plan.text(object.get(r, "kind", "")), "under": plan.text(object.get(r, "under", ""))} if {
	r := input.subject.release
	is_object(r)
}
