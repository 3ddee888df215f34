# METADATA
# title: A function takes signed code only
# description: |
#   With a code signing configuration that enforces, Lambda refuses code that no
#   profile of the configuration has signed, whoever uploads it. One that only
#   warns lets it in. Container images cannot be signed in this way.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A configuration that is not known counts where it comes from another resource. A policy that is not known is a finding.
#   waivable: "yes"
#   category: compute
#   enforcement: advisory
#   remediation: Set codeSigningConfigArn to a configuration of which policies.untrustedArtifactOnDeployment is Enforce, and sign the code with AWS Signer.
#   related: [CKV_AWS_272]
package tenantform.rules.lambda_code_signed

import data.tenantform.lib.lambda
import data.tenantform.lib.plan

findings contains plan.finding(f, "codeSigningConfigArn", config, "Lambda takes whatever code is uploaded") if {
	some f in lambda.functions
	config := plan.get(f, "codeSigningConfigArn")
	not plan.given(f, "codeSigningConfigArn", config)
	not lambda.image(f)
}

findings contains plan.finding(c, "policies.untrustedArtifactOnDeployment", policy, "Lambda warns of code that is not signed, and takes it") if {
	some c in plan.of_type("aws:lambda/codeSigningConfig:CodeSigningConfig")
	policy := plan.field(plan.get(c, "policies"), "untrustedArtifactOnDeployment")
	policy != "Enforce"
}
