# METADATA
# title: Security groups and their rules have a description
# description: |
#   Who reviews a group has to see what each way in or out is for. AWS takes no
#   new description for a group that exists, so it has to be there from the
#   beginning; the provider's default text says nothing.
# custom:
#   severity: low
#   scope: resource
#   on_unknown: A description that is not known before the run, or that is a secret, is a finding.
#   waivable: "yes"
#   category: network
#   enforcement: mandatory
#   remediation: Set description of the group, and of each of its rules, to what it is for.
#   related: [AwsSolutions-EC27, CKV_AWS_23]
package tenantform.rules.ec2_security_group_described

import data.tenantform.lib.network
import data.tenantform.lib.plan

findings contains plan.finding(g, "description", text, "the security group has no description of its own") if {
	some g in plan.of_type("aws:ec2/securityGroup:SecurityGroup")
	text := plan.get(g, "description")
	not said(text)
}

findings contains plan.finding(flow.resource, place(flow.path), text, "the rule has no description") if {
	some direction in [network.ingress, network.egress]
	some flow in direction
	text := plan.field(flow.rule, "description")
	not said(text)
}

said(text) if {
	is_string(text)
	trim_space(text) != ""
	not lower(text) in {"managed by pulumi", "managed by terraform"}
}

place("") := "description"

place(path) := concat(".", [path, "description"]) if path != ""
