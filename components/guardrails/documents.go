package guardrails

import (
	"slices"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/tags"
)

// policy is one service control policy and where it holds. The resources of its
// statements are "*" where accounts and ids are not known, and its actions end in
// "*" where a service's whole family is meant: both only take away.
type policy struct {
	name, says string
	document   iampolicy.Document
	targets    []string
}

func (a *OrganizationArgs) policies() []policy {
	all := []policy{
		{"baseline", "Accounts stay in the organization, and what watches over them stays on", a.baseline(), a.Targets},
		{"regions", "Nothing is done outside of the approved regions", a.regions(), a.Targets},
		{"managed", "What Tenantform manages is changed by its deployers alone", a.managed(), a.Targets},
	}
	if len(a.FunctionsTargets) > 0 {
		all = append(all, policy{"functions", "Functions are not public", functions(), a.FunctionsTargets})
	}
	return all
}

// roles gives the ARNs of roles of these names in every account. The sessions of
// a role have its ARN in aws:PrincipalArn.
func (a *OrganizationArgs) roles(names ...string) []string {
	arns := make([]string, len(names))
	for i, n := range names {
		arns[i] = a.iam("role/" + n)
	}
	return arns
}

func (a *OrganizationArgs) iam(resource string) string {
	return "arn:" + a.Location.Partition() + ":iam::*:" + resource
}

// others are the principals that are neither deployers nor administrators.
func (a *OrganizationArgs) others() map[string][]string {
	return map[string][]string{"aws:PrincipalArn": a.roles(slices.Concat(a.Deployers, a.Administrators)...)}
}

// baseline keeps the account, its audit and its public access blocks. The root
// user is denied by the form of "Example SCPs: Prevent the root user ..." in the
// AWS Organizations User Guide; the short sessions that the management account
// starts for it, to unlock a queue or a bucket, are not ("aws:AssumedRoot" in the
// IAM User Guide).
func (a *OrganizationArgs) baseline() iampolicy.Document {
	unless := iampolicy.Conditions{"ArnNotLike": a.others()}
	return iampolicy.Document{
		{
			Sid: "StayInTheOrganization", Effect: iampolicy.Deny,
			Actions:   []string{"account:CloseAccount", "organizations:LeaveOrganization"},
			Resources: []string{"*"},
		},
		{
			Sid: "NoRootUser", Effect: iampolicy.Deny, Actions: []string{"*"}, Resources: []string{"*"},
			Conditions: iampolicy.Conditions{
				"ArnLike": {"aws:PrincipalArn": {a.iam("root")}},
				"Null":    {"aws:AssumedRoot": {"true"}},
			},
		},
		{
			Sid: "KeepTheAudit", Effect: iampolicy.Deny, Actions: auditActions, Resources: []string{"*"}, Conditions: unless,
		},
		{
			Sid: "KeepTheAlert", Effect: iampolicy.Deny,
			Actions:    []string{"events:DeleteRule", "events:DisableRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets"},
			Resources:  []string{"arn:" + a.Location.Partition() + ":events:*:*:rule/*" + ruleSuffix},
			Conditions: unless,
		},
		{
			Sid: "KeepPublicAccessBlocked", Effect: iampolicy.Deny,
			Actions:   []string{"s3:PutAccountPublicAccessBlock", "s3:PutBucketPublicAccessBlock"},
			Resources: []string{"*"}, Conditions: unless,
		},
		{
			Sid: "KeepTheDeployers", Effect: iampolicy.Deny,
			Actions: []string{
				"iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePermissionsBoundary", "iam:DeleteRolePolicy",
				"iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
			},
			Resources:  a.roles(slices.Concat(a.Deployers, a.Administrators)...),
			Conditions: unless,
		},
	}
}

// auditActions end or weaken the record of what is done and what there is.
var auditActions = []string{
	"cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail",
	"config:DeleteConfigRule", "config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "config:DeleteRetentionConfiguration",
	"config:PutConfigurationRecorder", "config:PutDeliveryChannel", "config:StopConfigurationRecorder",
	"ec2:DeleteFlowLogs",
}

// regions denies everything outside of the approved regions but what is global.
func (a *OrganizationArgs) regions() iampolicy.Document {
	return iampolicy.Document{
		{
			Sid: "ApprovedRegionsOnly", Effect: iampolicy.Deny,
			NotActions: slices.Concat(globalActions, a.EverywhereActions),
			Resources:  []string{"*"},
			Conditions: iampolicy.Conditions{"StringNotEquals": {"aws:RequestedRegion": a.Regions}},
		},
		{
			Sid: "RegionsStayOff", Effect: iampolicy.Deny,
			Actions:    []string{"account:DisableRegion", "account:EnableRegion"},
			Resources:  []string{"*"},
			Conditions: iampolicy.Conditions{"ArnNotLike": a.others()},
		},
	}
}

// globalActions are those that are asked for in one region, whatever the others:
// the list of "Deny access to AWS based on the requested AWS Region" in the AWS
// Control Tower Controls Reference, less services that AWS has retired, devices,
// networks between sites and desktops, of which Tenantform uses none.
var globalActions = []string{
	"access-analyzer:*", "account:*", "acm:*", "artifact:*", "aws-marketplace:*", "aws-portal:*", "billing:*", "budgets:*", "ce:*",
	"cloudfront:*", "cloudtrail:LookupEvents", "compute-optimizer:*", "config:*", "consolidatedbilling:*", "cur:*",
	"ec2:DescribeRegions", "ecr-public:*", "fms:*", "freetier:*", "globalaccelerator:*", "health:*", "iam:*", "invoicing:*", "kms:*",
	"notifications:*", "organizations:*", "payments:*", "pricing:*", "route53:*", "route53domains:*",
	"s3:GetAccountPublic*", "s3:ListAllMyBuckets", "s3:ListMultiRegionAccessPoints", "s3:PutAccountPublic*",
	"shield:*", "sts:*", "support:*", "supportplans:*", "tax:*", "trustedadvisor:*", "waf-regional:*", "waf:*", "wafv2:*",
}

// managed denies changes of what carries the managed-by tag, to the tag itself
// too. It speaks of the actions by which infrastructure is changed, not of those
// by which applications work, and of the services whose actions know the tags of
// what they are done to (aws:ResourceTag in the Service Authorization
// Reference). A bucket's configuration is none of these: buckets are guarded by
// their public access blocks, and by the alert.
func (a *OrganizationArgs) managed() iampolicy.Document {
	return iampolicy.Document{{
		Sid: "DeployersOnly", Effect: iampolicy.Deny, Actions: managedActions, Resources: []string{"*"},
		Conditions: iampolicy.Conditions{
			"StringEquals": {"aws:ResourceTag/" + tags.KeyManagedBy: {tags.ManagedBy}},
			"ArnNotLike":   a.others(),
		},
	}}
}

var managedActions = []string{
	"apigateway:DELETE", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT",
	"cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions", "cloudwatch:PutCompositeAlarm", "cloudwatch:PutMetricAlarm",
	"cloudwatch:TagResource", "cloudwatch:UntagResource",
	"cognito-idp:CreateUserPoolClient", "cognito-idp:DeleteUserPool", "cognito-idp:DeleteUserPoolClient", "cognito-idp:SetUserPoolMfaConfig",
	"cognito-idp:TagResource", "cognito-idp:UntagResource", "cognito-idp:UpdateUserPool", "cognito-idp:UpdateUserPoolClient",
	"dynamodb:DeleteResourcePolicy", "dynamodb:DeleteTable", "dynamodb:PutResourcePolicy", "dynamodb:TagResource",
	"dynamodb:UntagResource", "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive",
	"ec2:AuthorizeSecurityGroup*", "ec2:CreateRoute", "ec2:CreateTags", "ec2:DeleteFlowLogs", "ec2:DeleteRoute", "ec2:DeleteSecurityGroup",
	"ec2:DeleteSubnet", "ec2:DeleteTags", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints", "ec2:ModifySecurityGroupRules", "ec2:ModifyVpcAttribute",
	"ec2:ModifyVpcEndpoint", "ec2:ReplaceRoute", "ec2:ReplaceRouteTableAssociation", "ec2:RevokeSecurityGroup*",
	"events:DeleteRule", "events:DisableRule", "events:PutTargets", "events:RemoveTargets", "events:TagResource", "events:UntagResource",
	"firehose:DeleteDeliveryStream", "firehose:StopDeliveryStreamEncryption", "firehose:UpdateDestination",
	"iam:AttachRolePolicy", "iam:DeleteRole", "iam:DeleteRolePermissionsBoundary", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
	"iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
	"kms:DisableKey", "kms:DisableKeyRotation", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource",
	"lambda:AddPermission", "lambda:CreateFunctionUrlConfig", "lambda:DeleteFunction", "lambda:DeleteFunctionCodeSigningConfig",
	"lambda:DeleteFunctionConcurrency", "lambda:PutFunctionCodeSigningConfig", "lambda:PutFunctionConcurrency", "lambda:RemovePermission",
	"lambda:TagResource", "lambda:UntagResource", "lambda:UpdateAlias", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
	"logs:DeleteLogGroup", "logs:DeleteMetricFilter", "logs:DeleteRetentionPolicy", "logs:DisassociateKmsKey", "logs:PutMetricFilter",
	"logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource",
	"rds:AddTagsToResource", "rds:DeleteDBCluster", "rds:DeleteDBInstance", "rds:ModifyDBCluster", "rds:ModifyDBInstance",
	"rds:RemoveTagsFromResource",
	"sns:AddPermission", "sns:DeleteTopic", "sns:RemovePermission", "sns:SetTopicAttributes", "sns:TagResource", "sns:UntagResource",
	"sqs:AddPermission", "sqs:DeleteQueue", "sqs:PurgeQueue", "sqs:RemovePermission", "sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue",
}

// functions denies URLs that anybody can call and permissions for them; see
// "Control access to Lambda function URLs" in the Lambda Developer Guide. A
// request without the condition's key is denied too.
func functions() iampolicy.Document {
	return iampolicy.Document{
		{
			Sid: "NoPublicURL", Effect: iampolicy.Deny,
			Actions:    []string{"lambda:CreateFunctionUrlConfig", "lambda:UpdateFunctionUrlConfig"},
			Resources:  []string{"*"},
			Conditions: iampolicy.Conditions{"StringNotEquals": {"lambda:FunctionUrlAuthType": {"AWS_IAM"}}},
		},
		{
			Sid: "NoPermissionForAPublicURL", Effect: iampolicy.Deny,
			Actions:    []string{"lambda:AddPermission"},
			Resources:  []string{"*"},
			Conditions: iampolicy.Conditions{"StringEquals": {"lambda:FunctionUrlAuthType": {"NONE"}}},
		},
	}
}
