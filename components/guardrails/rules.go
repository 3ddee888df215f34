package guardrails

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/tags"
)

const (
	configService = "config.amazonaws.com"
	trailService  = "cloudtrail.amazonaws.com"
)

// maxRequiredTags is how many keys one required-tags rule takes.
const maxRequiredTags = 6

// managedRule is a rule that AWS wrote; see "List of AWS Config managed rules".
type managedRule struct {
	identifier string
	says       string
	production bool // asked of production alone
	global     bool // of what an account has once
}

// managedRules are held to in every account, required-tags and the retention of
// logs aside, which take parameters.
var managedRules = []managedRule{
	{identifier: "API_GW_EXECUTION_LOGGING_ENABLED", says: "Stages of APIs log"},
	{identifier: "API_GW_XRAY_ENABLED", says: "Stages of APIs trace"},
	{identifier: "CLOUDWATCH_LOG_GROUP_ENCRYPTED", says: "Log groups are encrypted with a key"},
	{identifier: "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", says: "A trail's files cannot be changed unnoticed"},
	{identifier: "CMK_BACKING_KEY_ROTATION_ENABLED", says: "Keys rotate"},
	{identifier: "DYNAMODB_PITR_ENABLED", says: "Tables can be restored to any second"},
	{identifier: "DYNAMODB_TABLE_DELETION_PROTECTION_ENABLED", says: "Tables are protected from deletion", production: true},
	{identifier: "DYNAMODB_TABLE_ENCRYPTED_KMS", says: "Tables are encrypted with a key"},
	{identifier: "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS", says: "No policy allows everything", global: true},
	{identifier: "IAM_ROOT_ACCESS_KEY_CHECK", says: "The root user has no access key", global: true},
	{identifier: "INCOMING_SSH_DISABLED", says: "No security group lets everybody in by SSH"},
	{identifier: "KMS_CMK_NOT_SCHEDULED_FOR_DELETION", says: "No key waits for its deletion"},
	{identifier: "LAMBDA_FUNCTION_LOG_FORMAT_JSON", says: "Functions log JSON"},
	{identifier: "LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED", says: "Not everybody may invoke a function"},
	{identifier: "LAMBDA_FUNCTION_XRAY_ENABLED", says: "Functions trace"},
	{identifier: "MULTI_REGION_CLOUD_TRAIL_ENABLED", says: "A trail logs every region"},
	{identifier: "RDS_CLUSTER_DELETION_PROTECTION_ENABLED", says: "Database clusters are protected from deletion", production: true},
	{identifier: "RDS_CLUSTER_ENCRYPTED_AT_REST", says: "Database clusters are encrypted"},
	{identifier: "RDS_CLUSTER_IAM_AUTHENTICATION_ENABLED", says: "Database clusters know IAM's principals"},
	{identifier: "RDS_CLUSTER_MULTI_AZ_ENABLED", says: "Database clusters are in several zones", production: true},
	{identifier: "RDS_INSTANCE_PUBLIC_ACCESS_CHECK", says: "Databases have no public address"},
	{identifier: "RDS_STORAGE_ENCRYPTED", says: "Databases are encrypted"},
	{identifier: "ROOT_ACCOUNT_MFA_ENABLED", says: "The root user needs a second factor", global: true},
	{identifier: "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED", says: "Buckets block public access"},
	{identifier: "S3_BUCKET_LOGGING_ENABLED", says: "Buckets log who reads and writes"},
	{identifier: "S3_BUCKET_PUBLIC_READ_PROHIBITED", says: "Not everybody may read a bucket"},
	{identifier: "S3_BUCKET_PUBLIC_WRITE_PROHIBITED", says: "Not everybody may write to a bucket"},
	{identifier: "S3_BUCKET_SSL_REQUESTS_ONLY", says: "Buckets refuse requests without TLS"},
	{identifier: "S3_BUCKET_VERSIONING_ENABLED", says: "Buckets keep versions", production: true},
	{identifier: "S3_DEFAULT_ENCRYPTION_KMS", says: "Buckets encrypt with a key"},
	{identifier: "SNS_ENCRYPTED_KMS", says: "Topics are encrypted with a key"},
	{identifier: "SQS_QUEUE_NO_PUBLIC_ACCESS", says: "Not everybody may use a queue"},
	{identifier: "SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED", says: "Subnets give out no public addresses"},
	{identifier: "VPC_DEFAULT_SECURITY_GROUP_CLOSED", says: "Default security groups let nothing through"},
	{identifier: "VPC_FLOW_LOGS_ENABLED", says: "Networks log their traffic"},
}

const (
	requiredTags  = "REQUIRED_TAGS"
	retentionRule = "CW_LOGGROUP_RETENTION_PERIOD_CHECK"
)

// taggedTypes are the types of the components' resources that required-tags can
// see; it does not see functions, queues or topics.
var taggedTypes = []string{
	"AWS::DynamoDB::Table", "AWS::EC2::Instance", "AWS::EC2::RouteTable", "AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::EC2::VPC",
	"AWS::RDS::DBInstance", "AWS::RDS::DBSubnetGroup", "AWS::S3::Bucket",
}

// Rules gives the identifiers of all managed rules that an Account can make,
// sorted.
func Rules() []string {
	all := []string{requiredTags, retentionRule}
	for _, r := range managedRules {
		all = append(all, r.identifier)
	}
	slices.Sort(all)
	return all
}

// rule is a rule as it is made.
type rule struct {
	child, identifier, says string
	parameters              map[string]string
	types                   []string
}

// rules gives those that the account is held to.
func (a *AccountArgs) rules() []rule {
	var all []rule
	for _, r := range managedRules {
		if r.production && !a.Location.Production() || r.global && a.GlobalElsewhere {
			continue
		}
		all = append(all, rule{child: kebab(r.identifier), identifier: r.identifier, says: r.says})
	}
	all = append(all, rule{
		child: kebab(retentionRule), identifier: retentionRule, says: fmt.Sprintf("Logs are kept for %d days or longer", a.MinRetentionDays),
		parameters: map[string]string{"MinRetentionTime": strconv.Itoa(a.MinRetentionDays)},
	})
	for part, keys := range slices.Collect(slices.Chunk(tags.Keys(), maxRequiredTags)) {
		parameters := map[string]string{}
		for i, key := range keys {
			parameters[fmt.Sprintf("tag%dKey", i+1)] = key
		}
		all = append(all, rule{
			child: fmt.Sprintf("%s-%d", kebab(requiredTags), part+1), identifier: requiredTags, parameters: parameters, types: taggedTypes,
			says: "Resources carry the tags " + strings.Join(keys, ", "),
		})
	}
	return slices.DeleteFunc(all, func(r rule) bool { return slices.Contains(a.Without, r.identifier) })
}

// kebab gives an identifier in the form in which AWS names its rules.
func kebab(identifier string) string {
	return strings.ToLower(strings.ReplaceAll(identifier, "_", "-"))
}

// record makes the recorder, starts it once it can deliver, and adds the rules.
func (a *Account) record(ctx *pulumi.Context, name string, args *AccountArgs) error {
	var ready []pulumi.CustomResource
	if !args.ServiceRoleExists {
		role, err := iam.NewServiceLinkedRole(ctx, name+"-config-role", &iam.ServiceLinkedRoleArgs{
			AwsServiceName: pulumi.String(configService),
			Tags:           args.Tags.Map(),
		}, pulumi.Parent(a))
		if err != nil {
			return err
		}
		ready = append(ready, role)
	}
	often, snapshots := "DAILY", "TwentyFour_Hours"
	if args.Location.Production() {
		often, snapshots = "CONTINUOUS", "Six_Hours"
	}
	recorder, err := cfg.NewRecorder(ctx, name+"-recorder", &cfg.RecorderArgs{
		Name:    pulumi.String(args.Name),
		RoleArn: pulumi.String(args.Location.RoleARN("aws-service-role/" + configService + "/AWSServiceRoleForConfig")),
		RecordingGroup: cfg.RecorderRecordingGroupArgs{
			AllSupported: pulumi.Bool(true), IncludeGlobalResourceTypes: pulumi.Bool(!args.GlobalElsewhere),
		},
		RecordingMode: cfg.RecorderRecordingModeArgs{RecordingFrequency: pulumi.String(often)},
	}, pulumi.Parent(a), depend.On(ready...))
	if err != nil {
		return err
	}
	channel, err := cfg.NewDeliveryChannel(ctx, name+"-delivery", &cfg.DeliveryChannelArgs{
		Name:                       pulumi.String(args.Name),
		S3BucketName:               pulumi.String(args.Bucket),
		S3KeyPrefix:                args.prefix(),
		SnapshotDeliveryProperties: cfg.DeliveryChannelSnapshotDeliveryPropertiesArgs{DeliveryFrequency: pulumi.String(snapshots)},
	}, pulumi.Parent(a), depend.On(recorder))
	if err != nil {
		return err
	}
	status, err := cfg.NewRecorderStatus(ctx, name+"-recording", &cfg.RecorderStatusArgs{
		Name:      recorder.Name,
		IsEnabled: pulumi.Bool(true),
	}, pulumi.Parent(a), depend.On(channel))
	if err != nil {
		return err
	}
	a.RecorderName = recorder.Name
	for _, r := range args.rules() {
		if err := a.rule(ctx, name, args, r, status); err != nil {
			return err
		}
	}
	return nil
}

func (a *Account) rule(ctx *pulumi.Context, name string, args *AccountArgs, r rule, status *cfg.RecorderStatus) error {
	in := &cfg.RuleArgs{
		Name:        pulumi.String(args.Name + "-" + r.child),
		Description: pulumi.String(r.says),
		Source:      cfg.RuleSourceArgs{Owner: pulumi.String("AWS"), SourceIdentifier: pulumi.String(r.identifier)},
		Tags:        args.Tags.Map(),
	}
	if len(r.parameters) > 0 {
		text, err := json.Marshal(r.parameters)
		if err != nil {
			return err
		}
		in.InputParameters = pulumi.String(text)
	}
	if len(r.types) > 0 {
		in.Scope = cfg.RuleScopeArgs{ComplianceResourceTypes: pulumi.ToStringArray(r.types)}
	}
	_, err := cfg.NewRule(ctx, name+"-"+r.child, in, pulumi.Parent(a), depend.On(status))
	return err
}
