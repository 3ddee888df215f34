# METADATA
# title: A key's material is replaced every year
# description: |
#   With rotation KMS makes new key material each year, or as often as
#   rotationPeriodInDays says, so that no material protects all data for ever;
#   older data stays readable. AWS offers it for symmetric encryption keys whose
#   material KMS makes: other kinds, and keys of a custom key store, are passed
#   over.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A setting, or a kind of key, that is not known before the run is a finding.
#   waivable: "yes"
#   category: data
#   enforcement: mandatory
#   remediation: Set enableKeyRotation to true.
#   related: [AwsSolutions-KMS5, CKV_AWS_7, CT.KMS.PR.1]
package tenantform.rules.kms_key_rotation

import data.tenantform.lib.plan

findings contains plan.finding(r, "enableKeyRotation", rotation, "the key's material is never replaced") if {
	some r in plan.of_type("aws:kms/key:Key")
	rotation := plan.get(r, "enableKeyRotation")
	rotation != true
	not cannot(r)
}

# Kinds of keys that AWS does not rotate.
cannot(r) if {
	usage := plan.get(r, "keyUsage")
	usage in {"SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"}
}

cannot(r) if {
	spec := plan.get(r, "customerMasterKeySpec")
	is_string(spec)
	not spec in {"", "SYMMETRIC_DEFAULT"}
}

cannot(r) if plan.text(plan.get(r, "customKeyStoreId")) != ""
