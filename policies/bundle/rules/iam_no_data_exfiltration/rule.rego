# METADATA
# title: No policy reads the data of every resource
# description: |
#   Reading objects, items, secrets, parameters, messages or snapshots must not be
#   allowed on everything or on everything of a type: who takes such an identity
#   over takes the data of all tenants. Which actions read data is data
#   (exfiltration), from the Service Authorization Reference. A condition that
#   narrows the statement excuses it.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A document, action, resource or condition that is not known before the run is a finding, unless the rest of the statement rules the finding out.
#   waivable: "yes"
#   category: identity
#   enforcement: mandatory
#   remediation: Name the buckets, tables, secrets, parameters and queues in Resource. Build ARNs from names, account and region that are known, so that the document is known before the run.
#   related: [CKV_AWS_288]
package tenantform.rules.iam_no_data_exfiltration

import data.tenantform.lib.iam

findings contains f if some f in iam.unreadable

findings contains f if {
	some f in iam.reached(
		data.tenantform.actions.exfiltration, {"all", "service", "account"},
		"the statement reads the data of everything of a type",
	)
}
