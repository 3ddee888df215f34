package data

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// SessionTag is the session tag that names the tenant for whom a role is
// assumed. A role of one tenant refuses a session that carries another's.
const SessionTag = "TenantID"

// maxRoleName is IAM's limit; see "IAM and AWS STS quotas".
const maxRoleName = 64

var (
	rolePattern   = regexp.MustCompile(`^[\w+=,.@-]+$`)
	tenantPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
)

// AccessArgs are the arguments of a TenantAccess.
type AccessArgs struct {
	Location location.Location
	Tags     tags.Required
	TenantID string // the value of the partition key of the tenant's items
	RoleName string // physical name; 1 to 64 characters
	Table    string // physical name of the pool's table, in the same account and region
	// KeyARN is the key that encrypts the table; required.
	KeyARN pulumi.StringInput
	// RuntimeRole is the name of the role of the account, the application's,
	// that may assume this one on behalf of the tenant; 1 to 64 characters.
	RuntimeRole string
}

// TenantAccess is the role through which the application works for one tenant
// of a pool. DynamoDB lets it touch only items whose partition key is the
// tenant's id; it cannot scan. "Using IAM policy conditions for fine-grained
// access control" in the DynamoDB Developer Guide describes the condition.
type TenantAccess struct {
	pulumi.ResourceState

	RoleARN pulumi.StringOutput `pulumi:"roleArn"`
}

// NewTenantAccess registers the component. The error is CodeInvalid when an
// argument is wrong; nothing is registered then.
func NewTenantAccess(ctx *pulumi.Context, name string, args *AccessArgs, opts ...pulumi.ResourceOption) (*TenantAccess, error) {
	if args == nil {
		args = &AccessArgs{}
	}
	c := check.New("data", name)
	c.Within("Location", args.Location.Faults())
	c.Within("Tags", args.Tags.Faults())
	c.Name("TenantID", args.TenantID, 64, tenantPattern)
	c.Name("RoleName", args.RoleName, maxRoleName, rolePattern)
	c.Name("Table", args.Table, 255, tablePattern)
	c.Name("RuntimeRole", args.RuntimeRole, maxRoleName, rolePattern)
	c.Needs("KeyARN", args.KeyARN != nil, "the ARN of the table's key")
	if err := c.Err(); err != nil {
		return nil, err
	}
	a := &TenantAccess{}
	if err := ctx.RegisterComponentResource("tenantform:data:TenantAccess", name, a, opts...); err != nil {
		return nil, err
	}
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Name:             pulumi.String(args.RoleName),
		Description:      pulumi.String("Access to the items of tenant " + args.TenantID + " in table " + args.Table),
		AssumeRolePolicy: args.trust().Input(),
		Tags:             args.Tags.Map(),
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	policy := args.KeyARN.ToStringOutput().ApplyT(func(key string) string {
		return args.grants(key).String()
	}).(pulumi.StringOutput)
	if _, err := iam.NewRolePolicy(ctx, name+"-items", &iam.RolePolicyArgs{
		Name:   pulumi.String("own-items"),
		Role:   role.Name,
		Policy: policy,
	}, pulumi.Parent(a)); err != nil {
		return nil, err
	}
	a.RoleARN = role.Arn
	if err := ctx.RegisterResourceOutputs(a, pulumi.Map{"roleArn": a.RoleARN}); err != nil {
		return nil, err
	}
	return a, nil
}

// trust lets the application's role in, and only with a session that names the
// tenant. The principal is the account with a condition on the role, because a
// role that does not exist yet is no valid principal.
func (a *AccessArgs) trust() iampolicy.Document {
	return iampolicy.Document{{
		Sid:       "TheApplicationForThisTenant",
		Effect:    iampolicy.Allow,
		Principal: &iampolicy.Principal{AWS: []string{a.Location.RootARN()}},
		Actions:   []string{"sts:AssumeRole", "sts:TagSession"},
		Conditions: iampolicy.Conditions{
			"ArnEquals":    {"aws:PrincipalArn": {a.Location.RoleARN(a.RuntimeRole)}},
			"StringEquals": {"aws:RequestTag/" + SessionTag: {a.TenantID}},
		},
	}}
}

// grants are the reads and writes of single items and of queries. ForAllValues
// holds for a request without a key, so that the Null guard is needed with it.
func (a *AccessArgs) grants(keyARN string) iampolicy.Document {
	return iampolicy.Document{
		{
			Sid:    "OwnItemsOnly",
			Effect: iampolicy.Allow,
			Actions: []string{
				"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
				"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
			},
			Resources: []string{a.Location.ARN("dynamodb", "table/"+a.Table)},
			Conditions: iampolicy.Conditions{
				"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": {a.TenantID}},
				"Null":                      {"dynamodb:LeadingKeys": {"false"}},
			},
		},
		{
			Sid:       "KeyOfTheTableThroughDynamoDB",
			Effect:    iampolicy.Allow,
			Actions:   []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"},
			Resources: []string{keyARN},
			Conditions: iampolicy.Conditions{
				"StringEquals": {"kms:ViaService": {"dynamodb." + a.Location.Region + ".amazonaws.com"}},
			},
		},
	}
}
