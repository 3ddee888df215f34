# METADATA
# title: Physical names say whose a resource is
# description: |
#   In a tenant's stacks the name that AWS knows a resource by begins with the
#   tenant's id and a hyphen, after what the service itself wants before it, such as
#   alias/ and /aws/lambda/. Names are what policies, bills and people tell tenants
#   apart by, and a resource under another tenant's name stands in that tenant's
#   way. Where no name is set Pulumi takes the resource's own.
# custom:
#   severity: medium
#   scope: resource
#   on_unknown: A name that is not known counts when all that it comes from is in the plan. Otherwise it is a finding.
#   waivable: "yes"
#   category: tenancy
#   enforcement: mandatory
#   remediation: Begin the name with TENANT-, from values that are known before the run.
#   related: [Tenantform.MT12]
package tenantform.rules.tenant_physical_names

import data.tenantform.lib.plan
import data.tenantform.lib.tenancy

# The properties that name a resource of a type, and that begin its name.
named := {
	"aws:apigateway/apiKey:ApiKey": "name",
	"aws:apigateway/restApi:RestApi": "name",
	"aws:apigateway/usagePlan:UsagePlan": "name",
	"aws:apigatewayv2/api:Api": "name",
	"aws:budgets/budget:Budget": "name",
	"aws:cloudwatch/compositeAlarm:CompositeAlarm": "alarmName",
	"aws:cloudwatch/dashboard:Dashboard": "dashboardName",
	"aws:cloudwatch/eventRule:EventRule": "name",
	"aws:cloudwatch/logGroup:LogGroup": "name",
	"aws:cloudwatch/metricAlarm:MetricAlarm": "name",
	"aws:cognito/identityPool:IdentityPool": "identityPoolName",
	"aws:cognito/userGroup:UserGroup": "name",
	"aws:cognito/userPool:UserPool": "name",
	"aws:dynamodb/table:Table": "name",
	"aws:ec2/securityGroup:SecurityGroup": "name",
	"aws:ecr/repository:Repository": "name",
	"aws:iam/policy:Policy": "name",
	"aws:iam/role:Role": "name",
	"aws:iam/user:User": "name",
	"aws:kinesis/stream:Stream": "name",
	"aws:kms/alias:Alias": "name",
	"aws:lambda/function:Function": "name",
	"aws:lambda/layerVersion:LayerVersion": "layerName",
	"aws:rds/cluster:Cluster": "clusterIdentifier",
	"aws:rds/instance:Instance": "identifier",
	"aws:s3/bucket:Bucket": "bucket",
	"aws:s3/bucketV2:BucketV2": "bucket",
	"aws:secretsmanager/secret:Secret": "name",
	"aws:sfn/stateMachine:StateMachine": "name",
	"aws:sns/topic:Topic": "name",
	"aws:sqs/queue:Queue": "name",
	"aws:ssm/parameter:Parameter": "name",
}

findings contains plan.finding(r, property, value, sprintf("the name does not begin with %s-", [tenancy.tenant])) if {
	tenancy.alone
	some type, usual in named
	some r in plan.of_type(type)
	[property, value] := name_of(r, usual)
	not own(value)
	not derived(r, property, value)
}

name_of(r, usual) := [usual, plan.get(r, usual)] if not plan.get(r, usual) in {null, ""}

name_of(r, usual) := [prefix, plan.get(r, prefix)] if {
	plan.get(r, usual) in {null, ""}
	prefix := concat("", [usual, "Prefix"])
	not plan.get(r, prefix) in {null, ""}
}

name_of(r, usual) := [usual, r.name] if {
	plan.get(r, usual) in {null, ""}
	plan.get(r, concat("", [usual, "Prefix"])) in {null, ""}
}

own(value) if tenancy.own(value)

own(value) if {
	is_string(value)
	some start in ["alias/", "/", "aws-waf-logs-"]
	startswith(value, start)
	tenancy.own(substring(value, count(start), -1))
}

# Names that a service takes for granted, with the tenant's as one part of them.
own(value) if {
	is_string(value)
	startswith(value, "/aws/")
	some part in split(value, "/")
	tenancy.own(part)
}

# The log group of an API's stage is named by the API's id.
derived(r, _, value) if {
	is_string(value)
	startswith(value, "API-Gateway-Execution-Logs_")
	count(plan.sources_of_type(r, "name", "aws:apigateway/restApi:RestApi")) > 0
}

derived(r, property, value) if {
	plan.is_unknown(value)
	from := plan.sources(r, property)
	count(from) > 0
	every urn in from { plan.by_urn[urn].custom }
}
