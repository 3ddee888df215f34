# METADATA
# title: No identity may do everything
# description: |
#   A policy document must not allow every action on every resource. That is
#   "*" on "*" in any way to write it: "*:*", "**", a wildcard as the service,
#   resources such as "arn:aws:*", everything of one account, and an Allow with
#   NotAction or NotResource, which allows all that is not named. A condition
#   does not excuse it. The documents of roles, role policies, policies, users,
#   groups and permission sets are read. One that cannot be read is refused.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: A document, action or resource that is not known before the run is a finding, unless the rest of the statement rules the finding out.
#   waivable: "yes"
#   category: identity
#   enforcement: mandatory
#   remediation: Name the actions and the resources that are needed. Build ARNs from names, account and region that are known, so that the document is known before the run.
#   related: [CKV_AWS_62, CKV_AWS_63, CKV2_AWS_40, IAM.1, CT.IAM.PR.1]
package tenantform.rules.iam_no_full_admin

import data.tenantform.lib.iam
import data.tenantform.lib.plan

findings contains plan.unverifiable(d.resource, d.property, d.value, "the document, or its list of statements, is secret or known only after the run; it may allow everything") if {
	some d in iam.documents
	d.state == "opaque"
}

findings contains plan.finding(d.resource, d.property, d.value, "this is no policy document that IAM accepts, so what it allows cannot be told") if {
	some d in iam.documents
	d.state == "invalid"
}

findings contains plan.finding(d.resource, d.property, s.source, "the statement allows every action on every resource") if {
	some [d, s] in allowing
	full(s)
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "what the statement allows is known only after the run; it may be everything") if {
	some [d, s] in allowing
	not full(s)
	may_be_full(s)
}

allowing := [[d, s] |
	some d in iam.documents
	some s in d.statements
	s.effect == "Allow"
]

full(s) if {
	broad_actions(s)
	broad_resources(s)
}

broad_actions(s) if iam.all_actions(s)

broad_actions(s) if {
	s.negated_actions
	not nothing_left(s)
}

# NotAction "*" leaves no action.
nothing_left(s) if {
	some pattern in s.not_actions
	iam.every_action(pattern)
}

broad_resources(s) if iam.all_resources(s)

broad_resources(s) if s.negated_resources

# Identity policies need a resource; without one IAM refuses them.
broad_resources(s) if {
	count(s.resources) == 0
	not s.negated_resources
	not "Resource" in s.opaque
}

may_be_full(s) if {
	count(s.opaque) > 0
	maybe_broad_actions(s)
	maybe_broad_resources(s)
}

maybe_broad_actions(s) if broad_actions(s)

maybe_broad_actions(s) if "Action" in s.opaque

maybe_broad_resources(s) if broad_resources(s)

maybe_broad_resources(s) if "Resource" in s.opaque
