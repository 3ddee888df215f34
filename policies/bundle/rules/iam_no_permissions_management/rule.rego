# METADATA
# title: No policy manages the permissions of every resource
# description: |
#   Changing who may do what, through policies, grants, attributes or shares, must
#   not be allowed on everything or on everything of a type. Which actions do is
#   data (permissions): those to which the Service Authorization Reference gives
#   the access level "Permissions management" and that a resource can restrict. A
#   condition that narrows the statement excuses it.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A document, action, resource or condition that is not known before the run is a finding, unless the rest of the statement rules the finding out.
#   waivable: "yes"
#   category: identity
#   enforcement: mandatory
#   remediation: Name the resources whose permissions are managed in Resource, or hold iam:PermissionsBoundary or aws:ResourceTag against a value in Condition. Build ARNs from names, account and region that are known, so that the document is known before the run.
#   related: [CKV_AWS_289]
package tenantform.rules.iam_no_permissions_management

import data.tenantform.lib.iam

findings contains f if some f in iam.unreadable

findings contains f if {
	some f in iam.reached(
		data.tenantform.actions.permissions, {"all", "service", "account"},
		"the statement manages the permissions of everything of a type",
	)
}
