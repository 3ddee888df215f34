# METADATA
# title: A silo has a key of its own
# description: |
#   What a silo keeps is encrypted with a KMS key of the silo, so that nobody who
#   may use another tenant's key can read it, and so that the silo's data is gone
#   with its key. The key's policy and its grants let in the account itself, through
#   which IAM decides, the tenant's own roles, and services of AWS under a condition;
#   nobody else. A bucket that AWS delivers access logs to is left out, because S3
#   delivers to none that encrypts with a KMS key. The grants of every key in a tenant's stack are looked at, also of one
#   that is not the tenant's.
# custom:
#   severity: critical
#   scope: stack
#   on_unknown: A key that is not known counts when it comes from a key of the plan with the tenant's tag, a principal when it comes from the plan's own roles. Everything else that is not known before the run is a finding.
#   waivable: exact
#   category: tenancy
#   enforcement: mandatory
#   remediation: Make a key in the silo and give it to the table, the buckets, queues, topics and databases; name in its policy the account's root and the tenant's roles only.
#   related: [Tenantform.MT10]
package tenantform.rules.tenant_kms_key

import data.tenantform.lib.iam
import data.tenantform.lib.plan
import data.tenantform.lib.s3
import data.tenantform.lib.tenancy

key_type := "aws:kms/key:Key"

# Where each type says its key.
stores := {
	"aws:dynamodb/table:Table": ["serverSideEncryption", "kmsKeyArn"],
	"aws:sqs/queue:Queue": ["kmsMasterKeyId"],
	"aws:sns/topic:Topic": ["kmsMasterKeyId"],
	"aws:rds/cluster:Cluster": ["kmsKeyId"],
	"aws:rds/instance:Instance": ["kmsKeyId"],
	"aws:efs/fileSystem:FileSystem": ["kmsKeyId"],
	"aws:secretsmanager/secret:Secret": ["kmsKeyId"],
	"aws:kinesis/stream:Stream": ["kmsKeyId"],
}

findings contains plan.finding(r, concat(".", place), shown(r, place[0], value), "what the silo keeps here is not encrypted with the silo's own key") if {
	some type, place in stores
	some r in plan.of_type(type)
	in_silo(r)
	value := at(r, place)
	not own_key(r, place[0], value)
}

# A key that is known to be another's is no unknown one.
shown(r, property, value) := value if count(plan.sources_of_type(r, property, key_type)) == 0

shown(r, property, _) := null if count(plan.sources_of_type(r, property, key_type)) > 0

at(r, place) := plan.get(r, place[0]) if count(place) == 1

at(r, place) := plan.field(plan.get(r, place[0]), place[1]) if count(place) == 2

# A member of a cluster has the cluster's key.
own_key(r, _, null) if {
	r.type == "aws:rds/instance:Instance"
	not plan.get(r, "clusterIdentifier") == null
}

own_key(r, property, value) if {
	value != null
	from := plan.sources_of_type(r, property, key_type) | plan.sources_of_type(r, property, "aws:kms/alias:Alias")
	count(from) > 0
	every urn in from { own(urn) }
}

own_key(_, _, value) if {
	parts := split(plan.text(value), "/")
	id := parts[count(parts) - 1]
	some urn in keys_by_id[id]
	own(urn)
}

keys_by_id[id] contains k.urn if {
	some k in plan.of_type(key_type)
	id := plan.text(object.get(k, "id", ""))
	id != ""
}

own(urn) if tenancy.tagged[urn] == tenancy.tenant

own(urn) if {
	plan.by_urn[urn].type == "aws:kms/alias:Alias"
	from := plan.sources_of_type(plan.by_urn[urn], "targetKeyId", key_type)
	count(from) > 0
	every key in from { tenancy.tagged[key] == tenancy.tenant }
}

default in_silo(_) := false

in_silo(r) if {
	tenancy.alone
	plan.field(plan.get(r, "tags"), "model") == "silo"
}

in_silo(r) if {
	tenancy.alone
	contains(r.urn, "tenantform:silo:Silo$")
}

in_silo(r) if {
	tenancy.alone
	some urn in plan.sources(r, "bucket")
	plan.field(plan.get(plan.by_urn[urn], "tags"), "model") == "silo"
}

# Buckets.

buckets := ["aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"]

findings contains plan.finding(r, "rules", plan.get(r, "rules"), "what the silo's bucket keeps is not encrypted with the silo's own key") if {
	some r in s3.settings("encryption")
	in_silo(r)
	count(s3.log_targets & s3.of(r, "bucket")) == 0
	not own_rules(r)
}

own_rules(r) if {
	rules := plan.get(r, "rules")
	is_array(rules)
	count(rules) > 0
	every rule in rules {
		own_key(r, "rules", plan.field(plan.field(rule, "applyServerSideEncryptionByDefault"), "kmsMasterKeyId"))
	}
}

findings contains plan.finding(b, "serverSideEncryptionConfiguration", plan.get(b, "serverSideEncryptionConfiguration"), "what the silo's bucket keeps is not encrypted with the silo's own key") if {
	some type in buckets
	some b in plan.of_type(type)
	in_silo(b)
	not b.urn in encrypted
	rule := plan.field(plan.field(plan.get(b, "serverSideEncryptionConfiguration"), "rule"), "applyServerSideEncryptionByDefault")
	not own_key(b, "serverSideEncryptionConfiguration", plan.field(rule, "kmsMasterKeyId"))
}

# Buckets of which a resource of its own says the key, by where its bucket comes from or by name.
encrypted := {urn |
	some r in s3.settings("encryption")
	some urn in plan.sources(r, "bucket")
} | {b.urn |
	some r in s3.settings("encryption")
	name := plan.text(plan.get(r, "bucket"))
	name != ""
	some kind in buckets
	some b in plan.of_type(kind)
	plan.get(b, "bucket") == name
}

# Who is let in.

policies := [d |
	tenancy.alone
	some d in iam.resource_documents
	d.resource.type in {key_type, "aws:kms/keyPolicy:KeyPolicy"}
]

findings contains iam.unread(d) if {
	some d in policies
	d.state != "ok"
}

findings contains plan.finding(d.resource, d.property, s.source, sprintf("the key's policy lets %s in, who is not the tenant's", [name])) if {
	some d in policies
	some s in d.statements
	s.effect == "Allow"
	some [kind, name] in s.principals
	not let_in(kind, name, s, d.resource)
}

findings contains plan.finding(d.resource, d.property, s.source, "the key's policy lets in everybody but those it names") if {
	some d in policies
	some s in d.statements
	s.effect == "Allow"
	s.negated_principals
}

findings contains plan.unverifiable(d.resource, d.property, s.source, "a principal of the key's policy is known only after the run and does not come from the plan's own roles") if {
	some d in policies
	some s in d.statements
	s.effect == "Allow"
	"Principal" in s.opaque
	not own_roles(d.resource, d.property)
}

let_in("AWS", name, _, r) if principal(name, r)

let_in("Service", _, s, _) if iam.constraint(s, set()) == "some"

let_in("Service", _, s, _) if iam.constraint(s, set()) == "unknown"

principal(name, r) if name == account(r)

principal(name, r) if {
	parts := split(name, ":")
	count(parts) == 6
	parts[4] == account(r)
	own_principal(parts[5])
}

# The account of a resource: its provider's, or the stack's where that is not told.
account(r) := r.provider.account

account(r) := input.subject.account if not r.provider.account

own_principal("root")

own_principal(rest) if {
	startswith(rest, "role/")
	segments := split(rest, "/")
	tenancy.own(segments[count(segments) - 1])
}

own_roles(r, property) if {
	from := plan.sources_of_type(r, property, "aws:iam/role:Role")
	count(from) > 0
	every urn in from { tenancy.tagged[urn] == tenancy.tenant }
}

grants := [g | tenancy.alone; some g in plan.of_type("aws:kms/grant:Grant")]

findings contains plan.finding(g, "granteePrincipal", plan.get(g, "granteePrincipal"), "the grant lets a principal use the key that is not the tenant's") if {
	some g in grants
	not own_roles(g, "granteePrincipal")
	not principal(plan.text(plan.get(g, "granteePrincipal")), g)
}

findings contains plan.finding(g, "keyId", plan.get(g, "keyId"), "the grant is of a key that is not the tenant's") if {
	some g in grants
	not own_key(g, "keyId", plan.get(g, "keyId"))
}
