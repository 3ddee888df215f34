package names_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
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
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/test/awsprovider/internal/names"
)

// goType is what the SDK says of a resource type: its arguments, and its outputs.
type goType struct {
	args interface{ ElementType() reflect.Type }
	out  any // a pointer to the resource
}

// goTypes gives the SDK's Go types of every type that is translated.
func goTypes() map[string]goType {
	return map[string]goType{
		"aws:apigateway/account:Account":                                         {apigateway.AccountArgs{}, &apigateway.Account{}},
		"aws:apigateway/apiKey:ApiKey":                                           {apigateway.ApiKeyArgs{}, &apigateway.ApiKey{}},
		"aws:apigateway/authorizer:Authorizer":                                   {apigateway.AuthorizerArgs{}, &apigateway.Authorizer{}},
		"aws:apigateway/deployment:Deployment":                                   {apigateway.DeploymentArgs{}, &apigateway.Deployment{}},
		"aws:apigateway/integration:Integration":                                 {apigateway.IntegrationArgs{}, &apigateway.Integration{}},
		"aws:apigateway/method:Method":                                           {apigateway.MethodArgs{}, &apigateway.Method{}},
		"aws:apigateway/methodSettings:MethodSettings":                           {apigateway.MethodSettingsArgs{}, &apigateway.MethodSettings{}},
		"aws:apigateway/model:Model":                                             {apigateway.ModelArgs{}, &apigateway.Model{}},
		"aws:apigateway/requestValidator:RequestValidator":                       {apigateway.RequestValidatorArgs{}, &apigateway.RequestValidator{}},
		"aws:apigateway/resource:Resource":                                       {apigateway.ResourceArgs{}, &apigateway.Resource{}},
		"aws:apigateway/restApi:RestApi":                                         {apigateway.RestApiArgs{}, &apigateway.RestApi{}},
		"aws:apigateway/stage:Stage":                                             {apigateway.StageArgs{}, &apigateway.Stage{}},
		"aws:apigateway/usagePlan:UsagePlan":                                     {apigateway.UsagePlanArgs{}, &apigateway.UsagePlan{}},
		"aws:apigateway/usagePlanKey:UsagePlanKey":                               {apigateway.UsagePlanKeyArgs{}, &apigateway.UsagePlanKey{}},
		"aws:appautoscaling/policy:Policy":                                       {appautoscaling.PolicyArgs{}, &appautoscaling.Policy{}},
		"aws:appautoscaling/scheduledAction:ScheduledAction":                     {appautoscaling.ScheduledActionArgs{}, &appautoscaling.ScheduledAction{}},
		"aws:appautoscaling/target:Target":                                       {appautoscaling.TargetArgs{}, &appautoscaling.Target{}},
		"aws:budgets/budget:Budget":                                              {budgets.BudgetArgs{}, &budgets.Budget{}},
		"aws:cfg/configurationAggregator:ConfigurationAggregator":                {cfg.ConfigurationAggregatorArgs{}, &cfg.ConfigurationAggregator{}},
		"aws:cfg/conformancePack:ConformancePack":                                {cfg.ConformancePackArgs{}, &cfg.ConformancePack{}},
		"aws:cfg/deliveryChannel:DeliveryChannel":                                {cfg.DeliveryChannelArgs{}, &cfg.DeliveryChannel{}},
		"aws:cfg/recorder:Recorder":                                              {cfg.RecorderArgs{}, &cfg.Recorder{}},
		"aws:cfg/recorderStatus:RecorderStatus":                                  {cfg.RecorderStatusArgs{}, &cfg.RecorderStatus{}},
		"aws:cfg/rule:Rule":                                                      {cfg.RuleArgs{}, &cfg.Rule{}},
		"aws:cloudtrail/trail:Trail":                                             {cloudtrail.TrailArgs{}, &cloudtrail.Trail{}},
		"aws:cloudwatch/compositeAlarm:CompositeAlarm":                           {cloudwatch.CompositeAlarmArgs{}, &cloudwatch.CompositeAlarm{}},
		"aws:cloudwatch/dashboard:Dashboard":                                     {cloudwatch.DashboardArgs{}, &cloudwatch.Dashboard{}},
		"aws:cloudwatch/eventArchive:EventArchive":                               {cloudwatch.EventArchiveArgs{}, &cloudwatch.EventArchive{}},
		"aws:cloudwatch/eventBus:EventBus":                                       {cloudwatch.EventBusArgs{}, &cloudwatch.EventBus{}},
		"aws:cloudwatch/eventBusPolicy:EventBusPolicy":                           {cloudwatch.EventBusPolicyArgs{}, &cloudwatch.EventBusPolicy{}},
		"aws:cloudwatch/eventRule:EventRule":                                     {cloudwatch.EventRuleArgs{}, &cloudwatch.EventRule{}},
		"aws:cloudwatch/eventTarget:EventTarget":                                 {cloudwatch.EventTargetArgs{}, &cloudwatch.EventTarget{}},
		"aws:cloudwatch/logGroup:LogGroup":                                       {cloudwatch.LogGroupArgs{}, &cloudwatch.LogGroup{}},
		"aws:cloudwatch/logMetricFilter:LogMetricFilter":                         {cloudwatch.LogMetricFilterArgs{}, &cloudwatch.LogMetricFilter{}},
		"aws:cloudwatch/logResourcePolicy:LogResourcePolicy":                     {cloudwatch.LogResourcePolicyArgs{}, &cloudwatch.LogResourcePolicy{}},
		"aws:cloudwatch/logStream:LogStream":                                     {cloudwatch.LogStreamArgs{}, &cloudwatch.LogStream{}},
		"aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter":             {cloudwatch.LogSubscriptionFilterArgs{}, &cloudwatch.LogSubscriptionFilter{}},
		"aws:cloudwatch/metricAlarm:MetricAlarm":                                 {cloudwatch.MetricAlarmArgs{}, &cloudwatch.MetricAlarm{}},
		"aws:cloudwatch/queryDefinition:QueryDefinition":                         {cloudwatch.QueryDefinitionArgs{}, &cloudwatch.QueryDefinition{}},
		"aws:cognito/resourceServer:ResourceServer":                              {cognito.ResourceServerArgs{}, &cognito.ResourceServer{}},
		"aws:cognito/riskConfiguration:RiskConfiguration":                        {cognito.RiskConfigurationArgs{}, &cognito.RiskConfiguration{}},
		"aws:cognito/userGroup:UserGroup":                                        {cognito.UserGroupArgs{}, &cognito.UserGroup{}},
		"aws:cognito/userPool:UserPool":                                          {cognito.UserPoolArgs{}, &cognito.UserPool{}},
		"aws:cognito/userPoolClient:UserPoolClient":                              {cognito.UserPoolClientArgs{}, &cognito.UserPoolClient{}},
		"aws:cognito/userPoolDomain:UserPoolDomain":                              {cognito.UserPoolDomainArgs{}, &cognito.UserPoolDomain{}},
		"aws:dynamodb/table:Table":                                               {dynamodb.TableArgs{}, &dynamodb.Table{}},
		"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":                      {ec2.DefaultSecurityGroupArgs{}, &ec2.DefaultSecurityGroup{}},
		"aws:ec2/eip:Eip":                                                        {ec2.EipArgs{}, &ec2.Eip{}},
		"aws:ec2/flowLog:FlowLog":                                                {ec2.FlowLogArgs{}, &ec2.FlowLog{}},
		"aws:ec2/instance:Instance":                                              {ec2.InstanceArgs{}, &ec2.Instance{}},
		"aws:ec2/internetGateway:InternetGateway":                                {ec2.InternetGatewayArgs{}, &ec2.InternetGateway{}},
		"aws:ec2/launchTemplate:LaunchTemplate":                                  {ec2.LaunchTemplateArgs{}, &ec2.LaunchTemplate{}},
		"aws:ec2/natGateway:NatGateway":                                          {ec2.NatGatewayArgs{}, &ec2.NatGateway{}},
		"aws:ec2/route:Route":                                                    {ec2.RouteArgs{}, &ec2.Route{}},
		"aws:ec2/routeTable:RouteTable":                                          {ec2.RouteTableArgs{}, &ec2.RouteTable{}},
		"aws:ec2/routeTableAssociation:RouteTableAssociation":                    {ec2.RouteTableAssociationArgs{}, &ec2.RouteTableAssociation{}},
		"aws:ec2/securityGroup:SecurityGroup":                                    {ec2.SecurityGroupArgs{}, &ec2.SecurityGroup{}},
		"aws:ec2/subnet:Subnet":                                                  {ec2.SubnetArgs{}, &ec2.Subnet{}},
		"aws:ec2/vpc:Vpc":                                                        {ec2.VpcArgs{}, &ec2.Vpc{}},
		"aws:ec2/vpcEndpoint:VpcEndpoint":                                        {ec2.VpcEndpointArgs{}, &ec2.VpcEndpoint{}},
		"aws:iam/instanceProfile:InstanceProfile":                                {iam.InstanceProfileArgs{}, &iam.InstanceProfile{}},
		"aws:iam/openIdConnectProvider:OpenIdConnectProvider":                    {iam.OpenIdConnectProviderArgs{}, &iam.OpenIdConnectProvider{}},
		"aws:iam/policy:Policy":                                                  {iam.PolicyArgs{}, &iam.Policy{}},
		"aws:iam/role:Role":                                                      {iam.RoleArgs{}, &iam.Role{}},
		"aws:iam/rolePolicy:RolePolicy":                                          {iam.RolePolicyArgs{}, &iam.RolePolicy{}},
		"aws:iam/rolePolicyAttachment:RolePolicyAttachment":                      {iam.RolePolicyAttachmentArgs{}, &iam.RolePolicyAttachment{}},
		"aws:iam/serviceLinkedRole:ServiceLinkedRole":                            {iam.ServiceLinkedRoleArgs{}, &iam.ServiceLinkedRole{}},
		"aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream":              {kinesis.FirehoseDeliveryStreamArgs{}, &kinesis.FirehoseDeliveryStream{}},
		"aws:kms/alias:Alias":                                                    {kms.AliasArgs{}, &kms.Alias{}},
		"aws:kms/grant:Grant":                                                    {kms.GrantArgs{}, &kms.Grant{}},
		"aws:kms/key:Key":                                                        {kms.KeyArgs{}, &kms.Key{}},
		"aws:lambda/alias:Alias":                                                 {lambda.AliasArgs{}, &lambda.Alias{}},
		"aws:lambda/codeSigningConfig:CodeSigningConfig":                         {lambda.CodeSigningConfigArgs{}, &lambda.CodeSigningConfig{}},
		"aws:lambda/eventSourceMapping:EventSourceMapping":                       {lambda.EventSourceMappingArgs{}, &lambda.EventSourceMapping{}},
		"aws:lambda/function:Function":                                           {lambda.FunctionArgs{}, &lambda.Function{}},
		"aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig":         {lambda.FunctionEventInvokeConfigArgs{}, &lambda.FunctionEventInvokeConfig{}},
		"aws:lambda/layerVersion:LayerVersion":                                   {lambda.LayerVersionArgs{}, &lambda.LayerVersion{}},
		"aws:lambda/layerVersionPermission:LayerVersionPermission":               {lambda.LayerVersionPermissionArgs{}, &lambda.LayerVersionPermission{}},
		"aws:lambda/permission:Permission":                                       {lambda.PermissionArgs{}, &lambda.Permission{}},
		"aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig":   {lambda.ProvisionedConcurrencyConfigArgs{}, &lambda.ProvisionedConcurrencyConfig{}},
		"aws:oam/link:Link":                                                      {oam.LinkArgs{}, &oam.Link{}},
		"aws:oam/sink:Sink":                                                      {oam.SinkArgs{}, &oam.Sink{}},
		"aws:oam/sinkPolicy:SinkPolicy":                                          {oam.SinkPolicyArgs{}, &oam.SinkPolicy{}},
		"aws:organizations/policy:Policy":                                        {organizations.PolicyArgs{}, &organizations.Policy{}},
		"aws:organizations/policyAttachment:PolicyAttachment":                    {organizations.PolicyAttachmentArgs{}, &organizations.PolicyAttachment{}},
		"aws:rds/cluster:Cluster":                                                {rds.ClusterArgs{}, &rds.Cluster{}},
		"aws:rds/clusterInstance:ClusterInstance":                                {rds.ClusterInstanceArgs{}, &rds.ClusterInstance{}},
		"aws:rds/clusterParameterGroup:ClusterParameterGroup":                    {rds.ClusterParameterGroupArgs{}, &rds.ClusterParameterGroup{}},
		"aws:rds/subnetGroup:SubnetGroup":                                        {rds.SubnetGroupArgs{}, &rds.SubnetGroup{}},
		"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2":   {s3.BucketLifecycleConfigurationV2Args{}, &s3.BucketLifecycleConfigurationV2{}},
		"aws:s3/bucketLoggingV2:BucketLoggingV2":                                 {s3.BucketLoggingV2Args{}, &s3.BucketLoggingV2{}},
		"aws:s3/bucketNotification:BucketNotification":                           {s3.BucketNotificationArgs{}, &s3.BucketNotification{}},
		"aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2": {s3.BucketObjectLockConfigurationV2Args{}, &s3.BucketObjectLockConfigurationV2{}},
		"aws:s3/bucketOwnershipControls:BucketOwnershipControls":                 {s3.BucketOwnershipControlsArgs{}, &s3.BucketOwnershipControls{}},
		"aws:s3/bucketPolicy:BucketPolicy":                                       {s3.BucketPolicyArgs{}, &s3.BucketPolicy{}},
		"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":                 {s3.BucketPublicAccessBlockArgs{}, &s3.BucketPublicAccessBlock{}},
		"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": {s3.BucketServerSideEncryptionConfigurationV2Args{}, &s3.BucketServerSideEncryptionConfigurationV2{}},
		"aws:s3/bucketV2:BucketV2":                                        {s3.BucketV2Args{}, &s3.BucketV2{}},
		"aws:s3/bucketVersioningV2:BucketVersioningV2":                    {s3.BucketVersioningV2Args{}, &s3.BucketVersioningV2{}},
		"aws:signer/signingProfile:SigningProfile":                        {signer.SigningProfileArgs{}, &signer.SigningProfile{}},
		"aws:signer/signingProfilePermission:SigningProfilePermission":    {signer.SigningProfilePermissionArgs{}, &signer.SigningProfilePermission{}},
		"aws:sns/topic:Topic":                                             {sns.TopicArgs{}, &sns.Topic{}},
		"aws:sns/topicPolicy:TopicPolicy":                                 {sns.TopicPolicyArgs{}, &sns.TopicPolicy{}},
		"aws:sns/topicSubscription:TopicSubscription":                     {sns.TopicSubscriptionArgs{}, &sns.TopicSubscription{}},
		"aws:sqs/queue:Queue":                                             {sqs.QueueArgs{}, &sqs.Queue{}},
		"aws:sqs/queuePolicy:QueuePolicy":                                 {sqs.QueuePolicyArgs{}, &sqs.QueuePolicy{}},
		"aws:sqs/redriveAllowPolicy:RedriveAllowPolicy":                   {sqs.RedriveAllowPolicyArgs{}, &sqs.RedriveAllowPolicy{}},
		"aws:sqs/redrivePolicy:RedrivePolicy":                             {sqs.RedrivePolicyArgs{}, &sqs.RedrivePolicy{}},
		"aws:ssm/document:Document":                                       {ssm.DocumentArgs{}, &ssm.Document{}},
		"aws:ssm/parameter:Parameter":                                     {ssm.ParameterArgs{}, &ssm.Parameter{}},
		"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":         {vpc.SecurityGroupEgressRuleArgs{}, &vpc.SecurityGroupEgressRule{}},
		"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":       {vpc.SecurityGroupIngressRuleArgs{}, &vpc.SecurityGroupIngressRule{}},
		"aws:wafv2/webAcl:WebAcl":                                         {wafv2.WebAclArgs{}, &wafv2.WebAcl{}},
		"aws:wafv2/webAclAssociation:WebAclAssociation":                   {wafv2.WebAclAssociationArgs{}, &wafv2.WebAclAssociation{}},
		"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": {wafv2.WebAclLoggingConfigurationArgs{}, &wafv2.WebAclLoggingConfiguration{}},
	}
}

var (
	archiveType = reflect.TypeFor[pulumi.Archive]()
	outputType  = reflect.TypeFor[pulumi.Output]()
)

// fieldsOf gives the fields of a struct of the SDK by property name, with plain types.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("pulumi"), ",")
		if name == "" {
			continue
		}
		ft := f.Type
		if ft.Implements(outputType) {
			ft = reflect.Zero(ft).Interface().(pulumi.Output).ElementType()
		}
		fields[name] = ft
	}
	return fields
}

func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// compare lists where an object of the catalogue and a struct of the SDK differ;
// seen collects the paths that the SDK has.
func compare(path string, o *names.Object, t reflect.Type, seen map[string]bool) (faults []string) {
	for name, ft := range fieldsOf(t) {
		at := strings.TrimPrefix(path+"."+name, ".")
		seen[at] = true
		p, ok := o.ByAWS(name)
		if !ok {
			faults = append(faults, at+" ("+ft.String()+"): unmapped")
			continue
		}
		ft = deref(ft)
		if ft == archiveType {
			if p.Asset == nil {
				faults = append(faults, at+": an archive, and not mapped as one")
			}
			continue
		}
		isList := p.Kind == "list" && !p.Single
		switch {
		case isList && ft.Kind() != reflect.Slice:
			faults = append(faults, at+": a list for the provider, and "+ft.String()+" for the SDK")
			continue
		case !isList && ft.Kind() == reflect.Slice:
			faults = append(faults, at+": not a list for the provider, and "+ft.String()+" for the SDK")
			continue
		}
		if ft.Kind() == reflect.Slice {
			ft = deref(ft.Elem())
		}
		if p.Within {
			continue
		}
		if ft.Kind() == reflect.Struct && p.Object != nil {
			faults = append(faults, compare(at, p.Object, ft, seen)...)
		} else if (ft.Kind() == reflect.Struct && ft.NumField() > 0) != (p.Object != nil) {
			faults = append(faults, at+": an object on one side only: "+ft.String())
		}
	}
	return faults
}

func defaultCatalogue(t *testing.T) *names.Catalogue {
	t.Helper()
	c, err := names.Default()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEveryPropertyIsMapped(t *testing.T) {
	c := defaultCatalogue(t)
	sdk := goTypes()
	if have, want := slices.Sorted(maps.Keys(sdk)), c.Tokens(); !slices.Equal(have, want) {
		t.Fatalf("the test's Go types are not those that are translated:\n%v\n%v", have, want)
	}
	for _, tok := range c.Tokens() {
		t.Run(tok, func(t *testing.T) {
			typ, err := c.Type(tok)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			faults := compare("", typ.Object, sdk[tok].args.ElementType(), seen)
			faults = append(faults, compare("", typ.Object, reflect.TypeOf(sdk[tok].out).Elem(), seen)...)
			slices.Sort(faults)
			for _, f := range slices.Compact(faults) {
				t.Error(f)
			}
		})
	}
	t.Run("provider", func(t *testing.T) {
		faults := compare("", c.Provider, aws.ProviderArgs{}.ElementType(), map[string]bool{})
		slices.Sort(faults)
		for _, f := range faults {
			t.Error(f)
		}
	})
}

// TestEveryTypeOfComponentsIsTranslated reads the source of the components for
// constructors of pulumi-aws.
func TestEveryTypeOfComponentsIsTranslated(t *testing.T) {
	const sdk = "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/"
	known := map[string]bool{}
	for _, tok := range defaultCatalogue(t).Tokens() {
		parts := strings.Split(tok, ":")
		module, _, _ := strings.Cut(parts[1], "/")
		known[module+".New"+parts[2]] = true
	}
	found := 0
	walk := func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		imported := map[string]string{}
		for _, i := range file.Imports {
			p, _ := strconv.Unquote(i.Path.Value)
			if module, ok := strings.CutPrefix(p, sdk); ok {
				name := module
				if i.Name != nil {
					name = i.Name.Name
				}
				imported[name] = module
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok || imported[pkg.Name] == "" || !strings.HasPrefix(sel.Sel.Name, "New") {
				return true
			}
			found++
			if c := imported[pkg.Name] + "." + sel.Sel.Name; !known[c] {
				t.Errorf("%s: %s makes a type that is not translated; add it to types.go", path, c)
			}
			return true
		})
		return nil
	}
	for _, dir := range []string{"components", "stacks"} {
		if err := filepath.WalkDir(filepath.Join("../../../..", dir), walk); err != nil {
			t.Fatal(err)
		}
	}
	if found < 30 {
		t.Errorf("only %d constructors were found; the test looks in the wrong place", found)
	}
}
