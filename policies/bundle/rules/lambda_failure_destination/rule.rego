# METADATA
# title: Events that a function could not process are kept
# description: |
#   Lambda drops an event of an asynchronous invocation after its retries, unless
#   the function has a dead-letter queue or a destination for failures. A function
#   that, by the plan, only waits for its callers or for an event source mapping
#   needs none: they learn of the failure. Nor does a tenant's code, which the
#   platform calls and waits for, and which may send nothing anywhere.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A target that is not known counts where it comes from another resource. Otherwise it is a finding.
#   waivable: "yes"
#   category: compute
#   enforcement: production
#   remediation: Add a FunctionEventInvokeConfig with destinationConfig.onFailure.destination, or set deadLetterConfig.targetArn to a queue or topic.
#   related: [LambdaDLQ, CKV_AWS_116]
package tenantform.rules.lambda_failure_destination

import data.tenantform.lib.lambda
import data.tenantform.lib.plan
import data.tenantform.lib.untrusted

findings contains plan.finding(f, "deadLetterConfig.targetArn", target, "events that the function could not process are lost") if {
	some f in lambda.functions
	target := plan.field(plan.get(f, "deadLetterConfig"), "targetArn")
	not plan.given(f, "deadLetterConfig", target)
	not f.urn in kept
	not awaited(f)
	not untrusted.untrusted(f)
}

# Functions with a destination for failures.
kept := {urn |
	some c in plan.of_type("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig")
	destination := plan.field(plan.field(plan.get(c, "destinationConfig"), "onFailure"), "destination")
	plan.given(c, "destinationConfig", destination)
	some urn in lambda.named(c, "functionName")
}

awaited(f) if {
	f.urn in polled | permitted
	not f.urn in sent_to
}

polled := {urn | some urns in lambda.polls; some urn in urns}

permitted := {urn | some urns in lambda.permits; some urn in urns}

# Functions that others may invoke than services that wait for the answer.
sent_to := {urn |
	some p in lambda.permissions
	not plan.get(p, "principal") in waiting
	some urn in lambda.permits[p.urn]
}

# Services that invoke functions synchronously; see the pages on the services in
# "Invoking Lambda with events from other AWS services" (AWS Lambda Developer Guide).
waiting := {
	"apigateway.amazonaws.com", "bedrock.amazonaws.com", "cognito-idp.amazonaws.com", "connect.amazonaws.com",
	"elasticloadbalancing.amazonaws.com", "lexv2.amazonaws.com", "vpc-lattice.amazonaws.com",
}
