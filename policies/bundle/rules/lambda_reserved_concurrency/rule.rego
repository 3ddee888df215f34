# METADATA
# title: A function has executions of its own
# description: |
#   Without reserved concurrency one function's load takes the executions of all
#   others of the account, and nothing caps what it costs or how hard it presses
#   on a database. Of functions that run a tenant's code another rule demands it.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A concurrency that is not known before the run is a finding.
#   waivable: "yes"
#   category: compute
#   enforcement: production
#   remediation: Set reservedConcurrentExecutions to the most executions at once that the function needs and that what it calls can bear.
#   related: [LambdaConcurrency, CKV_AWS_115]
package tenantform.rules.lambda_reserved_concurrency

import data.tenantform.lib.lambda
import data.tenantform.lib.plan
import data.tenantform.lib.untrusted

findings contains plan.finding(f, "reservedConcurrentExecutions", cap, "nothing caps the function's concurrency or keeps executions free for it") if {
	some f in lambda.functions
	cap := plan.get(f, "reservedConcurrentExecutions")
	not capped(cap)
	not untrusted.untrusted(f)
}

capped(cap) if {
	is_number(cap)
	cap >= 0
}
