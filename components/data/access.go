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
	// Indexes are the names of the table's indexes that the role may query; at most
	// 20. An index made by NewTable has the tenant's id as its partition key too.
	Indexes []string
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
	if err := args.Validate(name); err != nil {
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

// Validate checks the arguments as NewTenantAccess does, for a component that is
// made of it and wants to refuse them before it registers anything.
func (a *AccessArgs) Validate(name string) error {
	c := check.New("data", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("TenantID", a.TenantID, 64, tenantPattern)
	c.Name("RoleName", a.RoleName, maxRoleName, rolePattern)
	c.Name("Table", a.Table, maxTableName, tablePattern)
	c.Name("RuntimeRole", a.RuntimeRole, maxRoleName, rolePattern)
	c.Needs("KeyARN", a.KeyARN != nil, "the ARN of the table's key")
	c.Between("Indexes", len(a.Indexes), 0, maxIndexes, "indexes")
	for _, index := range a.Indexes {
		c.Name("Indexes", index, maxTableName, tablePattern)
	}
	return c.Err()
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

// grants are the reads and writes of single items and of queries, and none that
// names no key: no Scan, no statement of PartiQL.
func (a *AccessArgs) grants(keyARN string) iampolicy.Document {
	table := a.Location.ARN("dynamodb", "table/"+a.Table)
	doc := iampolicy.Document{{
		Sid:    "OwnItemsOnly",
		Effect: iampolicy.Allow,
		Actions: []string{
			"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem",
			"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
		},
		Resources:  []string{table},
		Conditions: a.ownKeys(),
	}}
	if len(a.Indexes) > 0 {
		indexes := make([]string, len(a.Indexes))
		for i, name := range a.Indexes {
			indexes[i] = table + "/index/" + name
		}
		doc = append(doc, iampolicy.Statement{
			Sid:        "OwnItemsOfIndexesOnly",
			Effect:     iampolicy.Allow,
			Actions:    []string{"dynamodb:Query"},
			Resources:  indexes,
			Conditions: a.ownKeys(),
		})
	}
	return append(doc, iampolicy.Statement{
		Sid:       "KeyOfTheTableThroughDynamoDB",
		Effect:    iampolicy.Allow,
		Actions:   []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"},
		Resources: []string{keyARN},
		Conditions: iampolicy.Conditions{
			"StringEquals": {"kms:ViaService": {"dynamodb." + a.Location.Region + ".amazonaws.com"}},
		},
	})
}

// ownKeys holds when every partition key of a request is the tenant's id.
// ForAllValues holds for a request without a key too, so that the Null guard is
// needed with it.
func (a *AccessArgs) ownKeys() iampolicy.Conditions {
	return iampolicy.Conditions{
		"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": {a.TenantID}},
		"Null":                      {"dynamodb:LeadingKeys": {"false"}},
	}
}
