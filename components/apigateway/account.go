package apigateway

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigateway"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

var rolePattern = regexp.MustCompile(`^[\w+=,.@-]+$`)

// AccountArgs are the arguments of an AccountLogging.
type AccountArgs struct {
	Location location.Location
	Tags     tags.Required
	RoleName string // physical name; 1 to 64 characters
}

// AccountLogging lets API Gateway write logs. The setting exists once an account
// and region; no API there can log without it. See "Set up CloudWatch logging
// for REST APIs" in the API Gateway Developer Guide.
type AccountLogging struct {
	pulumi.ResourceState

	RoleARN pulumi.StringOutput `pulumi:"roleArn"`
}

// NewAccountLogging registers the component. The error is CodeInvalid when an
// argument is wrong; nothing is registered then.
func NewAccountLogging(ctx *pulumi.Context, name string, args *AccountArgs, opts ...pulumi.ResourceOption) (*AccountLogging, error) {
	if args == nil {
		args = &AccountArgs{}
	}
	c := check.New("apigateway", name)
	c.Within("Location", args.Location.Faults())
	c.Within("Tags", args.Tags.Faults())
	c.Name("RoleName", args.RoleName, 64, rolePattern)
	if err := c.Err(); err != nil {
		return nil, err
	}
	l := &AccountLogging{}
	if err := ctx.RegisterComponentResource("tenantform:apigateway:AccountLogging", name, l, opts...); err != nil {
		return nil, err
	}
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Name:             pulumi.String(args.RoleName),
		Description:      pulumi.String("Writes the logs of API Gateway"),
		AssumeRolePolicy: iampolicy.TrustService("apigateway.amazonaws.com", nil).Input(),
		Tags:             args.Tags.Map(),
	}, pulumi.Parent(l))
	if err != nil {
		return nil, err
	}
	// The actions and the resource are those that the Developer Guide asks for:
	// the service names the groups of execution logs itself.
	grant, err := iam.NewRolePolicy(ctx, name+"-logs", &iam.RolePolicyArgs{
		Name: pulumi.String("write-logs"),
		Role: role.Name,
		Policy: iampolicy.Document{{
			Sid:    "LogsOfAPIGateway",
			Effect: iampolicy.Allow,
			Actions: []string{
				"logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams",
				"logs:FilterLogEvents", "logs:GetLogEvents", "logs:PutLogEvents",
			},
			Resources: []string{"*"},
		}}.Input(),
	}, pulumi.Parent(l))
	if err != nil {
		return nil, err
	}
	if _, err := apigateway.NewAccount(ctx, name+"-account", &apigateway.AccountArgs{
		CloudwatchRoleArn: role.Arn,
	}, pulumi.Parent(l), depend.On(grant)); err != nil {
		return nil, err
	}
	l.RoleARN = role.Arn
	if err := ctx.RegisterResourceOutputs(l, pulumi.Map{"roleArn": l.RoleARN}); err != nil {
		return nil, err
	}
	return l, nil
}
