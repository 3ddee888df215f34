package conformance_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tenantform/tenantform/components/componenttest"
)

// noRole and its like hold a run to having taken away what it made.
func (r *rig) noRole(t *testing.T, account, name string) {
	t.Helper()
	e := r.in(t, account)
	gone(e, e.iam.GetRole, &iam.GetRoleInput{RoleName: &name})
}

func (r *rig) noTable(t *testing.T, account, name string) {
	t.Helper()
	e := r.in(t, account)
	gone(e, e.tables.DescribeTable, &dynamodb.DescribeTableInput{TableName: &name})
}

func (r *rig) noFunction(t *testing.T, account, name string) {
	t.Helper()
	e := r.in(t, account)
	gone(e, e.lambda.GetFunctionConfiguration, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
}

func (r *rig) noBucket(t *testing.T, account, name string) {
	t.Helper()
	e := r.in(t, account)
	gone(e, e.s3.HeadBucket, &s3.HeadBucketInput{Bucket: &name})
}

func (r *rig) noQueue(t *testing.T, account, name string) {
	t.Helper()
	e := r.in(t, account)
	for _, n := range []string{name, name + "-dead"} {
		gone(e, e.sqs.GetQueueUrl, &sqs.GetQueueUrlInput{QueueName: &n})
	}
}

func (r *rig) noTopic(t *testing.T, account, name string) {
	t.Helper()
	e := r.in(t, account)
	gone(e, e.sns.GetTopicAttributes, &sns.GetTopicAttributesInput{TopicArn: aws.String("arn:aws:sns:" + region + ":" + account + ":" + name)})
}

func (r *rig) noAlias(t *testing.T, account, alias string) {
	t.Helper()
	e := r.in(t, account)
	gone(e, e.keys.DescribeKey, &kms.DescribeKeyInput{KeyId: &alias})
}

func (r *rig) noLogGroup(t *testing.T, account, name string) {
	t.Helper()
	e := r.in(t, account)
	if _, ok := e.logGroup(name); ok {
		t.Errorf("the log group %s is still there", name)
	}
}

func (r *rig) noUserPool(t *testing.T, account, name string) {
	t.Helper()
	if id := r.in(t, account).userPool(name); id != "" {
		t.Errorf("the user pool %s is still there: %s", name, id)
	}
}

func (r *rig) noAPI(t *testing.T, account, name string) {
	t.Helper()
	e := r.in(t, account)
	if id := e.apiNamed(name); id != "" {
		t.Errorf("the API %s is still there: %s", name, id)
	}
	if plans := see(e, e.api.GetUsagePlans, &apigateway.GetUsagePlansInput{}); plans != nil {
		for _, p := range plans.Items {
			if strings.HasPrefix(aws.ToString(p.Name), name) {
				t.Errorf("the usage plan %s is still there", *p.Name)
			}
		}
	}
}

func (r *rig) noNetwork(t *testing.T, account, name string) {
	t.Helper()
	if ids := r.in(t, account).networks("Name", name); len(ids) > 0 {
		t.Errorf("the network %s is still there: %v", name, ids)
	}
}

// logGroup gives the retention in days of a log group.
func (e *eyes) logGroup(name string) (days int32, ok bool) {
	e.t.Helper()
	out := see(e, e.logs.DescribeLogGroups, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	if out == nil {
		return 0, false
	}
	for _, g := range out.LogGroups {
		if aws.ToString(g.LogGroupName) == name {
			return aws.ToInt32(g.RetentionInDays), true
		}
	}
	return 0, false
}

func (e *eyes) userPool(name string) string {
	e.t.Helper()
	out := see(e, e.users.ListUserPools, &cognitoidentityprovider.ListUserPoolsInput{MaxResults: aws.Int32(60)})
	if out == nil {
		return ""
	}
	for _, p := range out.UserPools {
		if aws.ToString(p.Name) == name {
			return *p.Id
		}
	}
	return ""
}

func (e *eyes) apiNamed(name string) string {
	e.t.Helper()
	out := see(e, e.api.GetRestApis, &apigateway.GetRestApisInput{})
	if out == nil {
		return ""
	}
	for _, a := range out.Items {
		if aws.ToString(a.Name) == name {
			return *a.Id
		}
	}
	return ""
}

// networks gives the ids of the VPCs with a tag.
func (e *eyes) networks(tag, value string) []string {
	e.t.Helper()
	out := see(e, e.nets.DescribeVpcs, &ec2.DescribeVpcsInput{Filters: where("tag:"+tag, value)})
	if out == nil {
		return nil
	}
	var ids []string
	for _, v := range out.Vpcs {
		ids = append(ids, *v.VpcId)
	}
	return ids
}

// where gives filters of EC2: names, each with a value.
func where(pairs ...string) []ec2types.Filter {
	var all []ec2types.Filter
	for pair := range slices.Chunk(pairs, 2) {
		all = append(all, ec2types.Filter{Name: &pair[0], Values: pair[1:]})
	}
	return all
}

// closed holds security groups that a filter selects to having no rules, and gives
// how many there are.
func (e *eyes) closed(filters ...string) int {
	e.t.Helper()
	out := see(e, e.nets.DescribeSecurityGroups, &ec2.DescribeSecurityGroupsInput{Filters: where(filters...)})
	if out == nil {
		return 0
	}
	for _, g := range out.SecurityGroups {
		if len(g.IpPermissions)+len(g.IpPermissionsEgress) > 0 {
			e.t.Errorf("the security group %s is open: %+v", *g.GroupId, g)
		}
	}
	return len(out.SecurityGroups)
}

// closedNetwork holds a VPC to what watched asks for and to having no way out.
func (e *eyes) closedNetwork(id string) {
	e.t.Helper()
	e.watched(id)
	if ways := see(e, e.nets.DescribeInternetGateways, &ec2.DescribeInternetGatewaysInput{Filters: where("attachment.vpc-id", id)}); ways != nil && len(ways.InternetGateways) > 0 {
		e.t.Errorf("%s has a way to the internet: %v", id, ways.InternetGateways)
	}
}

// watched holds a VPC to a closed default security group, to flow logs, to subnets
// that give nothing a public address, and to endpoints for the account alone.
func (e *eyes) watched(id string) {
	e.t.Helper()
	if n := e.closed("vpc-id", id, "group-name", "default"); n != 1 {
		e.t.Errorf("%s has %d default security groups", id, n)
	}
	if logs := see(e, e.nets.DescribeFlowLogs, &ec2.DescribeFlowLogsInput{Filter: where("resource-id", id)}); logs != nil &&
		(len(logs.FlowLogs) != 1 || logs.FlowLogs[0].TrafficType != "ALL") {
		e.t.Errorf("%s has the flow logs %+v, want one of all traffic", id, logs.FlowLogs)
	}
	if subnets := see(e, e.nets.DescribeSubnets, &ec2.DescribeSubnetsInput{Filters: where("vpc-id", id)}); subnets != nil {
		for _, s := range subnets.Subnets {
			if aws.ToBool(s.MapPublicIpOnLaunch) {
				e.t.Errorf("subnet %s of %s gives public addresses", *s.SubnetId, id)
			}
		}
		if len(subnets.Subnets) < 2 {
			e.t.Errorf("%s has %d subnets", id, len(subnets.Subnets))
		}
	}
	if points := see(e, e.nets.DescribeVpcEndpoints, &ec2.DescribeVpcEndpointsInput{Filters: where("vpc-id", id)}); points != nil {
		for _, p := range points.VpcEndpoints {
			if !strings.Contains(aws.ToString(p.PolicyDocument), "aws:PrincipalAccount") {
				e.t.Errorf("the endpoint %s is open to other accounts: %s", *p.ServiceName, aws.ToString(p.PolicyDocument))
			}
		}
	}
}

// documents gives the texts of a role's own policies by name, and fails when others
// are attached.
func (e *eyes) documents(role string) map[string]string {
	e.t.Helper()
	if out := see(e, e.iam.ListAttachedRolePolicies, &iam.ListAttachedRolePoliciesInput{RoleName: &role}); out != nil && len(out.AttachedPolicies) > 0 {
		e.t.Errorf("role %s has policies attached: %v", role, out.AttachedPolicies)
	}
	list := see(e, e.iam.ListRolePolicies, &iam.ListRolePoliciesInput{RoleName: &role})
	if list == nil {
		return nil
	}
	found := map[string]string{}
	for _, name := range list.PolicyNames {
		out := see(e, e.iam.GetRolePolicy, &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &name})
		if out == nil {
			continue
		}
		text, err := url.QueryUnescape(aws.ToString(out.PolicyDocument))
		if err != nil {
			e.t.Error(err)
		}
		found[name] = text
	}
	return found
}

// tlsOnly holds a resource's policy to denying what comes without TLS.
func (e *eyes) tlsOnly(what, policy string) {
	e.t.Helper()
	if policy == "" {
		e.t.Errorf("%s has no policy", what)
		return
	}
	for _, s := range componenttest.Statements(e.t, policy) {
		if s.Effect == "Deny" && slices.Contains(s.Condition["Bool"]["aws:SecureTransport"], "false") {
			return
		}
	}
	e.t.Errorf("%s lets in what comes without TLS: %s", what, policy)
}

// keyOf gives the ARN of the key with an alias.
func (e *eyes) keyOf(alias string) string {
	e.t.Helper()
	out := see(e, e.keys.DescribeKey, &kms.DescribeKeyInput{KeyId: aws.String("alias/" + alias)})
	if out == nil {
		return ""
	}
	return aws.ToString(out.KeyMetadata.Arn)
}

// managed stands for the key that S3 keeps itself.
const managed = ""

// closedBucket holds a bucket to blocking public access, to encryption with the key
// of an alias, to TLS and to versions.
func (e *eyes) closedBucket(bucket, alias string) {
	e.t.Helper()
	if out := see(e, e.s3.GetPublicAccessBlock, &s3.GetPublicAccessBlockInput{Bucket: &bucket}); out != nil {
		b := out.PublicAccessBlockConfiguration
		if !aws.ToBool(b.BlockPublicAcls) || !aws.ToBool(b.IgnorePublicAcls) || !aws.ToBool(b.BlockPublicPolicy) || !aws.ToBool(b.RestrictPublicBuckets) {
			e.t.Errorf("the bucket %s may become public: %+v", bucket, b)
		}
	}
	if out := see(e, e.s3.GetBucketEncryption, &s3.GetBucketEncryptionInput{Bucket: &bucket}); out != nil {
		how, key := s3types.ServerSideEncryptionAes256, ""
		if alias != managed {
			how, key = s3types.ServerSideEncryptionAwsKms, e.keyOf(alias)
		}
		rules := out.ServerSideEncryptionConfiguration.Rules
		if len(rules) != 1 || rules[0].ApplyServerSideEncryptionByDefault == nil ||
			rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm != how || aws.ToString(rules[0].ApplyServerSideEncryptionByDefault.KMSMasterKeyID) != key {
			e.t.Errorf("the bucket %s is not encrypted with the key %q: %+v", bucket, key, rules)
		}
	}
	if out := see(e, e.s3.GetBucketPolicy, &s3.GetBucketPolicyInput{Bucket: &bucket}); out != nil {
		e.tlsOnly(bucket, aws.ToString(out.Policy))
	}
	if out := see(e, e.s3.GetBucketVersioning, &s3.GetBucketVersioningInput{Bucket: &bucket}); out != nil && out.Status != "Enabled" {
		e.t.Errorf("the bucket %s keeps no versions: %q", bucket, out.Status)
	}
	if out := see(e, e.s3.GetBucketOwnershipControls, &s3.GetBucketOwnershipControlsInput{Bucket: &bucket}); out != nil {
		if rules := out.OwnershipControls.Rules; len(rules) != 1 || rules[0].ObjectOwnership != "BucketOwnerEnforced" {
			e.t.Errorf("the bucket %s has ACLs: %+v", bucket, rules)
		}
	}
}

// pointInTime holds a table to point-in-time recovery and a customer's key.
func (e *eyes) pointInTime(table string) {
	e.t.Helper()
	if out := see(e, e.tables.DescribeContinuousBackups, &dynamodb.DescribeContinuousBackupsInput{TableName: &table}); out != nil {
		if d := out.ContinuousBackupsDescription.PointInTimeRecoveryDescription; d == nil || d.PointInTimeRecoveryStatus != "ENABLED" {
			e.t.Errorf("table %s cannot be recovered to a point in time: %+v", table, d)
		}
	}
	if out := see(e, e.tables.DescribeTable, &dynamodb.DescribeTableInput{TableName: &table}); out != nil {
		if d := out.Table.SSEDescription; d == nil || d.SSEType != "KMS" {
			e.t.Errorf("table %s is not encrypted with a key of KMS: %+v", table, d)
		}
	}
}

// leadingKeys holds a role to exactly one document, in which every allowed action
// on a table is bound to the tenant's keys.
func (e *eyes) leadingKeys(role, tenant string) {
	e.t.Helper()
	bound := 0
	for name, text := range e.documents(role) {
		for _, s := range componenttest.Statements(e.t, text) {
			if s.Effect != "Allow" || !slices.ContainsFunc(s.Action, func(a string) bool { return strings.HasPrefix(a, "dynamodb:") }) {
				continue
			}
			found := false
			for _, keys := range s.Condition {
				found = found || slices.Equal(keys["dynamodb:LeadingKeys"], []string{tenant})
			}
			if !found {
				e.t.Errorf("role %s, %s: %v is not bound to the keys of %s", role, name, s.Action, tenant)
			}
			bound++
		}
	}
	if bound == 0 {
		e.t.Errorf("role %s may do nothing with a table", role)
	}
}

// queue holds a queue to what every queue promises, and gives its attributes.
func (e *eyes) queue(name string) map[string]string {
	e.t.Helper()
	out := see(e, e.sqs.GetQueueUrl, &sqs.GetQueueUrlInput{QueueName: &name})
	if out == nil {
		return nil
	}
	attributes := see(e, e.sqs.GetQueueAttributes, &sqs.GetQueueAttributesInput{QueueUrl: out.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	if attributes == nil {
		return nil
	}
	a := attributes.Attributes
	if a["KmsMasterKeyId"] == "" {
		e.t.Errorf("queue %s has no key", name)
	}
	e.tlsOnly(name, a["Policy"])
	return a
}

// redriven holds a queue to a dead-letter queue of its own.
func (e *eyes) redriven(name string, receives int) map[string]string {
	e.t.Helper()
	a, dead := e.queue(name), e.queue(name+"-dead")
	if a == nil || dead == nil {
		return a
	}
	var redrive struct {
		DeadLetterTargetARN string `json:"deadLetterTargetArn"`
		MaxReceiveCount     int    `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(a["RedrivePolicy"]), &redrive); err != nil || redrive.MaxReceiveCount != receives || redrive.DeadLetterTargetARN != dead["QueueArn"] {
		e.t.Errorf("the messages of %s do not become dead letters after %d times: %s: %v", name, receives, a["RedrivePolicy"], err)
	}
	var allowed struct {
		RedrivePermission string   `json:"redrivePermission"`
		SourceQueueARNs   []string `json:"sourceQueueArns"`
	}
	if err := json.Unmarshal([]byte(dead["RedriveAllowPolicy"]), &allowed); err != nil || allowed.RedrivePermission != "byQueue" || !slices.Equal(allowed.SourceQueueARNs, []string{a["QueueArn"]}) {
		e.t.Errorf("other queues than %s may use its dead-letter queue: %q: %v", name, dead["RedriveAllowPolicy"], err)
	}
	return a
}
