# METADATA
# title: Actions that write name their resources
# description: |
#   An action that changes something must not be allowed on every resource, nor on
#   all of a type in every account or region of a service ("arn:aws:s3:::*"),
#   where AWS lets one name the resources. Actions are taken as writing unless
#   their name begins with a verb of reading, or they are named as reading
#   (reading); which ones no resource can restrict is data too (unrestrictable).
#   Both are from the Service Authorization Reference. A condition that narrows
#   the statement excuses it, and so does what a service asks for its own role.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A document, action, resource or condition that is not known before the run is a finding, unless the rest of the statement rules the finding out.
#   waivable: "yes"
#   category: identity
#   enforcement: mandatory
#   remediation: Name the resources that are written in Resource, with wildcards in the name at most. Build ARNs from names, account and region that are known, so that the document is known before the run.
#   related: [CKV_AWS_290]
package tenantform.rules.iam_write_constrained

import data.tenantform.lib.iam

findings contains f if some f in iam.unreadable

findings contains iam.verdict(a, sprintf("the statement writes to every resource: %s", [iam.some_of(open)])) if {
	some a in iam.loose
	a.reach in {"all", "service", "unknown"}
	open := writing(a)
	count(open) > 0
	not iam.asked_for(a)
}

findings contains iam.unsure(a, "the statement may write to every resource") if {
	some a in iam.loose
	a.reach in {"all", "service", "unknown"}
	iam.unknown_actions(a)
	count(writing(a)) == 0
}

writing(a) := {p | some p in a.patterns; not reads(p); not iam.unrestrictable(p)} | {"all but some" | a.statement.negated_actions}

known := data.tenantform.actions.reading

reads(p) if p in known.reads

reads(p) if {
	not p in known.writes
	name := split(replace(split(p, ":")[1], "?", "*"), "*")[0]
	some verb in known.verbs
	startswith(name, verb)
}
