package tenantfunction

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/function"
)

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*TenantFunction, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.validate(name); err != nil {
		return nil, err
	}
	f := &TenantFunction{}
	if err := ctx.RegisterComponentResource("tenantform:tenantfunction:TenantFunction", name, f, opts...); err != nil {
		return nil, err
	}
	group, err := cloudwatch.NewLogGroup(ctx, name+"-logs", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(function.LogGroupName(args.Name)),
		RetentionInDays: pulumi.Int(args.Location.LogRetentionDays(args.LogRetentionDays)),
		KmsKeyId:        args.LogKeyARN,
		Tags:            args.Tags.Map(),
	}, pulumi.Parent(f))
	if err != nil {
		return nil, err
	}
	if err := f.metrics(ctx, name, args, group); err != nil {
		return nil, err
	}
	role, policy, err := f.role(ctx, name, args)
	if err != nil {
		return nil, err
	}
	closed, err := f.securityGroup(ctx, name, args)
	if err != nil {
		return nil, err
	}
	layers, err := f.layers(ctx, name, args)
	if err != nil {
		return nil, err
	}
	made, err := lambda.NewFunction(ctx, name+"-function", args.function(role, group, closed, layers),
		pulumi.Parent(f), depend.On(policy, group))
	if err != nil {
		return nil, err
	}
	live, err := function.LiveAlias(ctx, name, made, pulumi.Parent(f))
	if err != nil {
		return nil, err
	}
	if err := f.invoker(ctx, name, args, made, live); err != nil {
		return nil, err
	}
	f.Name, f.ARN, f.RoleARN, f.LogGroup = made.Name, made.Arn, role.Arn, group.Name
	f.Version, f.LiveARN = made.Version, live.Arn
	if err := ctx.RegisterResourceOutputs(f, pulumi.Map{
		"name": f.Name, "arn": f.ARN, "roleArn": f.RoleARN, "logGroup": f.LogGroup, "version": f.Version, "liveArn": f.LiveARN,
	}); err != nil {
		return nil, err
	}
	return f, nil
}

func (a *Args) function(role *iam.Role, group *cloudwatch.LogGroup, closed *ec2.SecurityGroup, layers pulumi.StringArray) *lambda.FunctionArgs {
	args := &lambda.FunctionArgs{
		Name:                         pulumi.String(a.Name),
		Description:                  pulumi.String("Code of tenant " + a.Tags.TenantID),
		Role:                         role.Arn,
		Runtime:                      pulumi.String(a.Runtime),
		Handler:                      pulumi.String(a.Handler),
		CodeSigningConfigArn:         a.CodeSigningConfigARN,
		Publish:                      pulumi.Bool(true),
		Layers:                       layers,
		MemorySize:                   pulumi.Int(a.MemoryMB),
		Timeout:                      pulumi.Int(a.TimeoutSec),
		ReservedConcurrentExecutions: pulumi.Int(a.Concurrency),
		LoggingConfig:                function.JSONLogs(group),
		TracingConfig:                lambda.FunctionTracingConfigArgs{Mode: pulumi.String("Active")},
		VpcConfig: lambda.FunctionVpcConfigArgs{
			SubnetIds:        a.SubnetIDs,
			SecurityGroupIds: pulumi.StringArray{closed.ID()},
		},
		Tags: a.Tags.Map(),
	}
	if a.Object != nil {
		args.S3Bucket, args.S3Key, args.S3ObjectVersion = a.Object.Source()
	} else {
		args.Code = pulumi.NewFileArchive(a.Archive)
	}
	return args
}

// invoker lets the platform's role invoke the function and its alias. A
// permission without a qualifier holds for the unqualified ARN alone; see
// "Using resource-based policies for Lambda" in the Lambda Developer Guide.
func (f *TenantFunction) invoker(ctx *pulumi.Context, name string, args *Args, made *lambda.Function, live *lambda.Alias) error {
	allow := func(child string, qualifier pulumi.StringPtrInput) error {
		_, err := lambda.NewPermission(ctx, name+"-"+child, &lambda.PermissionArgs{
			StatementId: pulumi.String("platform-" + child),
			Action:      pulumi.String("lambda:InvokeFunction"),
			Function:    made.Name,
			Qualifier:   qualifier,
			Principal:   pulumi.String(args.InvokerRoleARN),
		}, pulumi.Parent(f))
		return err
	}
	if err := allow("invoker", nil); err != nil {
		return err
	}
	return allow("invoker-live", live.Name)
}

// securityGroup lets nothing in and nothing out. The lists are given and empty:
// without them the provider would leave alone what is added later by hand.
func (f *TenantFunction) securityGroup(ctx *pulumi.Context, name string, args *Args) (*ec2.SecurityGroup, error) {
	return ec2.NewSecurityGroup(ctx, name+"-closed", &ec2.SecurityGroupArgs{
		Name:        pulumi.String(args.Name),
		Description: pulumi.String("Lets nothing in and nothing out: code of tenant " + args.Tags.TenantID),
		VpcId:       args.VPCID,
		Ingress:     ec2.SecurityGroupIngressArray{},
		Egress:      ec2.SecurityGroupEgressArray{},
		Tags:        args.Tags.Named(args.Name),
	}, pulumi.Parent(f))
}
