# METADATA
# title: The policy of an endpoint says whose requests may pass
# description: |
#   Without a policy an endpoint lets everybody in the VPC reach the resources of
#   anybody: a way out for data that no security group sees. A statement that
#   allows has to name principals, resources, or, as a condition, the account or
#   organisation of one of them. Endpoints of services that take no policy are left out.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: A policy, principal or condition that is not known before the run is a finding. A resource that is not known is taken for a named one.
#   waivable: "yes"
#   category: network
#   enforcement: mandatory
#   remediation: Set policy to a document whose statements have aws:PrincipalAccount or aws:ResourceAccount (or the organisation's id) as a condition, or that names the resources.
#   related: []
package tenantform.rules.vpc_endpoint_policy

import data.tenantform.lib.access
import data.tenantform.lib.iam
import data.tenantform.lib.plan

endpoint_type := "aws:ec2/vpcEndpoint:VpcEndpoint"

policy_type := "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy"

findings contains plan.finding(e, "policy", null, "the endpoint has no policy, so that everything may pass") if {
	some e in plan.of_type(endpoint_type)
	plan.get(e, "policy") in {null, ""}
	not plan.get(e, "vpcEndpointType") in {"GatewayLoadBalancer", "Resource", "ServiceNetwork"}
	not startswith(plan.text(plan.get(e, "serviceName")), "com.amazonaws.vpce.")
	not e.urn in apart
	not plan.text(object.get(e, "id", "")) in ids
}

findings contains plan.finding(d.resource, d.property, d.value, "this is no policy document that AWS accepts, so what it lets pass cannot be told") if {
	some d in documents
	d.state == "invalid"
}

findings contains plan.unverifiable(d.resource, d.property, d.value, "the policy is secret or known only after the run; it may let everything pass") if {
	some d in documents
	d.state == "opaque"
}

findings contains plan.finding(d.resource, d.property, s.source, "anybody may reach the resources of anybody") if {
	some [d, s] in allowing
	access.reach(s) == "public"
	not access.perhaps_confined(s, access.by_resource)
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "who may pass is known only after the run; it may be anybody") if {
	some [d, s] in allowing
	access.reach(s) == "unknown"
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "whose resources may be reached is known only after the run; it may be anybody's") if {
	some [d, s] in allowing
	access.reach(s) == "public"
	access.perhaps_confined(s, access.by_resource)
}

documents := [d |
	some d in iam.resource_documents
	d.resource.type in {endpoint_type, policy_type}
]

# The statements that allow something on everything.
allowing := [[d, s] |
	some d in documents
	some s in d.statements
	s.effect == "Allow"
	everything(s)
	not access.confined(s, access.by_resource)
]

everything(s) if iam.all_resources(s)

# NotResource, or none.
everything(s) if {
	count(s.resources) == 0
	not "Resource" in s.opaque
}

# Endpoints with a policy of its own: those that it comes from, and known ids. A policy left out is everything.
apart := {urn |
	some p in given
	from := plan.sources_of_type(p, "vpcEndpointId", endpoint_type)
	count(from) == 1
	some urn in from
}

ids := {id | some p in given; id := plan.text(plan.get(p, "vpcEndpointId")); id != ""}

given := [p | some p in plan.of_type(policy_type); not plan.get(p, "policy") in {null, ""}]
