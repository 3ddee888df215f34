# METADATA
# title: A function's variables are encrypted with a key of one's own
# description: |
#   Lambda encrypts variables with a key of AWS, which everybody who may read the
#   function's configuration may use. With a customer managed key the key's policy
#   decides who reads them, and each use is recorded.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A key that is not known counts where it comes from another resource. Variables that are not known count as variables.
#   waivable: "yes"
#   category: compute
#   enforcement: production
#   remediation: Set kmsKeyArn to a customer managed key.
#   related: [CKV_AWS_173]
package tenantform.rules.lambda_environment_encrypted

import data.tenantform.lib.lambda
import data.tenantform.lib.plan

findings contains plan.finding(f, at, value, "a key of AWS encrypts the function's variables") if {
	some f in lambda.functions
	variables := plan.field(plan.get(f, "environment"), "variables")
	not variables in [null, {}]
	key := plan.get(f, "kmsKeyArn")
	not own(f, key)
	[at, value] := shown(variables, key)
}

# What is not known is shown: the variables, or else the key.
shown(variables, key) := ["kmsKeyArn", key] if not plan.is_opaque(variables)

shown(variables, _) := ["environment", variables] if plan.is_opaque(variables)

own(f, key) if {
	plan.given(f, "kmsKeyArn", key)
	not endswith(plan.text(key), ":alias/aws/lambda")
}
