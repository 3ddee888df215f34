# METADATA
# title: Decryption is allowed with named keys only
# description: |
#   A policy must not allow kms:Decrypt or kms:ReEncryptFrom with every key, or
#   every key of an account: each key is there to keep one owner's data from
#   others. A condition on the aliases, tags or encryption context of a key
#   narrows the statement. One on kms:ViaService or kms:CallerAccount does not: it
#   lets any data of the service through.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A document, action, resource or condition that is not known before the run is a finding, unless the rest of the statement rules the finding out.
#   waivable: "yes"
#   category: identity
#   enforcement: mandatory
#   remediation: Name the ARNs of the keys in Resource, or hold kms:ResourceAliases or aws:ResourceTag against a value in Condition. Build ARNs from names, account and region that are known, so that the document is known before the run.
#   related: [KMS.1, KMS.2]
package tenantform.rules.iam_no_decrypt_on_all_keys

import data.tenantform.lib.iam

findings contains f if some f in iam.unreadable

findings contains iam.verdict(a, "the statement decrypts with every key") if {
	some a in suspects
	count(iam.hits(a, decrypting)) > 0
}

findings contains iam.unsure(a, "the statement may decrypt with every key") if {
	some a in suspects
	iam.unknown_actions(a)
	count(iam.hits(a, decrypting)) == 0
}

decrypting := {"kms": {"decrypt", "reencryptfrom"}}

suspects := [object.union(a, {"constraint": constraint}) |
	some a in iam.allows
	a.reach != "named"
	constraint := iam.constraint(a.statement, grouping)
	constraint != "some"
]

grouping := {k | some k in data.tenantform.actions.key_grouping}
