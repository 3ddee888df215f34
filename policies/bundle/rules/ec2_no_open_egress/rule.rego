# METADATA
# title: No security group lets everything out
# description: |
#   A rule that lets all protocols, or all ports, out to all of the internet is a way
#   out for data, whatever runs behind it. One port to everywhere, such as 443, is
#   not refused here; for code that tenants supplied every way out is.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A range, protocol or port that is not known before the run is a finding, unless the rest rules it out; a range may come from VPCs, subnets and security groups of the plan.
#   waivable: "yes"
#   category: network
#   enforcement: mandatory
#   remediation: Name the protocol and the ports in egress, and as destination a security group, a prefix list or the ranges that are needed.
#   related: [CKV_AWS_382]
package tenantform.rules.ec2_no_open_egress

import data.tenantform.lib.network
import data.tenantform.lib.plan

findings contains plan.finding(flow.resource, place, address, "all ports are let out to all of the internet") if {
	some flow in network.egress
	every_port(flow.rule)
	some [place, address] in network.addresses(flow)
	network.open(flow, address)
}

findings contains plan.unverifiable(flow.resource, place, address, "the protocol or the ports are known only after the run; they may be all, to all of the internet") if {
	some flow in network.egress
	not every_port(flow.rule)
	perhaps_every_port(flow.rule)
	some [place, address] in network.addresses(flow)
	network.open(flow, address)
}

every_port(rule) if protocol(rule) in {"-1", "all", -1, null}

every_port(rule) if {
	not plan.is_opaque(protocol(rule))
	not protocol(rule) in {"icmp", "icmpv6", "1", "58"}
	wide(rule)
}

# The lowest and the highest port; ICMP has types instead.
wide(rule) if {
	from := plan.field(rule, "fromPort")
	to := plan.field(rule, "toPort")
	from in {0, 1, -1, null}
	to in {65535, -1, null}
}

protocol(rule) := p if {
	p := plan.field(rule, "ipProtocol")
	p != null
} else := plan.field(rule, "protocol")

perhaps_every_port(rule) if {
	plan.is_opaque(protocol(rule))
	perhaps_wide(rule)
}

perhaps_every_port(rule) if {
	some key in ["fromPort", "toPort"]
	plan.is_opaque(plan.field(rule, key))
	perhaps_wide(rule)
}

perhaps_wide(rule) if {
	from := plan.field(rule, "fromPort")
	to := plan.field(rule, "toPort")
	perhaps(from, {0, 1, -1, null})
	perhaps(to, {65535, 0, -1, null}) # with 0 to 0, all where the protocol is all
}

perhaps(port, _) if plan.is_opaque(port)

perhaps(port, all) if port in all
