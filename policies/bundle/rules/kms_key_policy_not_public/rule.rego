# METADATA
# title: A key's policy names who may use the key
# description: |
#   The policy of a key must not allow anything to everybody: "*" as the
#   principal, NotPrincipal or a wildcard, without a condition that holds a key
#   about the caller, such as kms:CallerAccount or aws:PrincipalOrgID, against a
#   value that leaves somebody out. A key without a policy has the default one, which gives it to the
#   account. The condition keys are data (narrowing_principals), from "Condition
#   keys for AWS KMS" in the KMS Developer Guide and the global ones of the IAM
#   User Guide.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: A document, principal or condition that is not known before the run is a finding.
#   waivable: "exact"
#   category: data
#   enforcement: mandatory
#   remediation: Name the account or roles in Principal of the key's policy, or hold kms:CallerAccount against the account in Condition.
#   related: [CKV_AWS_33, KMS.5]
package tenantform.rules.kms_key_policy_not_public

import data.tenantform.lib.iam
import data.tenantform.lib.plan

documents := [d |
	some d in iam.resource_documents
	startswith(d.resource.type, "aws:kms/")
]

findings contains iam.unread(d) if {
	some d in documents
	d.state != "ok"
}

findings contains plan.finding(d.resource, d.property, s.source, "the key's policy lets everybody use the key") if {
	some [d, s] in allowing
	iam.everybody(s)
	iam.caller_constraint(s, iam.caller_keys) == "none"
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "whom the key's policy lets use the key is secret or known only after the run; it may be everybody") if {
	some [d, s] in allowing
	vague(s)
}

allowing := [[d, s] |
	some d in documents
	some s in d.statements
	s.effect == "Allow"
]

vague(s) if {
	iam.everybody(s)
	iam.caller_constraint(s, iam.caller_keys) == "unknown"
}

vague(s) if {
	not iam.everybody(s)
	"Principal" in s.opaque
	iam.caller_constraint(s, iam.caller_keys) != "some"
}
