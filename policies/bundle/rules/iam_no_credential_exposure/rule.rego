# METADATA
# title: No policy gives out credentials of every identity
# description: |
#   Some actions answer with credentials, passwords or tokens of others. They must
#   not be allowed on everything or on everything of a type: sts:AssumeRole on "*"
#   is the right to be any role that trusts the account. Which actions they are is
#   data (credentials), from the API references of the services as the Service
#   Authorization Reference lists their actions; tokens that grant no more than
#   the caller has, as those of container registries, are not among them. A
#   condition that narrows the statement excuses it.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A document, action, resource or condition that is not known before the run is a finding, unless the rest of the statement rules the finding out.
#   waivable: "yes"
#   category: identity
#   enforcement: mandatory
#   remediation: Name the roles, users or databases in Resource whose credentials are needed. Build ARNs from names, account and region that are known, so that the document is known before the run.
#   related: [CKV_AWS_287]
package tenantform.rules.iam_no_credential_exposure

import data.tenantform.lib.iam

findings contains f if some f in iam.unreadable

findings contains f if {
	some f in iam.reached(
		data.tenantform.actions.credentials, {"all", "service", "account"},
		"the statement gives out credentials of everything of a type",
	)
}
