# METADATA
# title: A function's memory and time are chosen
# description: |
#   Lambda's defaults, 128 MB and 3 seconds, fit hardly any function: too little
#   memory is also too little processor, and the first slow call ends the function.
# custom:
#   severity: low
#   scope: resource
#   on_unknown: A size or time that is not known before the run is a finding.
#   waivable: "yes"
#   category: compute
#   enforcement: production
#   remediation: Set memorySize and timeout to what the function was measured to need.
#   related: [LambdaDefaultMemorySize, LambdaFunctionDefaultTimeout]
package tenantform.rules.lambda_memory_and_timeout

import data.tenantform.lib.lambda
import data.tenantform.lib.plan

findings contains plan.finding(f, property, value, why) if {
	some f in lambda.functions
	some property, why in {
		"memorySize": "the function gets Lambda's default memory, which nobody chose",
		"timeout": "the function gets Lambda's default time, which nobody chose",
	}
	value := plan.get(f, property)
	not chosen(value)
}

chosen(value) if {
	is_number(value)
	value > 0
}
