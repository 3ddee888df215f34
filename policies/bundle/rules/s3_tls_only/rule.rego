# METADATA
# title: A bucket refuses requests without TLS
# description: |
#   Each bucket of the plan needs a policy that denies everybody all actions on the
#   bucket and its objects where aws:SecureTransport is false, under no further
#   condition. Otherwise S3 answers over plain HTTP too, and data and signatures
#   can be read on the way.
# custom:
#   severity: high
#   scope: stack
#   on_unknown: A policy is the bucket's when its bucket property comes from that bucket alone, or is its known name. A document or resource that is not known before the run is a finding.
#   waivable: "yes"
#   category: storage
#   enforcement: mandatory
#   remediation: Add a statement to the bucket's policy with Effect Deny, Principal "*", Action "s3:*", the ARNs of the bucket and of its objects as Resource, and the condition Bool aws:SecureTransport "false". Build the ARNs from the bucket's known name.
#   related: [AwsSolutions-S10, S3.5, CT.S3.PR.8]
package tenantform.rules.s3_tls_only

import data.tenantform.lib.access
import data.tenantform.lib.iam
import data.tenantform.lib.plan
import data.tenantform.lib.s3

findings contains plan.finding(bucket, "", null, "no policy in the plan refuses all requests to this bucket that come without TLS") if {
	some bucket in s3.buckets
	not closed(bucket)
	not bucket.urn in perhaps
}

findings contains plan.unverifiable(bucket, "", null, "what the bucket's policy says is known only after the run; it may let requests without TLS in") if {
	some bucket in s3.buckets
	not closed(bucket)
	bucket.urn in perhaps
}

# Denials of everything without TLS, by the bucket that the policy is of.
denials[urn] contains s if {
	some [d, urns] in s3.policies
	some s in d.statements
	access.refuses_plain(s)
	every_action(s)
	some urn in urns
}

perhaps := {urn | some [d, urns] in s3.policies; d.state == "opaque"; some urn in urns} | {urn |
	some urn, statements in denials
	some s in statements
	"Resource" in s.opaque
}

every_action(s) if "s3:*" in s.actions

every_action(s) if iam.all_actions(s)

closed(bucket) if {
	resources := {r | some s in denials[bucket.urn]; some r in s.resources}
	some name in known(bucket, resources)
	some pattern in resources
	of_bucket(pattern, name)
	some objects in resources
	of_objects(objects, name)
}

# Where the bucket's name is not known, one that the policy speaks of.
known(bucket, _) := s3.names(bucket) if count(s3.names(bucket)) > 0

known(bucket, resources) := {tail(r) | some r in resources} if count(s3.names(bucket)) == 0

of_bucket(pattern, name) if tail(pattern) == name

of_bucket(pattern, name) if prefix_of(pattern, name)

of_objects(pattern, name) if tail(pattern) == concat("", [name, "/*"])

of_objects(pattern, name) if prefix_of(pattern, name)

prefix_of(pattern, name) if {
	endswith(pattern, "*")
	startswith(name, trim_suffix(tail(pattern), "*"))
}

# What follows "arn:aws:s3:::".
tail(pattern) := parts[count(parts) - 1] if parts := split(pattern, ":")
