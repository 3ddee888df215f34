# METADATA
# title: No policy allows every action of a service
# description: |
#   An allowing statement must name its actions. "s3:*" also allows what AWS adds
#   to the service later, and who deletes or shares the data; NotAction allows
#   every action of every service but the named ones. A condition or a narrow
#   resource does not excuse it. Wildcards within a name, such as "s3:Get*", are
#   allowed. Documents that are permissions boundaries and nothing else grant
#   nothing and are passed over.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A document, action, resource or condition that is not known before the run is a finding, unless the rest of the statement rules the finding out.
#   waivable: "yes"
#   category: identity
#   enforcement: mandatory
#   remediation: List the actions that are needed in Action, with wildcards within their names at most, and take NotAction out. Build ARNs from names, account and region that are known, so that the document is known before the run.
#   related: [AwsSolutions-IAM5, IAM.21, CT.IAM.PR.3]
package tenantform.rules.iam_no_service_wildcard

import data.tenantform.lib.iam

findings contains f if some f in iam.unreadable

findings contains iam.told(a, sprintf("the statement allows every action of a service: %s", [iam.some_of(all)])) if {
	some a in iam.allows
	all := {p | some p in a.patterns; whole(p)}
	count(all) > 0
}

findings contains iam.told(a, "the statement has NotAction, which allows every action that it does not name") if {
	some a in iam.allows
	a.statement.negated_actions
	not nothing_left(a.statement)
}

findings contains iam.unsure(a, "the statement may allow every action of a service") if {
	some a in iam.allows
	"Action" in a.statement.opaque
	every p in a.patterns { not whole(p) }
}

whole(p) if iam.every_action(p)

whole(p) if trim(split(p, ":")[1], "*?") == ""

# NotAction "*" leaves no action.
nothing_left(s) if {
	some p in s.not_actions
	iam.every_action(p)
}
