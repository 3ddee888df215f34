# METADATA
# title: No identity has a policy of AWS's that makes it an administrator
# description: |
#   AdministratorAccess allows everything. IAMFullAccess allows to make oneself
#   anything. Neither may be attached to a role, a user, a group or a permission
#   set. Which policies these are is data (administrators), from the AWS Managed
#   Policy Reference.
# custom:
#   severity: critical
#   scope: stack
#   on_unknown: An ARN that is not known before the run and comes from no policy of the plan is a finding.
#   waivable: "yes"
#   category: identity
#   enforcement: mandatory
#   remediation: Attach a policy that names the actions and resources that are needed. Keep administration to identities that are made outside of these stacks.
#   related: [CKV_AWS_274, CKV2_AWS_56]
package tenantform.rules.iam_no_administrator_policy

import data.tenantform.lib.iam
import data.tenantform.lib.plan

findings contains plan.finding(a.resource, a.property, a.value, "the attached policy makes an administrator of who has it") if {
	some a in array.concat(iam.attached, permission_sets)
	not harmless(a.value)
}

permission_sets := [{"resource": r, "property": "managedPolicyArn", "value": plan.get(r, "managedPolicyArn")} |
	some r in plan.of_type("aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment")
]

harmless(arn) if {
	is_string(arn)
	not administrator(arn)
}

administrator(arn) if {
	contains(arn, ":iam::aws:policy/")
	parts := split(arn, "/")
	parts[count(parts) - 1] in data.tenantform.actions.administrators
}
