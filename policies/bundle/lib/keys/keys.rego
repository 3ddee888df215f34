# METADATA
# title: Keys
# description: Whose key a property names.
package tenantform.lib.keys

import data.tenantform.lib.plan

# METADATA
# description: |
#   Tells whether a value within a property is a key of the owner's: a text that is
#   not the alias of one of AWS's own keys, or something not known before the
#   run where the property comes from a key of the plan or from another stack.
default own(_, _, _) := false

own(_, _, key) if {
	is_string(key)
	key != ""
	not contains(key, "alias/aws/")
}

own(r, property, key) if {
	plan.is_unknown(key)
	some urn in plan.sources(r, property)
	makers[type_of(urn)]
}

# METADATA
# description: Tells whether a property comes from an alias.
default aliased(_, _) := false

aliased(r, property) if {
	some urn in plan.sources(r, property)
	type_of(urn) == "aws:kms/alias:Alias"
}

type_of(urn) := types[count(types) - 1] if types := split(split(urn, "::")[2], "$")

makers := {
	"aws:kms/alias:Alias": true,
	"aws:kms/externalKey:ExternalKey": true,
	"aws:kms/key:Key": true,
	"aws:kms/replicaExternalKey:ReplicaExternalKey": true,
	"aws:kms/replicaKey:ReplicaKey": true,
	"pulumi:pulumi:StackReference": true,
}
