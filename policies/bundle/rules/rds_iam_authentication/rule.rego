# METADATA
# title: A database can be signed in to by role
# description: |
#   With IAM authentication a function signs in as its role, with a token of fifteen
#   minutes: there is no password to leak, to share between tenants or to forget to
#   change, and the role's policy says which user of the database it is. Db2,
#   Oracle and SQL Server cannot do that.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A setting that is not known before the run is a finding, and so is an engine that is not known where the setting is off.
#   waivable: "yes"
#   category: identity
#   enforcement: production
#   remediation: Set iamDatabaseAuthenticationEnabled to true and allow the roles rds-db:connect as a named user.
#   related: [AwsSolutions-RDS6, CKV_AWS_162, RDS.12]
package tenantform.rules.rds_iam_authentication

import data.tenantform.lib.plan

without := [[r, on] |
	some type in ["aws:rds/cluster:Cluster", "aws:rds/instance:Instance"]
	some r in plan.of_type(type)
	on := plan.get(r, "iamDatabaseAuthenticationEnabled")
	on != true
]

findings contains plan.finding(r, "iamDatabaseAuthenticationEnabled", on, "who signs in to the database needs a password of it") if {
	some [r, on] in without
	not incapable(r)
	not plan.is_opaque(plan.get(r, "engine"))
}

findings contains plan.unverifiable(r, "engine", engine, "whether the engine knows IAM authentication, which is off, cannot be told before the run") if {
	some [r, _] in without
	engine := plan.get(r, "engine")
	plan.is_opaque(engine)
}

incapable(r) if split(plan.text(plan.get(r, "engine")), "-")[0] in {"custom", "db2", "oracle", "sqlserver"}
