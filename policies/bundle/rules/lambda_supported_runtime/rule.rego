# METADATA
# title: A function runs on a runtime that Lambda patches
# description: |
#   Lambda stops to patch a runtime when its language version ends. The code then
#   runs on with the holes that are found later, and after some months it can no
#   longer be updated. The list is that of November 2026.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A runtime that is not known before the run is a finding.
#   waivable: "yes"
#   category: compute
#   enforcement: mandatory
#   remediation: Set runtime to a version that Lambda patches, of the same language, and test the code on it.
#   related: [AwsSolutions-L1, CKV_AWS_363, Lambda.2]
package tenantform.rules.lambda_supported_runtime

import data.tenantform.lib.lambda
import data.tenantform.lib.plan

findings contains plan.finding(f, "runtime", runtime, "Lambda does not patch the runtime, or has none of this name") if {
	some f in lambda.functions
	runtime := plan.get(f, "runtime")
	not runtime in supported
	not without(f, runtime)
}

# An image brings its own.
without(f, null) if lambda.image(f)

# Source: "Supported runtimes" in the AWS Lambda Developer Guide.
supported := {
	"dotnet10",
	"java11", "java11.al2023", "java17", "java17.al2023", "java21", "java25", "java8.al2", "java8.al2023",
	"nodejs22.x", "nodejs24.x",
	"provided.al2023",
	"python3.11", "python3.12", "python3.13", "python3.14",
	"ruby3.3", "ruby3.4", "ruby4.0",
}
