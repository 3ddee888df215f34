// Package function makes a Lambda function of the platform's own: JSON logs in
// a log group with retention, active tracing, a role made of named grants,
// reserved concurrency.
package function

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/internal/code"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

var namePattern = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

const (
	productionRetentionDays = 365
	otherRetentionDays      = 30
)

// Args are the arguments of a Function.
type Args struct {
	Location location.Location
	Tags     tags.Required
	Name     string // physical name of the function and its role; 1 to 64 characters
	Runtime  string // one of Runtimes
	Handler  string // as the runtime names it; 1 to 128 characters
	Archive  string // path of a zip file or a directory
	// Layers are ARNs of layer versions; at most 5.
	Layers     pulumi.StringArray
	MemoryMB   int // 128 to 10240
	TimeoutSec int // 1 to 900
	// Concurrency is the most executions at once, kept free for the function;
	// 1 or more.
	Concurrency int
	// Environment are variables of the code; no secrets. KeyARN encrypts them and
	// is required when there are any.
	Environment map[string]string
	KeyARN      pulumi.StringPtrInput
	// Grants are the AWS permissions of the code. A wildcard is refused.
	Grants []tenants.Grant
	// VPC attaches the function to a network; nil leaves it outside.
	VPC *VPC
	// LogRetentionDays is how long the log is kept; a value that CloudWatch Logs
	// accepts. 0 means 365 in production and 30 elsewhere.
	LogRetentionDays int
	LogKeyARN        pulumi.StringPtrInput // the key that encrypts the log; nil: CloudWatch's own
}

// VPC is where in a network a function is. Both are required.
type VPC struct {
	SubnetIDs        pulumi.StringArrayInput
	SecurityGroupIDs pulumi.StringArrayInput
}

// Function is a Lambda function with its role and log group.
type Function struct {
	pulumi.ResourceState

	Name     pulumi.StringOutput `pulumi:"name"`
	ARN      pulumi.StringOutput `pulumi:"arn"`
	RoleARN  pulumi.StringOutput `pulumi:"roleArn"`
	LogGroup pulumi.StringOutput `pulumi:"logGroup"`
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
	f := &Function{}
	if err := ctx.RegisterComponentResource("tenantform:function:Function", name, f, opts...); err != nil {
		return nil, err
	}
	days := args.LogRetentionDays
	switch {
	case days != 0:
	case args.Location.Production():
		days = productionRetentionDays
	default:
		days = otherRetentionDays
	}
	group, err := cloudwatch.NewLogGroup(ctx, name+"-logs", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(LogGroupName(args.Name)),
		RetentionInDays: pulumi.Int(days),
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
	made, err := lambda.NewFunction(ctx, name+"-function", args.function(role, group),
		pulumi.Parent(f), pulumi.DependsOn([]pulumi.Resource{grant, group}))
	if err != nil {
		return nil, err
	}
	f.Name, f.ARN, f.RoleARN, f.LogGroup = made.Name, made.Arn, role.Arn, group.Name
	if err := ctx.RegisterResourceOutputs(f, pulumi.Map{
		"name": f.Name, "arn": f.ARN, "roleArn": f.RoleARN, "logGroup": f.LogGroup,
	}); err != nil {
		return nil, err
	}
	return f, nil
}

// LogGroupName gives the name of a function's log group, as Lambda would name it.
func LogGroupName(function string) string { return "/aws/lambda/" + function }

// Validate checks the arguments as New does, for a component that is made of a
// function and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error { return a.validate(name) }

func (a *Args) validate(name string) error {
	c := check.New("function", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	code.Check(c, code.Code{Runtime: a.Runtime, Handler: a.Handler, Archive: a.Archive})
	c.Between("MemoryMB", a.MemoryMB, MinMemoryMB, MaxMemoryMB, "MB")
	c.Between("TimeoutSec", a.TimeoutSec, 1, MaxTimeoutSec, "seconds")
	c.Positive("Concurrency", float64(a.Concurrency))
	c.Between("Layers", len(a.Layers), 0, MaxLayers, "layers")
	c.Needs("KeyARN", a.KeyARN != nil || len(a.Environment) == 0, "the ARN of the key that encrypts Environment")
	if a.VPC != nil {
		c.Needs("VPC.SubnetIDs", a.VPC.SubnetIDs != nil, "ids of private subnets")
		c.Needs("VPC.SecurityGroupIDs", a.VPC.SecurityGroupIDs != nil, "ids of security groups")
	}
	if a.LogRetentionDays != 0 {
		c.Retention("LogRetentionDays", a.LogRetentionDays)
	}
	checkGrants(c, a.Grants)
	return c.Err()
}

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
	doc := Service{Location: args.Location, LogGroup: LogGroupName(args.Name), VPC: args.VPC != nil}.Allow()
	policy, err := iam.NewRolePolicy(ctx, name+"-grants", &iam.RolePolicyArgs{
		Name:   pulumi.String("grants"),
		Role:   role.Name,
		Policy: append(doc, Statements(args.Grants)...).Input(),
	}, pulumi.Parent(f))
	return role, policy, err
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
		Code:                         pulumi.NewFileArchive(a.Archive),
		Layers:                       a.Layers,
		MemorySize:                   pulumi.Int(a.MemoryMB),
		Timeout:                      pulumi.Int(a.TimeoutSec),
		ReservedConcurrentExecutions: pulumi.Int(a.Concurrency),
		LoggingConfig:                JSONLogs(group),
		TracingConfig:                lambda.FunctionTracingConfigArgs{Mode: pulumi.String("Active")},
		Tags:                         a.Tags.Map(),
	}
	if len(a.Environment) > 0 {
		args.Environment = lambda.FunctionEnvironmentArgs{Variables: pulumi.ToStringMap(a.Environment)}
		args.KmsKeyArn = a.KeyARN
	}
	if a.VPC != nil {
		args.VpcConfig = lambda.FunctionVpcConfigArgs{SubnetIds: a.VPC.SubnetIDs, SecurityGroupIds: a.VPC.SecurityGroupIDs}
	}
	return args
}

// JSONLogs is the logging of a function: one JSON object a line, in its group.
func JSONLogs(group *cloudwatch.LogGroup) lambda.FunctionLoggingConfigArgs {
	return lambda.FunctionLoggingConfigArgs{
		LogFormat:           pulumi.String("JSON"),
		LogGroup:            group.Name,
		ApplicationLogLevel: pulumi.String("INFO"),
		SystemLogLevel:      pulumi.String("INFO"),
	}
}
