package tenantfunction

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/internal/code"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

const (
	maxName  = 64  // of a function and of a role
	maxLayer = 140 // LayerName in the Lambda API Reference
)

var (
	namePattern  = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
	arnPattern   = regexp.MustCompile(`^arn:[a-z-]+:iam::[0-9]{12}:role/.+$`)
	notLayerName = regexp.MustCompile(`[^a-zA-Z0-9_-]+`)
)

// Args are the arguments of a TenantFunction.
type Args struct {
	Location location.Location // the account of tenants' functions, not the core's
	Tags     tags.Required
	Name     string // physical name of the function, its role and security group; 1 to 64 characters
	Runtime  string // one of function.Runtimes
	Handler  string // as the runtime names it; 1 to 128 characters
	Archive  string // path of a zip file or a directory with the tenant's code
	// Layers are paths of zip files or directories with vendor code, at most 5; a
	// layer version is made of each.
	Layers []string
	// Grants are the AWS permissions of the tenant's code. None, the default,
	// denies it everything. Whether a grant may be given is for policy to say.
	Grants []tenants.Grant

	MemoryMB    int // 128 to 10240
	TimeoutSec  int // 1 to 900
	Concurrency int // reserved concurrent executions; 1 or more
	// LogRetentionDays is how long the log is kept; a value that CloudWatch Logs
	// accepts.
	LogRetentionDays int

	VPCID     pulumi.StringInput      // the network of tenants' functions; required
	SubnetIDs pulumi.StringArrayInput // its private subnets; required
	// InvokerRoleARN is the role that may invoke the function; nobody else may.
	InvokerRoleARN string
}

// TenantFunction is a function with its role, security group, layers, log group
// and the permission to invoke it.
type TenantFunction struct {
	pulumi.ResourceState

	Name     pulumi.StringOutput `pulumi:"name"`
	ARN      pulumi.StringOutput `pulumi:"arn"`
	RoleARN  pulumi.StringOutput `pulumi:"roleArn"`
	LogGroup pulumi.StringOutput `pulumi:"logGroup"`
}

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
		RetentionInDays: pulumi.Int(args.LogRetentionDays),
		Tags:            args.Tags.Map(),
	}, pulumi.Parent(f))
	if err != nil {
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
	made, err := lambda.NewFunction(ctx, name+"-function", &lambda.FunctionArgs{
		Name:                         pulumi.String(args.Name),
		Description:                  pulumi.String("Code of tenant " + args.Tags.TenantID),
		Role:                         role.Arn,
		Runtime:                      pulumi.String(args.Runtime),
		Handler:                      pulumi.String(args.Handler),
		Code:                         pulumi.NewFileArchive(args.Archive),
		Layers:                       layers,
		MemorySize:                   pulumi.Int(args.MemoryMB),
		Timeout:                      pulumi.Int(args.TimeoutSec),
		ReservedConcurrentExecutions: pulumi.Int(args.Concurrency),
		LoggingConfig:                function.JSONLogs(group),
		TracingConfig:                lambda.FunctionTracingConfigArgs{Mode: pulumi.String("Active")},
		VpcConfig: lambda.FunctionVpcConfigArgs{
			SubnetIds:        args.SubnetIDs,
			SecurityGroupIds: pulumi.StringArray{closed.ID()},
		},
		Tags: args.Tags.Map(),
	}, pulumi.Parent(f), pulumi.DependsOn([]pulumi.Resource{policy, group}))
	if err != nil {
		return nil, err
	}
	if _, err := lambda.NewPermission(ctx, name+"-invoker", &lambda.PermissionArgs{
		StatementId: pulumi.String("platform-invoker"),
		Action:      pulumi.String("lambda:InvokeFunction"),
		Function:    made.Name,
		Principal:   pulumi.String(args.InvokerRoleARN),
	}, pulumi.Parent(f)); err != nil {
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

func (a *Args) validate(name string) error {
	c := check.New("tenantfunction", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	code.Check(c, code.Code{Runtime: a.Runtime, Handler: a.Handler, Archive: a.Archive})
	c.Between("Layers", len(a.Layers), 0, function.MaxLayers, "layers")
	seen := map[string]string{}
	for _, path := range a.Layers {
		code.CheckArchive(c, "Layers", path)
		key := layerKey(path)
		if first, ok := seen[key]; ok {
			c.Fault("Layers", path, "file names that differ; "+first+" has the same")
		}
		seen[key] = path
		c.Name("Layers", a.layerName(path), maxLayer, namePattern)
	}
	c.Between("MemoryMB", a.MemoryMB, function.MinMemoryMB, function.MaxMemoryMB, "MB")
	c.Between("TimeoutSec", a.TimeoutSec, 1, function.MaxTimeoutSec, "seconds")
	c.Positive("Concurrency", float64(a.Concurrency))
	c.Retention("LogRetentionDays", a.LogRetentionDays)
	for _, g := range a.Grants {
		c.Needs("Grants.Actions", len(g.Actions) > 0, "actions such as dynamodb:GetItem")
		c.Needs("Grants.Resources", len(g.Resources) > 0, "ARNs of resources")
	}
	c.Needs("VPCID", a.VPCID != nil, "the id of the VPC of tenants' functions")
	c.Needs("SubnetIDs", a.SubnetIDs != nil, "ids of private subnets")
	if !arnPattern.MatchString(a.InvokerRoleARN) {
		c.Fault("InvokerRoleARN", a.InvokerRoleARN, "the ARN of a role")
	}
	return c.Err()
}

func (f *TenantFunction) role(ctx *pulumi.Context, name string, args *Args) (*iam.Role, *iam.RolePolicy, error) {
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Name:             pulumi.String(args.Name),
		Description:      pulumi.String("Execution role of " + args.Name + ", code of tenant " + args.Tags.TenantID),
		AssumeRolePolicy: function.Trust(args.Location).Input(),
		Tags:             args.Tags.Map(),
	}, pulumi.Parent(f))
	if err != nil {
		return nil, nil, err
	}
	policyName, doc := args.document()
	policy, err := iam.NewRolePolicy(ctx, name+"-"+policyName, &iam.RolePolicyArgs{
		Name:   pulumi.String(policyName),
		Role:   role.Name,
		Policy: doc.Input(),
	}, pulumi.Parent(f))
	return role, policy, err
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

func (f *TenantFunction) layers(ctx *pulumi.Context, name string, args *Args) (pulumi.StringArray, error) {
	arns := pulumi.StringArray{}
	for _, path := range args.Layers {
		layer, err := lambda.NewLayerVersion(ctx, fmt.Sprintf("%s-layer-%s", name, layerKey(path)), &lambda.LayerVersionArgs{
			LayerName:          pulumi.String(args.layerName(path)),
			Description:        pulumi.String("Vendor code of " + args.Name),
			Code:               pulumi.NewFileArchive(path),
			CompatibleRuntimes: pulumi.ToStringArray([]string{args.Runtime}),
		}, pulumi.Parent(f))
		if err != nil {
			return nil, err
		}
		arns = append(arns, layer.Arn)
	}
	return arns, nil
}

func (a *Args) layerName(path string) string { return a.Name + "-" + layerKey(path) }

// layerKey names a layer by its file, "numpy" for "layers/numpy.zip".
func layerKey(path string) string {
	base := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	return strings.Trim(strings.ToLower(notLayerName.ReplaceAllString(base, "-")), "-")
}
