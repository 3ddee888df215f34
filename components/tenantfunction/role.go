package tenantfunction

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/iampolicy"
)

// The names of the one inline policy of an execution role.
const (
	PolicyDenyAll = "deny-all" // the code has no grants
	PolicyGrants  = "grants"   // the code has some
)

// BoundaryName gives the name of the permissions boundary of a function with
// grants.
func BoundaryName(function string) string { return function + "-boundary" }

func (f *TenantFunction) role(ctx *pulumi.Context, name string, args *Args) (*iam.Role, *iam.RolePolicy, error) {
	about := args.Name + ", code of tenant " + args.Tags.TenantID
	want := &iam.RoleArgs{
		Name:             pulumi.String(args.Name),
		Description:      pulumi.String("Execution role of " + about),
		AssumeRolePolicy: function.Trust(args.Location).Input(),
		Tags:             args.Tags.Map(),
	}
	if len(args.Grants) > 0 {
		boundary, err := iam.NewPolicy(ctx, name+"-boundary", &iam.PolicyArgs{
			Name:        pulumi.String(BoundaryName(args.Name)),
			Description: pulumi.String("The most that the role can do of " + about),
			Policy:      args.boundary().Input(),
			Tags:        args.Tags.Map(),
		}, pulumi.Parent(f))
		if err != nil {
			return nil, nil, err
		}
		want.PermissionsBoundary = boundary.Arn.ToStringPtrOutput()
	}
	role, err := iam.NewRole(ctx, name+"-role", want, pulumi.Parent(f))
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

// document gives the role's one policy. Without grants it denies every action
// on every resource except those that Lambda itself performs with the role, and
// denies the code those of them that reach the network; see the package's
// documentation. With grants it allows these and denies nothing but that.
func (a *Args) document() (string, iampolicy.Document) {
	if len(a.Grants) > 0 {
		return PolicyGrants, a.granted()
	}
	deny := iampolicy.Statement{
		Sid:        "DenyAllButLambdaItself",
		Effect:     iampolicy.Deny,
		NotActions: a.service().Actions(),
		Resources:  []string{"*"},
	}
	return PolicyDenyAll, append(iampolicy.Document{deny}, a.service().Allow()...)
}

func (a *Args) service() function.Service {
	return function.Service{Location: a.Location, LogGroup: function.LogGroupName(a.Name), VPC: true}
}

// granted gives what Lambda needs and what was granted.
func (a *Args) granted() iampolicy.Document {
	return append(a.service().Allow(), function.Statements(a.Grants)...)
}

func (a *Args) boundary() iampolicy.Document { return iampolicy.Boundary(a.granted()) }
