# METADATA
# title: A role is assumed by named principals only
# description: |
#   The document that says who may assume a role must not name everybody ("*",
#   NotPrincipal or a wildcard) without a condition on who the caller is, nor a
#   whole account: the account's root or number stands for each of its identities
#   that IAM allows to assume roles, so a condition must say which. A condition
#   counts where it holds a key about the caller (narrowing_principals; also
#   sts:ExternalId, the user's name and tags of caller or request for an account)
#   against a value that leaves somebody out: one account, organisation or
#   network, or an ARN that names its account. The keys are those of "AWS global condition
#   context keys" in the IAM User Guide.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: A document, principal or condition that is not known before the run is a finding.
#   waivable: "exact"
#   category: identity
#   enforcement: mandatory
#   remediation: Name the ARNs of roles in Principal of assumeRolePolicy, or add a condition on aws:PrincipalArn. For another account also hold sts:ExternalId or aws:PrincipalOrgID against a value.
#   related: [CKV_AWS_60, CKV_AWS_61]
package tenantform.rules.iam_trust_not_public

import data.tenantform.lib.iam
import data.tenantform.lib.plan

findings contains f if some f in iam.unreadable_trusts

findings contains plan.finding(d.resource, d.property, s.source, "everybody may assume the role") if {
	some [d, s] in allowing
	iam.everybody(s)
	iam.caller_constraint(s, iam.caller_keys) == "none"
}

findings contains plan.finding(d.resource, d.property, s.source, "every identity of a whole account may assume the role") if {
	some [d, s] in allowing
	not iam.everybody(s)
	whole_account(s)
	iam.caller_constraint(s, account_keys) == "none"
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "who may assume the role is secret or known only after the run; it may be everybody or a whole account") if {
	some [d, s] in allowing
	vague(s)
}

allowing := [[d, s] |
	some d in iam.trusts
	some s in d.statements
	s.effect == "Allow"
]

whole_account(s) if {
	some ["AWS", name] in s.principals
	regex.match(`^([0-9]{12}|arn:[a-z-]+:iam::[0-9]{12}:root)$`, name)
}

vague(s) if {
	"Principal" in s.opaque
	not iam.everybody(s)
	iam.caller_constraint(s, iam.caller_keys) != "some"
}

vague(s) if {
	iam.everybody(s)
	iam.caller_constraint(s, iam.caller_keys) == "unknown"
}

vague(s) if {
	not iam.everybody(s)
	whole_account(s)
	iam.caller_constraint(s, account_keys) == "unknown"
}

account_keys := iam.caller_keys | {"aws:username", "sts:externalid", "sts:rolesessionname", "sts:sourceidentity"}
