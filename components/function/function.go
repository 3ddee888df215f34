package function

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/location"
)

// Function is a Lambda function with its role and log group.
type Function struct {
	pulumi.ResourceState

	Name     pulumi.StringOutput `pulumi:"name"`
	ARN      pulumi.StringOutput `pulumi:"arn"`
	RoleARN  pulumi.StringOutput `pulumi:"roleArn"`
	LogGroup pulumi.StringOutput `pulumi:"logGroup"`
	// Version is the version that was published last, "$LATEST" without Publish.
	Version pulumi.StringOutput `pulumi:"version"`
	// LiveARN is what callers, event sources and permissions name: the ARN of the
	// alias Live, the function's own without Publish.
	LiveARN pulumi.StringOutput `pulumi:"liveArn"`
	// InvokeARN is LiveARN as an integration of API Gateway needs it.
	InvokeARN pulumi.StringOutput `pulumi:"invokeArn"`
	// IdempotencyTable is the name of the table, "" without Idempotency.
	IdempotencyTable pulumi.StringOutput `pulumi:"idempotencyTable"`

	live *lambda.Alias // nil without Publish
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Function, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.validate(name); err != nil {
		return nil, err
	}
	f := &Function{IdempotencyTable: pulumi.String("").ToStringOutput()}
	if err := ctx.RegisterComponentResource("tenantform:function:Function", name, f, opts...); err != nil {
		return nil, err
	}
	group, err := cloudwatch.NewLogGroup(ctx, name+"-logs", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(LogGroupName(args.Name)),
		RetentionInDays: pulumi.Int(args.Location.LogRetentionDays(args.LogRetentionDays)),
		KmsKeyId:        args.LogKeyARN,
		Tags:            args.Tags.Map(),
	}, pulumi.Parent(f))
	if err != nil {
		return nil, err
	}
	role, grant, err := f.role(ctx, name, args)
	if err != nil {
		return nil, err
	}
	first := []pulumi.CustomResource{grant, group}
	if args.Idempotency != nil {
		table, err := f.idempotency(ctx, name, args)
		if err != nil {
			return nil, err
		}
		f.IdempotencyTable = table.Name
		first = append(first, table)
	}
	keys, err := f.keyGrants(ctx, name, args, role)
	if err != nil {
		return nil, err
	}
	made, err := lambda.NewFunction(ctx, name+"-function", args.function(role, group),
		pulumi.Parent(f), depend.On(append(first, keys...)...))
	if err != nil {
		return nil, err
	}
	f.Name, f.ARN, f.RoleARN, f.LogGroup, f.Version = made.Name, made.Arn, role.Arn, group.Name, made.Version
	f.LiveARN, f.InvokeARN = made.Arn, made.InvokeArn
	if err := f.release(ctx, name, args, made); err != nil {
		return nil, err
	}
	if err := f.async(ctx, name, args, made); err != nil {
		return nil, err
	}
	if err := ctx.RegisterResourceOutputs(f, pulumi.Map{
		"name": f.Name, "arn": f.ARN, "roleArn": f.RoleARN, "logGroup": f.LogGroup,
		"version": f.Version, "liveArn": f.LiveARN, "invokeArn": f.InvokeARN, "idempotencyTable": f.IdempotencyTable,
	}); err != nil {
		return nil, err
	}
	return f, nil
}

// LogGroupName gives the name of a function's log group, as Lambda would name it.
func LogGroupName(function string) string { return "/aws/lambda/" + function }

func (f *Function) role(ctx *pulumi.Context, name string, args *Args) (*iam.Role, *iam.RolePolicy, error) {
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Name:             pulumi.String(args.Name),
		Description:      pulumi.String("Execution role of function " + args.Name),
		AssumeRolePolicy: Trust(args.Location).Input(),
		Tags:             args.Tags.Map(),
	}, pulumi.Parent(f))
	if err != nil {
		return nil, nil, err
	}
	policy, err := iam.NewRolePolicy(ctx, name+"-grants", &iam.RolePolicyArgs{
		Name:   pulumi.String("grants"),
		Role:   role.Name,
		Policy: args.document().Input(),
	}, pulumi.Parent(f))
	return role, policy, err
}

// document gives what the role allows: what Lambda needs, what the requested
// parts need, and the grants.
func (a *Args) document() iampolicy.Document {
	doc := Service{Location: a.Location, LogGroup: LogGroupName(a.Name), VPC: a.VPC != nil}.Allow()
	doc = append(doc, a.records()...)
	doc = append(doc, a.failures()...)
	return append(doc, Statements(a.Grants)...)
}

// Trust gives the trust policy of an execution role: Lambda, for functions of
// the account.
func Trust(l location.Location) iampolicy.Document {
	return iampolicy.TrustService("lambda.amazonaws.com", iampolicy.Conditions{
		"StringEquals": {"aws:SourceAccount": {l.AccountID}},
	})
}

func (a *Args) function(role *iam.Role, group *cloudwatch.LogGroup) *lambda.FunctionArgs {
	args := &lambda.FunctionArgs{
		Name:                         pulumi.String(a.Name),
		Description:                  pulumi.String("Function " + a.Name),
		Role:                         role.Arn,
		Runtime:                      pulumi.String(a.Runtime),
		Handler:                      pulumi.String(a.Handler),
		CodeSigningConfigArn:         a.CodeSigningConfigARN,
		Layers:                       a.layers(),
		MemorySize:                   pulumi.Int(a.MemoryMB),
		Timeout:                      pulumi.Int(a.TimeoutSec),
		ReservedConcurrentExecutions: pulumi.Int(a.Concurrency),
		LoggingConfig:                a.logging(group),
		TracingConfig:                lambda.FunctionTracingConfigArgs{Mode: pulumi.String("Active")},
		Tags:                         a.Tags.Map(),
	}
	if a.Object != nil {
		args.S3Bucket, args.S3Key, args.S3ObjectVersion = a.Object.Source()
	} else {
		args.Code = pulumi.NewFileArchive(a.Archive)
	}
	if a.Architecture != "" {
		args.Architectures = pulumi.ToStringArray([]string{a.Architecture})
	}
	if a.Publish {
		args.Publish = pulumi.Bool(true)
	}
	if variables := a.variables(); len(variables) > 0 {
		args.Environment = lambda.FunctionEnvironmentArgs{Variables: pulumi.ToStringMap(variables)}
		args.KmsKeyArn = a.KeyARN
	}
	if a.VPC != nil {
		args.VpcConfig = lambda.FunctionVpcConfigArgs{SubnetIds: a.VPC.SubnetIDs, SecurityGroupIds: a.VPC.SecurityGroupIDs}
	}
	return args
}
