package identity

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cognito"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
)

// GroupArgs are the arguments of a tenant's group.
type GroupArgs struct {
	UserPoolID pulumi.StringInput // the pool's shared user pool; required
	TenantID   string             // the group's name; 1 to 128 characters
	// RoleARN is the role that an identity pool gives to the group's users by the
	// token's cognito:preferred_role. nil: the group gives none.
	RoleARN pulumi.StringPtrInput
}

// groupPattern is namePattern without the spaces, which CreateGroup refuses.
var groupPattern = regexp.MustCompile(`^[\w+=,.@-]+$`)

// NewTenantGroup registers the group that holds a pooled tenant's users. Its
// name is the tenant's id, so that a token's cognito:groups claim tells whose
// user it is. Every tenant's group has the same precedence: a user belongs to one
// tenant, so that no two groups ever compete. It is one resource, a part of the
// component that opts name as its parent. The error is CodeInvalid when an
// argument is wrong; nothing is registered then.
func NewTenantGroup(ctx *pulumi.Context, name string, args *GroupArgs, opts ...pulumi.ResourceOption) (*cognito.UserGroup, error) {
	if args == nil {
		args = &GroupArgs{}
	}
	c := check.New("identity", name)
	c.Name("TenantID", args.TenantID, maxName, groupPattern)
	c.Needs("UserPoolID", args.UserPoolID != nil, "the id of the pool's user pool")
	if err := c.Err(); err != nil {
		return nil, err
	}
	return cognito.NewUserGroup(ctx, name+"-group", &cognito.UserGroupArgs{
		UserPoolId:  args.UserPoolID,
		Name:        pulumi.String(args.TenantID),
		Description: pulumi.String("Users of tenant " + args.TenantID),
		Precedence:  pulumi.Int(groupPrecedence),
		RoleArn:     args.RoleARN,
	}, opts...)
}
