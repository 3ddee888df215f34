# METADATA
# title: Identities have policies of their own instead of AWS's managed ones
# description: |
#   AWS writes its managed policies for everybody: they allow more than one
#   workload needs, on every resource, and AWS changes them without a deployment
#   here. What attaches policies to roles, users and groups is read. A policy of
#   the same plan is one's own, whatever its ARN.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: An ARN that is not known before the run and comes from no policy of the plan is a finding.
#   waivable: "yes"
#   category: identity
#   enforcement: production
#   remediation: Write the actions that are needed into an aws:iam/policy:Policy or aws:iam/rolePolicy:RolePolicy of your own and attach that. Take managedPolicyArns that begin with arn:aws:iam::aws:policy/ out.
#   related: [AwsSolutions-IAM4]
package tenantform.rules.iam_no_aws_managed_policy

import data.tenantform.lib.iam
import data.tenantform.lib.plan

findings contains plan.finding(a.resource, a.property, a.value, "the attached policy is AWS's own, for everybody and on every resource") if {
	some a in iam.attached
	not own(a.value)
}

own(arn) if {
	is_string(arn)
	not contains(arn, ":iam::aws:policy/")
}
