# METADATA
# title: The metadata of an instance is given for a session token only
# description: |
#   Whoever makes a program on an instance fetch a URL of his choosing can fetch the
#   credentials of its role from the metadata service, unless it asks for a token,
#   which such a request cannot get. An instance may have that from its
#   launch template, or from what the plan sets for the account and region.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A setting that is not known before the run is a finding, and so is a launch template that is not of the plan, where the instance says nothing itself.
#   waivable: "yes"
#   category: compute
#   enforcement: mandatory
#   remediation: Set metadataOptions.httpTokens to required in the launch template or the instance, or httpEndpoint to disabled where nothing needs the metadata.
#   related: [CKV_AWS_79, CT.EC2.PR.1, EC2.8]
package tenantform.rules.ec2_metadata_tokens

import data.tenantform.lib.ec2
import data.tenantform.lib.plan

# What says nothing itself has what is set for its account and region.
silent := [[r, tokens] |
	some r in array.concat(ec2.instances, ec2.templates)
	options := plan.get(r, "metadataOptions")
	not plan.field(options, "httpEndpoint") == "disabled"
	tokens := plan.field(options, "httpTokens")
	tokens != "required"
	not set_for_place(r, tokens)
]

set_for_place(r, null) if ec2.within(r, required)

required := ec2.places([d |
	some d in plan.of_type("aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults")
	plan.get(d, "httpTokens") == "required"
])

findings contains plan.finding(r, "metadataOptions.httpTokens", tokens, "its role's credentials are given to any request, without a session token") if {
	some [r, tokens] in silent
	not from_template(r, tokens)
}

findings contains plan.unverifiable(r, "launchTemplate", value, "the launch template is not one of the plan, so whether it demands session tokens cannot be seen") if {
	some [r, tokens] in silent
	tokens == null
	ec2.origin(r) == "elsewhere"
	value := plan.get(r, "launchTemplate")
}

from_template(r, null) if ec2.origin(r) in {"plan", "elsewhere"}
