# METADATA
# title: Actions that can be restricted name their resources
# description: |
#   A statement must not allow an action on every resource where AWS lets one name
#   the resources. Which actions AWS offers nothing narrower for is data
#   (unrestrictable), from the tables "Actions defined by ..." of the Service
#   Authorization Reference; an action that is not there counts as one that can be
#   restricted. A condition that holds a key against a value narrows the statement
#   and excuses it, unless the key only tells how the request comes, as
#   aws:SecureTransport does. So does what a service itself asks for: API Gateway
#   takes no role for its logs that is narrower than the API Gateway Developer
#   Guide has it.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A document, action, resource or condition that is not known before the run is a finding, unless the rest of the statement rules the finding out.
#   waivable: "yes"
#   category: identity
#   enforcement: mandatory
#   remediation: Name ARNs in Resource instead of "*", with wildcards in the name at most, and put actions that know no resource into a statement of their own. Build ARNs from names, account and region that are known, so that the document is known before the run.
#   related: [AwsSolutions-IAM5, LambdaStarPermissions, CKV_AWS_355]
package tenantform.rules.iam_resource_named

import data.tenantform.lib.iam

findings contains f if some f in iam.unreadable

findings contains iam.verdict(a, sprintf("the statement allows on every resource what can be restricted: %s", [iam.some_of(open)])) if {
	some a in iam.loose
	a.reach in {"all", "unknown"}
	open := restrictable(a)
	count(open) > 0
	not iam.asked_for(a)
}

findings contains iam.unsure(a, "the statement may allow on every resource what can be restricted") if {
	some a in iam.loose
	a.reach in {"all", "unknown"}
	iam.unknown_actions(a)
	count(restrictable(a)) == 0
}

restrictable(a) := {p | some p in a.patterns; not iam.unrestrictable(p)} | {"all but some" | a.statement.negated_actions}
