# METADATA
# title: Buckets and their settings
# description: |
#   A bucket's settings are resources of their own, or properties of the bucket.
#   Which bucket they are of follows from a known name, or from where the name
#   comes from, if it comes from one bucket alone.
package tenantform.lib.s3

import data.tenantform.lib.iam
import data.tenantform.lib.plan

types := ["aws:s3/bucketV2:BucketV2", "aws:s3/bucket:Bucket"]

# METADATA
# description: The live buckets.
buckets := [r | some type in types; some r in plan.of_type(type)]

# METADATA
# description: The names that are known of a bucket.
names(bucket) := {name |
	some name in [plan.text(plan.get(bucket, "bucket")), plan.text(object.get(bucket, "id", ""))]
	name != ""
}

urns_by_name := by_name

by_name[name] contains r.urn if {
	some r in buckets
	some name in names(r)
}

# METADATA
# description: The URN of the bucket that a property of a resource names; an empty set where it cannot be told.
of(r, property) := object.get(urns_by_name, plan.text(plan.get(r, property)), sole(r, property))

sole(r, property) := from if {
	from := {urn | some type in types; some urn in plan.sources_of_type(r, property, type)}
	count(from) == 1
} else := set()

# METADATA
# description: |
#   The types of a bucket's settings, by what they set. Some are called otherwise
#   since version 7 of the provider, which knows the older names, too.
setting_types := {
	"acl": ["aws:s3/bucketAclV2:BucketAclV2", "aws:s3/bucketAcl:BucketAcl"],
	"encryption": [
		"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
		"aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
	],
	"lifecycle": [
		"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
		"aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
	],
	"logging": ["aws:s3/bucketLoggingV2:BucketLoggingV2", "aws:s3/bucketLogging:BucketLogging"],
	"ownership": ["aws:s3/bucketOwnershipControls:BucketOwnershipControls"],
	"versioning": ["aws:s3/bucketVersioningV2:BucketVersioningV2", "aws:s3/bucketVersioning:BucketVersioning"],
}

# METADATA
# description: The live resources that set something of buckets; a key of setting_types.
settings(what) := [r | some type in setting_types[what]; some r in plan.of_type(type)]

# METADATA
# description: The URNs of the buckets of which a resource sets something; a key of setting_types.
having(what) := {urn | some r in settings(what); some urn in of(r, "bucket")}

policy_type := "aws:s3/bucketPolicy:BucketPolicy"

# METADATA
# description: The policies of buckets, as pairs of the document and the URNs of its bucket.
policies := array.concat(
	[[d, of(d.resource, "bucket")] | some d in iam.resource_documents; d.resource.type == policy_type],
	[[iam.document(b, "policy", value), {b.urn}] |
		some b in buckets
		value := plan.get(b, "policy")
		not value in {null, ""}
	],
)

# METADATA
# description: |
#   The URNs of buckets that AWS puts access logs into. S3 and load balancers can
#   do that only where the bucket encrypts with keys of S3, and logs of logs have no end.
log_targets := {urn |
	some r in settings("logging")
	some urn in of(r, "targetBucket") - of(r, "bucket")
} | {urn |
	some b in buckets
	some logging in plan.list(plan.get(b, "loggings"))
	some urn in object.get(urns_by_name, plan.text(plan.field(logging, "targetBucket")), set()) - {b.urn}
} | {urn |
	some [d, urns] in policies
	some s in d.statements
	s.effect == "Allow"
	some service in log_services
	["Service", service] in s.principals
	some urn in urns
}

log_services := ["logging.s3.amazonaws.com", "logdelivery.elasticloadbalancing.amazonaws.com"]
