package componenttest

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigateway"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/budgets"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cfg"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudtrail"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cognito"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kinesis"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/oam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/signer"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

// Types are the arguments types of resources by type token: sqs.QueueArgs{} by
// "aws:sqs/queue:Queue", for example.
type Types map[string]interface{ ElementType() reflect.Type }

// webACLAssociationArgs stand for wafv2.WebAclAssociationArgs, which cannot be
// tagged: the package wafv2 is too large to be part of every test.
type webACLAssociationArgs struct {
	ResourceARN string `pulumi:"resourceArn"`
	WebACLARN   string `pulumi:"webAclArn"`
}

// ElementType gives the type itself, as the SDK's arguments types do.
func (a webACLAssociationArgs) ElementType() reflect.Type { return reflect.TypeOf(a) }

// argsOf gives the arguments type of every resource type that a component may
// register. A type that is missing here fails Check: what can be tagged is read
// from the type, not from a list.
func argsOf() Types {
	all := typesToEC2()
	maps.Copy(all, typesFromIAM())
	return all
}

func typesToEC2() Types {
	return Types{
		"aws:apigateway/account:Account":                             apigateway.AccountArgs{},
		"aws:apigateway/apiKey:ApiKey":                               apigateway.ApiKeyArgs{},
		"aws:apigateway/authorizer:Authorizer":                       apigateway.AuthorizerArgs{},
		"aws:apigateway/deployment:Deployment":                       apigateway.DeploymentArgs{},
		"aws:apigateway/methodSettings:MethodSettings":               apigateway.MethodSettingsArgs{},
		"aws:apigateway/model:Model":                                 apigateway.ModelArgs{},
		"aws:apigateway/requestValidator:RequestValidator":           apigateway.RequestValidatorArgs{},
		"aws:apigateway/restApi:RestApi":                             apigateway.RestApiArgs{},
		"aws:apigateway/stage:Stage":                                 apigateway.StageArgs{},
		"aws:apigateway/usagePlan:UsagePlan":                         apigateway.UsagePlanArgs{},
		"aws:apigateway/usagePlanKey:UsagePlanKey":                   apigateway.UsagePlanKeyArgs{},
		"aws:appautoscaling/policy:Policy":                           appautoscaling.PolicyArgs{},
		"aws:appautoscaling/scheduledAction:ScheduledAction":         appautoscaling.ScheduledActionArgs{},
		"aws:appautoscaling/target:Target":                           appautoscaling.TargetArgs{},
		"aws:budgets/budget:Budget":                                  budgets.BudgetArgs{},
		"aws:cfg/configurationAggregator:ConfigurationAggregator":    cfg.ConfigurationAggregatorArgs{},
		"aws:cfg/conformancePack:ConformancePack":                    cfg.ConformancePackArgs{},
		"aws:cfg/deliveryChannel:DeliveryChannel":                    cfg.DeliveryChannelArgs{},
		"aws:cfg/recorder:Recorder":                                  cfg.RecorderArgs{},
		"aws:cfg/recorderStatus:RecorderStatus":                      cfg.RecorderStatusArgs{},
		"aws:cfg/rule:Rule":                                          cfg.RuleArgs{},
		"aws:cloudtrail/trail:Trail":                                 cloudtrail.TrailArgs{},
		"aws:cloudwatch/compositeAlarm:CompositeAlarm":               cloudwatch.CompositeAlarmArgs{},
		"aws:cloudwatch/dashboard:Dashboard":                         cloudwatch.DashboardArgs{},
		"aws:cloudwatch/eventArchive:EventArchive":                   cloudwatch.EventArchiveArgs{},
		"aws:cloudwatch/eventBus:EventBus":                           cloudwatch.EventBusArgs{},
		"aws:cloudwatch/eventBusPolicy:EventBusPolicy":               cloudwatch.EventBusPolicyArgs{},
		"aws:cloudwatch/eventRule:EventRule":                         cloudwatch.EventRuleArgs{},
		"aws:cloudwatch/eventTarget:EventTarget":                     cloudwatch.EventTargetArgs{},
		"aws:cloudwatch/logGroup:LogGroup":                           cloudwatch.LogGroupArgs{},
		"aws:cloudwatch/logMetricFilter:LogMetricFilter":             cloudwatch.LogMetricFilterArgs{},
		"aws:cloudwatch/logResourcePolicy:LogResourcePolicy":         cloudwatch.LogResourcePolicyArgs{},
		"aws:cloudwatch/logStream:LogStream":                         cloudwatch.LogStreamArgs{},
		"aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": cloudwatch.LogSubscriptionFilterArgs{},
		"aws:cloudwatch/metricAlarm:MetricAlarm":                     cloudwatch.MetricAlarmArgs{},
		"aws:cloudwatch/queryDefinition:QueryDefinition":             cloudwatch.QueryDefinitionArgs{},
		"aws:cognito/resourceServer:ResourceServer":                  cognito.ResourceServerArgs{},
		"aws:cognito/riskConfiguration:RiskConfiguration":            cognito.RiskConfigurationArgs{},
		"aws:cognito/userGroup:UserGroup":                            cognito.UserGroupArgs{},
		"aws:cognito/userPool:UserPool":                              cognito.UserPoolArgs{},
		"aws:cognito/userPoolClient:UserPoolClient":                  cognito.UserPoolClientArgs{},
		"aws:cognito/userPoolDomain:UserPoolDomain":                  cognito.UserPoolDomainArgs{},
		"aws:dynamodb/table:Table":                                   dynamodb.TableArgs{},
		"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":          ec2.DefaultSecurityGroupArgs{},
		"aws:ec2/eip:Eip":                                            ec2.EipArgs{},
		"aws:ec2/flowLog:FlowLog":                                    ec2.FlowLogArgs{},
		"aws:ec2/instance:Instance":                                  ec2.InstanceArgs{},
		"aws:ec2/internetGateway:InternetGateway":                    ec2.InternetGatewayArgs{},
		"aws:ec2/launchTemplate:LaunchTemplate":                      ec2.LaunchTemplateArgs{},
		"aws:ec2/natGateway:NatGateway":                              ec2.NatGatewayArgs{},
		"aws:ec2/route:Route":                                        ec2.RouteArgs{},
		"aws:ec2/routeTable:RouteTable":                              ec2.RouteTableArgs{},
		"aws:ec2/routeTableAssociation:RouteTableAssociation":        ec2.RouteTableAssociationArgs{},
		"aws:ec2/securityGroup:SecurityGroup":                        ec2.SecurityGroupArgs{},
		"aws:ec2/subnet:Subnet":                                      ec2.SubnetArgs{},
		"aws:ec2/vpc:Vpc":                                            ec2.VpcArgs{},
		"aws:ec2/vpcEndpoint:VpcEndpoint":                            ec2.VpcEndpointArgs{},
	}
}

func typesFromIAM() Types {
	return Types{
		"aws:iam/instanceProfile:InstanceProfile":                                                    iam.InstanceProfileArgs{},
		"aws:iam/openIdConnectProvider:OpenIdConnectProvider":                                        iam.OpenIdConnectProviderArgs{},
		"aws:iam/policy:Policy":                                                                      iam.PolicyArgs{},
		"aws:iam/role:Role":                                                                          iam.RoleArgs{},
		"aws:iam/rolePolicy:RolePolicy":                                                              iam.RolePolicyArgs{},
		"aws:iam/rolePolicyAttachment:RolePolicyAttachment":                                          iam.RolePolicyAttachmentArgs{},
		"aws:iam/serviceLinkedRole:ServiceLinkedRole":                                                iam.ServiceLinkedRoleArgs{},
		"aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream":                                  kinesis.FirehoseDeliveryStreamArgs{},
		"aws:kms/alias:Alias":                                                                        kms.AliasArgs{},
		"aws:kms/grant:Grant":                                                                        kms.GrantArgs{},
		"aws:kms/key:Key":                                                                            kms.KeyArgs{},
		"aws:lambda/alias:Alias":                                                                     lambda.AliasArgs{},
		"aws:lambda/codeSigningConfig:CodeSigningConfig":                                             lambda.CodeSigningConfigArgs{},
		"aws:lambda/eventSourceMapping:EventSourceMapping":                                           lambda.EventSourceMappingArgs{},
		"aws:lambda/function:Function":                                                               lambda.FunctionArgs{},
		"aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig":                             lambda.FunctionEventInvokeConfigArgs{},
		"aws:lambda/layerVersion:LayerVersion":                                                       lambda.LayerVersionArgs{},
		"aws:lambda/layerVersionPermission:LayerVersionPermission":                                   lambda.LayerVersionPermissionArgs{},
		"aws:lambda/permission:Permission":                                                           lambda.PermissionArgs{},
		"aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig":                       lambda.ProvisionedConcurrencyConfigArgs{},
		"aws:oam/link:Link":                                                                          oam.LinkArgs{},
		"aws:oam/sink:Sink":                                                                          oam.SinkArgs{},
		"aws:oam/sinkPolicy:SinkPolicy":                                                              oam.SinkPolicyArgs{},
		"aws:organizations/policy:Policy":                                                            organizations.PolicyArgs{},
		"aws:organizations/policyAttachment:PolicyAttachment":                                        organizations.PolicyAttachmentArgs{},
		"aws:rds/cluster:Cluster":                                                                    rds.ClusterArgs{},
		"aws:rds/clusterInstance:ClusterInstance":                                                    rds.ClusterInstanceArgs{},
		"aws:rds/clusterParameterGroup:ClusterParameterGroup":                                        rds.ClusterParameterGroupArgs{},
		"aws:rds/subnetGroup:SubnetGroup":                                                            rds.SubnetGroupArgs{},
		"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2":                       s3.BucketLifecycleConfigurationV2Args{},
		"aws:s3/bucketLoggingV2:BucketLoggingV2":                                                     s3.BucketLoggingV2Args{},
		"aws:s3/bucketNotification:BucketNotification":                                               s3.BucketNotificationArgs{},
		"aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2":                     s3.BucketObjectLockConfigurationV2Args{},
		"aws:s3/bucketOwnershipControls:BucketOwnershipControls":                                     s3.BucketOwnershipControlsArgs{},
		"aws:s3/bucketPolicy:BucketPolicy":                                                           s3.BucketPolicyArgs{},
		"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":                                     s3.BucketPublicAccessBlockArgs{},
		"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": s3.BucketServerSideEncryptionConfigurationV2Args{},
		"aws:s3/bucketV2:BucketV2":                                                                   s3.BucketV2Args{},
		"aws:s3/bucketVersioningV2:BucketVersioningV2":                                               s3.BucketVersioningV2Args{},
		"aws:signer/signingProfile:SigningProfile":                                                   signer.SigningProfileArgs{},
		"aws:signer/signingProfilePermission:SigningProfilePermission":                               signer.SigningProfilePermissionArgs{},
		"aws:sns/topic:Topic":                                                                        sns.TopicArgs{},
		"aws:sns/topicPolicy:TopicPolicy":                                                            sns.TopicPolicyArgs{},
		"aws:sns/topicSubscription:TopicSubscription":                                                sns.TopicSubscriptionArgs{},
		"aws:sqs/queue:Queue":                                                                        sqs.QueueArgs{},
		"aws:sqs/queuePolicy:QueuePolicy":                                                            sqs.QueuePolicyArgs{},
		"aws:sqs/redriveAllowPolicy:RedriveAllowPolicy":                                              sqs.RedriveAllowPolicyArgs{},
		"aws:sqs/redrivePolicy:RedrivePolicy":                                                        sqs.RedrivePolicyArgs{},
		"aws:ssm/document:Document":                                                                  ssm.DocumentArgs{},
		"aws:ssm/parameter:Parameter":                                                                ssm.ParameterArgs{},
		"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":                                    vpc.SecurityGroupEgressRuleArgs{},
		"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":                                  vpc.SecurityGroupIngressRuleArgs{},
		"aws:wafv2/webAclAssociation:WebAclAssociation":                                              webACLAssociationArgs{},
	}
}

// taggable tells whether a resource type takes tags.
func taggable(t testing.TB, token string, more []Types) bool {
	t.Helper()
	args, ok := argsOf()[token]
	for i := 0; !ok && i < len(more); i++ {
		args, ok = more[i][token]
	}
	if !ok {
		t.Errorf("componenttest does not know the arguments of %s", token)
		return false
	}
	typ := args.ElementType()
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("pulumi"), ",")
		if name == "tags" {
			return true
		}
	}
	return false
}

// Check holds a recording to what is asked of every component: each resource of
// AWS has a component as its parent whose name its own name begins with, and
// each that can be tagged carries the required tags, none empty. Types of
// packages that only one component imports are given by its own test as more.
func Check(t testing.TB, r *Recording, more ...Types) {
	t.Helper()
	if len(r.Custom()) == 0 {
		t.Error("nothing was registered")
	}
	names := map[string]string{}
	for _, res := range r.Resources {
		id := res.Type + " " + res.Name
		if other, ok := names[id]; ok {
			t.Errorf("%s is registered twice, under %s and %s", id, other, res.Parent)
		}
		names[id] = res.Parent
	}
	for _, res := range r.Custom() {
		parent := resource.URN(res.Parent)
		if res.Parent == "" || !strings.HasPrefix(string(parent.Type()), "tenantform:") {
			t.Errorf("%s %s has the parent %q, want a component", res.Type, res.Name, res.Parent)
			continue
		}
		if !strings.HasPrefix(res.Name, parent.Name()+"-") {
			t.Errorf("%s %s does not begin with its component's name %s", res.Type, res.Name, parent.Name())
		}
		if !taggable(t, res.Type, more) {
			continue
		}
		got, _ := res.Inputs["tags"].(map[string]any)
		for _, key := range tags.Keys() {
			if v, _ := got[key].(string); v == "" {
				t.Errorf("%s %s has no tag %s", res.Type, res.Name, key)
			}
		}
	}
}

// Statement is a statement of an IAM document that a component wrote.
type Statement struct {
	Sid         string
	Effect      string
	Principal   any
	Action      []string
	NotAction   []string
	Resource    []string
	NotResource []string
	Condition   map[string]map[string][]string
}

// Statements reads an IAM document.
func Statements(t testing.TB, document any) []Statement {
	t.Helper()
	text, _ := document.(string)
	var doc struct {
		Version   string
		Statement []Statement
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil || doc.Version != "2012-10-17" {
		t.Fatalf("not an IAM document: %v: %s", err, text)
	}
	return doc.Statement
}

// Location gives a location for tests.
func Location() location.Location {
	return location.Location{Environment: location.Dev, Region: "eu-west-1", AccountID: "111111111111"}
}

// Tags gives the tags of a tenant "acme" for tests.
func Tags() tags.Required {
	return tags.Required{
		TenantID: "acme", Tier: "premium", Model: tenants.ModelSilo, Service: "test", Environment: location.Dev, CostCenter: "cc-1",
	}
}

// Tier gives a tier for tests: "free" of cell "a" for a pool, "premium" for a silo.
func Tier(model tenants.Model) tenants.Tier {
	t := tenants.Tier{
		Name: "free", Model: tenants.ModelPool, Cell: "a", RateLimit: 5, BurstLimit: 10, MonthlyQuota: 1000,
		FunctionMemoryMB: 128, FunctionTimeoutSec: 10, FunctionConcurrent: 1, FunctionCount: 2, LogRetentionDays: 7,
	}
	if model == tenants.ModelSilo {
		t.Name, t.Model, t.Cell, t.DeletionProtection, t.LogRetentionDays = "premium", tenants.ModelSilo, "", true, 365
	}
	return t
}

// Refused holds an error to what is asked of a component that refuses its
// arguments: CodeInvalid, naming the component, the argument and the value, with
// nothing registered.
func Refused(t testing.TB, r *Recording, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("the arguments were accepted")
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q: %v", w, err)
		}
	}
	for _, res := range r.Resources {
		if res.Type != "pulumi:pulumi:Stack" {
			t.Errorf("registered although refused: %s %s", res.Type, res.Name)
		}
	}
}
