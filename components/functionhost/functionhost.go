// Package functionhost prepares the account where tenants' own code runs: the
// network of their functions, and the role through which the platform's runtime
// in the core account invokes them.
package functionhost

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/data"
	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/network"
	"github.com/tenantform/tenantform/components/tags"
)

var rolePattern = regexp.MustCompile(`^[\w+=,.@-]+$`)

// Args are the arguments of a Host.
type Args struct {
	Location location.Location // the account of tenants' functions
	Tags     tags.Required
	Name     string // begins the physical names; 1 to 40 characters
	// CIDRBlock is the network's range; see network.Args.
	CIDRBlock string
	// InvokerRole is the physical name of the role that may invoke functions;
	// 1 to 64 characters.
	InvokerRole string
	// CoreAccountID is the account of the platform's runtime, RuntimeRole the name
	// of its role there.
	CoreAccountID string
	RuntimeRole   string
}

// Host is the prepared account. Its network has no way out: no internet or NAT
// gateway and no endpoint.
type Host struct {
	pulumi.ResourceState

	VPCID          pulumi.StringOutput      `pulumi:"vpcId"`
	SubnetIDs      pulumi.StringArrayOutput `pulumi:"privateSubnetIds"`
	InvokerRoleARN pulumi.StringOutput      `pulumi:"invokerRoleArn"`
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Host, error) {
	if args == nil {
		args = &Args{}
	}
	core := location.Location{Environment: args.Location.Environment, Region: args.Location.Region, AccountID: args.CoreAccountID}
	c := check.New("functionhost", name)
	c.Within("Location", args.Location.Faults())
	c.Within("Tags", args.Tags.Faults())
	if args.Location.AccountID == args.CoreAccountID {
		c.Fault("CoreAccountID", args.CoreAccountID, "an account other than the one of tenants' functions")
	}
	c.Within("CoreAccountID", core.Faults())
	c.Name("InvokerRole", args.InvokerRole, 64, rolePattern)
	c.Name("RuntimeRole", args.RuntimeRole, 64, rolePattern)
	netArgs := &network.Args{Location: args.Location, Tags: args.Tags.ForService("network"), Name: args.Name, CIDRBlock: args.CIDRBlock}
	if err := c.Err(); err != nil {
		return nil, err
	}
	if err := netArgs.Validate(name + "-network"); err != nil {
		return nil, err
	}
	h := &Host{}
	if err := ctx.RegisterComponentResource("tenantform:functionhost:Host", name, h, opts...); err != nil {
		return nil, err
	}
	net, err := network.New(ctx, name+"-network", netArgs, pulumi.Parent(h))
	if err != nil {
		return nil, err
	}
	role, err := h.invoker(ctx, name, args, core)
	if err != nil {
		return nil, err
	}
	h.VPCID, h.SubnetIDs, h.InvokerRoleARN = net.VPCID, net.PrivateSubnetIDs, role.Arn
	if err := ctx.RegisterResourceOutputs(h, pulumi.Map{
		"vpcId": h.VPCID, "privateSubnetIds": h.SubnetIDs, "invokerRoleArn": h.InvokerRoleARN,
	}); err != nil {
		return nil, err
	}
	return h, nil
}

// invoker makes the role. The runtime assumes it with a session tag that names
// the tenant, and may then invoke the functions that carry the same tenant-id
// tag and no others. "ABAC for Lambda functions" in the Lambda Developer Guide
// describes the condition on tags.
func (h *Host) invoker(ctx *pulumi.Context, name string, args *Args, core location.Location) (*iam.Role, error) {
	requestTag := "aws:RequestTag/" + data.SessionTag
	trust := iampolicy.Document{{
		Sid:       "TheRuntimeForOneTenant",
		Effect:    iampolicy.Allow,
		Principal: &iampolicy.Principal{AWS: []string{core.RootARN()}},
		Actions:   []string{"sts:AssumeRole", "sts:TagSession"},
		Conditions: iampolicy.Conditions{
			"ArnEquals":                 {"aws:PrincipalArn": {core.RoleARN(args.RuntimeRole)}},
			"Null":                      {requestTag: {"false"}},
			"ForAllValues:StringEquals": {"aws:TagKeys": {data.SessionTag}},
		},
	}}
	role, err := iam.NewRole(ctx, name+"-invoker", &iam.RoleArgs{
		Name:             pulumi.String(args.InvokerRole),
		Description:      pulumi.String("Invokes a tenant's functions on behalf of the platform's runtime"),
		AssumeRolePolicy: trust.Input(),
		Tags:             args.Tags.Map(),
	}, pulumi.Parent(h))
	if err != nil {
		return nil, err
	}
	_, err = iam.NewRolePolicy(ctx, name+"-invoke", &iam.RolePolicyArgs{
		Name: pulumi.String("invoke-functions-of-the-tenant"),
		Role: role.Name,
		Policy: iampolicy.Document{{
			Sid:        "FunctionsOfTheSessionsTenant",
			Effect:     iampolicy.Allow,
			Actions:    []string{"lambda:InvokeFunction"},
			Resources:  []string{args.Location.ARN("lambda", "function:*")},
			Conditions: iampolicy.Conditions{"StringEquals": {"aws:ResourceTag/" + tags.KeyTenantID: {"${aws:PrincipalTag/" + data.SessionTag + "}"}}},
		}}.Input(),
	}, pulumi.Parent(h))
	return role, err
}
