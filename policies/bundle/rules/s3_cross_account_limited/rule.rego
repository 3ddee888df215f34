# METADATA
# title: A bucket's policy lets others in only so far
# description: |
#   A policy must not allow anything to everybody, unless a condition names the
#   account, organisation, VPC, endpoint or resource that asks. To other accounts it
#   must not allow what takes the bucket over: its policy, ACLs, encryption,
#   ownership, versions, lifecycle and deletion. A service of AWS is no other account.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: A document, principal, action or condition that is not known before the run is a finding, unless the rest of the statement rules the finding out. Where the bucket's account is not known every account is another one.
#   waivable: exact
#   category: storage
#   enforcement: mandatory
#   remediation: Name the principals in the statement, or add a condition such as aws:PrincipalOrgID or aws:SourceAccount, and give other accounts only the actions on objects that they need.
#   related: [S3.6]
package tenantform.rules.s3_cross_account_limited

import data.tenantform.lib.access
import data.tenantform.lib.iam
import data.tenantform.lib.plan
import data.tenantform.lib.s3

findings contains plan.unverifiable(d.resource, d.property, d.value, "the policy is secret or known only after the run; it may let anybody in") if {
	some [d, _] in s3.policies
	d.state == "opaque"
}

findings contains plan.finding(d.resource, d.property, d.value, "this is no policy document that S3 accepts, so whom it lets in cannot be told") if {
	some [d, _] in s3.policies
	d.state == "invalid"
}

findings contains plan.finding(d.resource, d.property, s.source, "the statement lets everybody in") if {
	some [d, s] in allowing
	access.reach(s) == "public"
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "whom the statement lets in is known only after the run; it may be everybody") if {
	some [d, s] in allowing
	access.reach(s) == "unknown"
}

findings contains plan.finding(d.resource, d.property, s.source, "another account may take the bucket over") if {
	some [d, s] in allowing
	access.reach(s) == "limited"
	takes_over(s)
	outside(d.resource, s)
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "what another account may do is known only after the run; it may take the bucket over") if {
	some [d, s] in allowing
	access.reach(s) == "limited"
	"Action" in s.opaque
	not takes_over(s)
	outside(d.resource, s)
}

allowing := [[d, s] |
	some [d, _] in s3.policies
	some s in d.statements
	s.effect == "Allow"
]

takes_over(s) if s.negated_actions

takes_over(s) if {
	some pattern in s.actions
	iam.reaches(pattern, "s3", owners_actions)
}

# What only the owner of a bucket should do, in lower case.
owners_actions := {
	"bypassgovernanceretention", "deletebucket", "deletebucketpolicy", "deletebucketwebsite", "objectowneroverridetobucketowner",
	"putaccountpublicaccessblock", "putbucketacl", "putbucketlogging", "putbucketownershipcontrols", "putbucketpolicy",
	"putbucketpublicaccessblock", "putbucketversioning", "putbucketwebsite", "putencryptionconfiguration",
	"putlifecycleconfiguration", "putobjectacl", "putobjectversionacl", "putreplicationconfiguration",
}

# Whom the statement lets in besides the account of the bucket.
outside(r, s) if {
	some [kind, name] in s.principals
	kind == "AWS"
	name != "*"
	account_of(name) != own(r)
}

outside(_, s) if {
	some [kind, _] in s.principals
	kind in {"CanonicalUser", "Federated"}
}

outside(r, s) if {
	iam.public(s)
	not own_only(r, s)
}

own_only(r, s) if {
	{a | some [operator, a] in iam.conditions(s, "aws:PrincipalAccount"); operator == "stringequals"} == {own(r)}
}

account_of(name) := name if not contains(name, ":")

account_of(name) := split(name, ":")[4] if count(split(name, ":")) > 4

account_of(name) := "" if count(split(name, ":")) in {2, 3, 4}

# The account of the bucket; "?" is nobody's.
own(r) := account if {
	account := object.get(r, ["provider", "account"], "")
	account != ""
} else := account if {
	account := object.get(input, ["subject", "account"], "")
	account != ""
} else := "?"
