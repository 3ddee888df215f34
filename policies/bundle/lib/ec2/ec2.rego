# METADATA
# title: Instances
# description: |
#   Instances, requests for spot ones and launch configurations say in the same
#   properties what is launched. What one does not say may follow from its
#   launch template, or from what is set for the account and region.
package tenantform.lib.ec2

import data.tenantform.lib.plan

template_type := "aws:ec2/launchTemplate:LaunchTemplate"

configuration_type := "aws:ec2/launchConfiguration:LaunchConfiguration"

# METADATA
# description: What is launched in the run or later, launch templates aside.
instances := [r |
	some type in ["aws:ec2/instance:Instance", "aws:ec2/spotInstanceRequest:SpotInstanceRequest", configuration_type]
	some r in plan.of_type(type)
]

# METADATA
# description: The live launch templates.
templates := plan.of_type(template_type)

# METADATA
# description: |
#   Where a resource's launch template is: "none" where it has none, "plan" where it
#   is one of the plan, which is looked at itself, and else "elsewhere".
origin(r) := "none" if {
	plan.get(r, "launchTemplate") == null
} else := "plan" if {
	count(plan.sources_of_type(r, "launchTemplate", template_type)) > 0
} else := "plan" if {
	some property in ["id", "name"]
	known[property][plan.text(plan.field(plan.get(r, "launchTemplate"), property))]
} else := "elsewhere"

known := {
	"id": {id: true | some t in templates; id := plan.text(object.get(t, "id", "")); id != ""},
	"name": {name: true | some t in templates; name := plan.text(plan.get(t, "name")); name != ""},
}

# METADATA
# description: The places, accounts in regions, in which resources are.
places(resources) := {p | some r in resources; some p in place(r)}

# METADATA
# description: Tells whether a resource is in one of the places.
within(r, some_places) if count(place(r) & some_places) > 0

place(r) := {p |
	provider := object.get(r, "provider", {})
	some p in [
		[object.get(provider, "urn", "")],
		[object.get(provider, "region", ""), object.get(provider, "account", "")],
	]
	every part in p { part != "" }
}
