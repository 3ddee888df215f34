# METADATA
# title: Trust in an identity provider is bound to a subject
# description: |
#   A role that an OpenID Connect provider's tokens may assume must say whose: a
#   condition with StringEquals or StringLike on the provider's "sub" claim, with
#   a value that fixes the owner before any wildcard. Without it every user of a
#   public provider, every repository of a code host, has the role. Claims that
#   the caller chooses, such as the branch or workflow, are no owner. For the
#   identity pools of Amazon Cognito "aud" names the pool and is enough. See
#   "Create a role for OpenID Connect federation" in the IAM User Guide.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: A principal or condition that is not known before the run is a finding.
#   waivable: "exact"
#   category: identity
#   enforcement: mandatory
#   remediation: In assumeRolePolicy hold <provider>:sub against a value such as "repo:<owner>/<repository>:ref:refs/heads/main", and <provider>:aud against "sts.amazonaws.com".
#   related: [CKV_AWS_393]
package tenantform.rules.iam_oidc_claims

import data.tenantform.lib.iam
import data.tenantform.lib.plan

findings contains f if some f in iam.unreadable_trusts

findings contains plan.finding(d.resource, d.property, s.source, sprintf("no condition says which subjects of %s may assume the role", [host])) if {
	some [d, s, host] in federated
	count(tests(s, host)) == 0
}

findings contains plan.finding(d.resource, d.property, s.source, sprintf("the condition on the subject lets others of %s assume the role too", [host])) if {
	some [d, s, host] in federated
	some value in tests(s, host)
	is_string(value)
	not owned(host, value)
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "which subjects may assume the role is secret or known only after the run") if {
	some [d, s, host] in federated
	some value in tests(s, host)
	not is_string(value)
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "the identity provider that may assume the role is secret or known only after the run") if {
	some d in iam.trusts
	some s in d.statements
	s.effect == "Allow"
	vague(s.source.Principal)
}

vague(p) if plan.is_opaque(p)

vague(p) if plan.is_opaque(p.Federated)

vague(p) if {
	some name in plan.list(p.Federated)
	plan.is_opaque(name)
}

# Allowing statements that trust an OpenID Connect provider, with the provider's host and path.
federated := [[d, s, host] |
	some d in iam.trusts
	some s in d.statements
	s.effect == "Allow"
	some ["Federated", name] in s.principals
	not contains(name, ":saml-provider/")
	parts := split(name, ":oidc-provider/")
	host := lower(parts[count(parts) - 1])
]

default claim(_) := "sub"

claim("cognito-identity.amazonaws.com") := "aud"

# What the subject must be: the values of conditions that a missing claim does not satisfy.
tests(s, host) := {value |
	some [operator, value] in iam.conditions(s, concat(":", [host, claim(host)]))
	operator in {"stringequals", "stringequalsignorecase", "stringlike", "foranyvalue:stringequals", "foranyvalue:stringlike"}
}

owned(host, value) if fixed(host, split(replace(value, "?", "*"), "*")[0], value)

# The text before the first wildcard must hold the owner and what ends its name.
fixed(_, start, value) if {
	start == value
	not chosen(value)
}

fixed(host, start, value) if {
	start != value
	not forge(host)
	regex.match(`^[^:/]+[:/][^:/]+[:/]`, start)
}

fixed(host, start, value) if {
	start != value
	forge(host)
	not chosen(value)
	regex.match(`^[a-z_]+:[^:/]+/`, start)
}

forge("token.actions.githubusercontent.com")

forge("gitlab.com")

# Claims that say nothing of the owner.
chosen(value) if {
	split(value, ":")[0] in {"actor", "base_ref", "context", "environment", "head_ref", "ref", "ref_path", "ref_type", "workflow"}
	contains(value, ":")
}

chosen("")
