# METADATA
# title: Grants to one tenant are in that tenant's stack
# description: |
#   The stacks that all tenants share name no tenant in what they allow: neither as
#   a principal or resource, nor in a condition on keys or tags. Such a grant would
#   stay when the tenant moves or is deleted. And a tenant's stack sets no policy or
#   grant on a resource that is not its own: a resource has one policy, so that it
#   would replace what holds for everybody.
# custom:
#   severity: critical
#   scope: resource
#   on_unknown: A document of a shared stack that is not known before the run is a finding. Whom a shared key's grant is for, and whose the resource of a tenant's policy is, has to be known or to come from the plan's own resources; otherwise it is a finding.
#   waivable: exact
#   category: tenancy
#   enforcement: mandatory
#   remediation: Grant a pooled tenant access with a role in the tenant's own stack, as the component Placement does, and keep policies of shared resources in their stack.
#   related: [Tenantform.MT13]
package tenantform.rules.tenant_pool_grants

import data.tenantform.lib.iam
import data.tenantform.lib.plan
import data.tenantform.lib.tenancy

# Shared stacks.

shared_documents := array.concat(
	array.concat(iam.documents, iam.trusts),
	array.concat(iam.resource_documents, table_policies),
) if tenancy.together

table_policies := [iam.document(r, "policy", plan.get(r, "policy")) | some r in plan.of_type("aws:dynamodb/resourcePolicy:ResourcePolicy")]

findings contains plan.finding(d.resource, d.property, s.source, sprintf("the statement of a shared stack is for one tenant: %s", [concat(", ", about)])) if {
	some d in shared_documents
	some s in d.statements
	s.effect == "Allow"
	about := tenants_in(s)
	count(about) > 0
}

findings contains iam.unread(d) if {
	some d in shared_documents
	d.state != "ok"
}

tenants_in(s) := {tenant |
	some resource in s.resources
	some name in tenancy.names(resource)
	tenant := tenancy.other(name)
	tenant != ""
} | {tenant |
	some [_, principal] in s.principals
	some name in tenancy.names(principal)
	tenant := tenancy.other(name)
	tenant != ""
} | {value |
	s.condition != {}
	some key in ["dynamodb:LeadingKeys", "aws:ResourceTag/tenant-id", "aws:PrincipalTag/TenantID", "aws:PrincipalTag/tenant-id", "aws:RequestTag/TenantID"]
	some [operator, value] in iam.conditions(s, key)
	operator != "null"
	is_string(value)
	tenancy.fixed(value) == value
	not value in {"", "shared"}
} | {tenant |
	s.condition != {}
	some tests in s.condition
	is_object(tests)
	some key, values in tests
	lower(key) in {"aws:principalarn", "aws:sourcearn"}
	some value in plan.list(values)
	some name in tenancy.names(plan.text(value))
	tenant := tenancy.other(name)
	tenant != ""
}

findings contains plan.finding(g, "granteePrincipal", plan.get(g, "granteePrincipal"), "the grant of a shared key is for one tenant") if {
	tenancy.together
	some g in plan.of_type("aws:kms/grant:Grant")
	some name in tenancy.names(plan.text(plan.get(g, "granteePrincipal")))
	tenancy.other(name) != ""
}

findings contains f if {
	tenancy.together
	some g in plan.of_type("aws:kms/grant:Grant")
	some f in plan.misfits(g, "granteePrincipal", plan.get(g, "granteePrincipal"), {"string"})
}

findings contains plan.finding(g, "granteePrincipal", grantee, "whom the grant of a shared key is for cannot be told") if {
	tenancy.together
	some g in plan.of_type("aws:kms/grant:Grant")
	grantee := plan.get(g, "granteePrincipal")
	plan.is_opaque(grantee)
	not tenancy.from_shared(g, "granteePrincipal")
}

findings contains plan.finding(g, "name", plan.get(g, "name"), "the group is one tenant's and belongs in that tenant's stack") if {
	input.subject.program == "pool"
	some g in plan.of_type("aws:cognito/userGroup:UserGroup")
	not tenancy.shared(plan.text(plan.get(g, "name")))
}

# A tenant's stack.

# Types that set a policy on a resource, and the property that says on which.
setters := {
	"aws:cloudwatch/eventBusPolicy:EventBusPolicy": "eventBusName",
	"aws:dynamodb/resourcePolicy:ResourcePolicy": "resourceArn",
	"aws:ecr/repositoryPolicy:RepositoryPolicy": "repository",
	"aws:iam/rolePolicy:RolePolicy": "role",
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment": "role",
	"aws:kms/keyPolicy:KeyPolicy": "keyId",
	"aws:lambda/permission:Permission": "function",
	"aws:s3/bucketPolicy:BucketPolicy": "bucket",
	"aws:secretsmanager/secretPolicy:SecretPolicy": "secretArn",
	"aws:sns/topicPolicy:TopicPolicy": "arn",
	"aws:sqs/queuePolicy:QueuePolicy": "queueUrl",
}

findings contains plan.finding(r, property, plan.get(r, property), "this sets what is allowed on a resource that is not the tenant's own") if {
	tenancy.alone
	some type, property in setters
	some r in plan.of_type(type)
	not of_tenant(r, property)
}

of_tenant(r, property) if {
	from := plan.sources(r, property)
	count(from) > 0
	every urn in from { not foreign(urn) }
}

of_tenant(r, property) if {
	text := plan.text(plan.get(r, property))
	text != ""
	count(plan.sources(r, property)) == 0
	own(text)
}

own(text) if tenancy.belongs(text) == "own"

own(text) if {
	not startswith(text, "arn:")
	parts := split(text, "/")
	tenancy.own(parts[count(parts) - 1])
}

# A source that is not in the plan, a stack reference for example, or that is shared or another's.
foreign(urn) if not plan.by_urn[urn]

foreign(urn) if not plan.by_urn[urn].custom

foreign(urn) if {
	tag := tenancy.tagged[urn]
	tag != tenancy.tenant
}
