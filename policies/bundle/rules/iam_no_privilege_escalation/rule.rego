# METADATA
# title: No policy lets its holder gain more rights
# description: |
#   Some actions, alone or together, let who has them take up any rights of the
#   account: write a policy, change who may assume a role, pass any role to new
#   code. A document must not allow such a set where the resource of the first
#   action is everything, or everything of its type. The sets are data
#   (escalation): actions of the Service Authorization Reference that write
#   permissions or passwords, and those of iam:PassRole with an action that starts
#   code of the caller's with the role, as "Grant a user permissions to pass a
#   role to an AWS service" of the IAM User Guide tells. A condition that narrows
#   the statement excuses it, one on iam:PassedToService does not. The statements
#   of one document count together; what a document denies on every resource is
#   not allowed.
# custom:
#   severity: critical
#   scope: stack
#   on_unknown: A document, action, resource or condition that is not known before the run is a finding, unless the rest of the statement rules the finding out.
#   waivable: "exact"
#   category: identity
#   enforcement: mandatory
#   remediation: Name the roles, users and policies in Resource, by a path or prefix of their own, and demand a permissions boundary with a condition on iam:PermissionsBoundary. Build ARNs from names, account and region that are known, so that the document is known before the run.
#   related: [CKV_AWS_286]
package tenantform.rules.iam_no_privilege_escalation

import data.tenantform.lib.iam
import data.tenantform.lib.plan

findings contains f if some f in iam.unreadable

findings contains plan.finding(p.document.resource, p.document.property, p.actions, sprintf("the document lets its holder gain rights, on everything of the type: %s", [iam.some_of(p.actions)])) if {
	some p in paths
	p.sure
}

findings contains plan.unverifiable(p.document.resource, p.document.property, p.actions, sprintf("a part of the document is secret or known only after the run; it may let its holder gain rights: %s", [iam.some_of(p.actions)])) if {
	some p in paths
	not p.sure
}

findings contains iam.unsure(a, "the statement may let its holder gain rights") if {
	some a in suspects
	iam.unknown_actions(a)
	not a.document.urn in {p.document.urn | some p in paths}
}

# Statements whose resources are everything, or everything of a type.
suspects := [a |
	some a in iam.allows
	a.reach != "named"
	iam.constraint(a.statement, {"iam:passedtoservice"}) != "some"
]

sets := data.tenantform.actions.escalation

table := by_service

by_service[service] contains name if {
	some set in sets
	some action in set
	[service, name] := split(action, ":")
}

# The sets that a document allows. It is sure where the first action's statement is known.
paths := [{"document": d, "actions": set, "sure": set[0] in sure} |
	count(suspects) > 0
	some urn in {a.document.urn | some a in suspects}
	some property in {a.document.property | some a in suspects; a.document.urn == urn}
	mine := [a | some a in suspects; a.document.urn == urn; a.document.property == property]
	first := {action | some a in mine; some action in iam.hits(a, table)}
	count(first) > 0
	d := mine[0].document
	sure := {action | some a in mine; a.reach != "unknown"; not "unknown" in {iam.constraint(a.statement, {"iam:passedtoservice"})}; some action in iam.hits(a, table)}
	any := {action | some a in iam.allows; a.document.urn == urn; a.document.property == property; some action in iam.hits(a, table)}
	some set in sets
	set[0] in first
	every action in set { action in any }
]
