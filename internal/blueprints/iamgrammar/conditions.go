package iamgrammar

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// operators are those of "IAM JSON policy elements: Condition operators".
func operators() []string {
	return []string{
		"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
		"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
		"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
		"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
	}
}

// plain gives the operator without what asks for several or missing values.
func plain(operator string) string {
	operator = strings.TrimPrefix(strings.TrimPrefix(operator, "ForAllValues:"), "ForAnyValue:")
	if operator == "Null" {
		return operator
	}
	return strings.TrimSuffix(operator, "IfExists")
}

func (c *checker) operator(operator string) {
	if !slices.Contains(operators(), plain(operator)) {
		c.add("there is no condition operator %q", operator)
	}
}

// keys are condition keys that AWS's managed policies do not use: the global ones
// of "AWS global condition context keys", and those of services that the Service
// Authorization Reference lists for the service before the colon.
func keys() []string {
	return strings.Fields(`aws:AssumedRoot aws:CalledVia aws:CalledViaFirst aws:CalledViaLast aws:CurrentTime aws:EpochTime aws:FederatedProvider
		aws:MultiFactorAuthAge aws:MultiFactorAuthPresent aws:PrincipalAccount aws:PrincipalArn aws:PrincipalIsAWSService aws:PrincipalOrgID
		aws:PrincipalOrgPaths aws:PrincipalServiceName aws:PrincipalServiceNamesList aws:PrincipalTag aws:PrincipalType aws:RequestedRegion
		aws:RequestTag aws:ResourceAccount aws:ResourceOrgID aws:ResourceOrgPaths aws:ResourceTag aws:SecureTransport aws:SourceAccount
		aws:SourceArn aws:SourceIdentity aws:SourceIp aws:SourceOrgID aws:SourceOrgPaths aws:SourceVpc aws:SourceVpcArn aws:SourceVpce
		aws:TagKeys aws:TokenIssueTime aws:UserAgent aws:userid aws:username aws:ViaAWSService aws:VpcSourceIp
		dynamodb:Attributes dynamodb:LeadingKeys dynamodb:Select dynamodb:ReturnValues dynamodb:EnclosingOperation dynamodb:FullTableScan
		kms:EncryptionContext kms:EncryptionContextKeys kms:CallerAccount kms:ViaService kms:GrantIsForAWSResource kms:GrantOperations
		kms:KeyOrigin kms:RequestAlias kms:ResourceAliases kms:ScheduleKeyDeletionPendingWindowInDays
		lambda:CodeSigningConfigArn lambda:EventSourceToken lambda:FunctionArn lambda:FunctionUrlAuthType lambda:Layer lambda:Principal
		lambda:SecurityGroupIds lambda:SourceFunctionArn lambda:SubnetIds lambda:VpcIds oam:ResourceTypes
		s3:DataAccessPointAccount s3:ExistingObjectTag s3:object-lock-mode s3:object-lock-remaining-retention-days s3:prefix s3:ResourceAccount
		s3:TlsVersion s3:x-amz-acl s3:x-amz-server-side-encryption s3:x-amz-server-side-encryption-aws-kms-key-id s3:x-amz-storage-class
		ssm:SessionDocumentAccessCheck ssm:resourceTag sns:Endpoint sns:Protocol sts:ExternalId sts:RoleSessionName sts:SourceIdentity
		sts:TransitiveTagKeys iam:AssociatedResourceArn iam:AWSServiceName iam:PassedToService iam:PermissionsBoundary iam:PolicyARN
		iam:ResourceTag ec2:ResourceTag ec2:Vpc ec2:Subnet ec2:SourceInstanceARN ec2:InstanceType ec2:MetadataHttpTokens
		organizations:PolicyType organizations:ServicePrincipal`)
}

var (
	arnValue     = regexp.MustCompile(`^(\*|arn:[a-z*-]+:[a-z0-9*-]*:[a-z0-9*-]*:([0-9*]*|aws):.+)$`)
	addressValue = regexp.MustCompile(`^[0-9a-fA-F:.]+(/[0-9]{1,3})?$`)
)

func (c *checker) condition(operator, key string, values []string) {
	name, _, _ := strings.Cut(key, "/")
	if !knownKey(name) {
		c.add("there is no condition key %q in the vocabulary", key)
	}
	if len(values) == 0 {
		c.add("the condition on %s has no value", key)
	}
	for _, v := range values {
		if !valid(plain(operator), v) {
			c.add("%q is no value for %s on %s", v, operator, key)
		}
	}
}

// valid tells whether a value is of the type that an operator compares.
func valid(operator, value string) bool {
	if strings.HasPrefix(value, "${") {
		return true
	}
	switch {
	case operator == "Bool", operator == "Null":
		return value == "true" || value == "false"
	case strings.HasPrefix(operator, "Numeric"):
		_, err := strconv.ParseFloat(value, 64)
		return err == nil
	case strings.HasPrefix(operator, "Arn"):
		return arnValue.MatchString(value)
	case strings.HasSuffix(operator, "IpAddress"):
		return addressValue.MatchString(value)
	}
	return value != ""
}
