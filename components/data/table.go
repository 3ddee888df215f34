// Package data makes the DynamoDB table of a silo or a pool, and the role
// through which one tenant of a pool reaches its own items and no others.
package data

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// The attributes of a table's key. In a pool the partition key is the tenant's
// id and nothing else: that is what a tenant's role is bound to.
const (
	PartitionKey = "pk"
	SortKey      = "sk"
)

// recoveryDays is how far back a table can be restored: the most that
// DynamoDB offers, at no other price than a shorter period.
const recoveryDays = 35

// tablePattern is DynamoDB's rule for the names of tables, 3 to 255 characters;
// see "Naming rules" in the DynamoDB Developer Guide.
var tablePattern = regexp.MustCompile(`^[a-zA-Z0-9_.-]{3,}$`)

// TableArgs are the arguments of a Table.
type TableArgs struct {
	Location location.Location
	Tags     tags.Required
	Name     string                // physical name; 3 to 255 characters
	KeyARN   pulumi.StringPtrInput // the customer managed key that encrypts it; required
	// DeletionProtection makes AWS refuse the table's deletion.
	DeletionProtection bool
}

// Table is an on-demand table with a partition and a sort key of text,
// encrypted with a customer managed key, restorable to any second of the last
// 35 days, and with a stream of old and new images for copies and moves.
type Table struct {
	pulumi.ResourceState

	Name      pulumi.StringOutput `pulumi:"name"`
	ARN       pulumi.StringOutput `pulumi:"arn"`
	StreamARN pulumi.StringOutput `pulumi:"streamArn"`
}

// NewTable registers the component. The error is CodeInvalid when an argument
// is wrong; nothing is registered then.
func NewTable(ctx *pulumi.Context, name string, args *TableArgs, opts ...pulumi.ResourceOption) (*Table, error) {
	if args == nil {
		args = &TableArgs{}
	}
	c := check.New("data", name)
	c.Within("Location", args.Location.Faults())
	c.Within("Tags", args.Tags.Faults())
	c.Name("Name", args.Name, 255, tablePattern)
	c.Needs("KeyARN", args.KeyARN != nil, "the ARN of a customer managed key")
	if err := c.Err(); err != nil {
		return nil, err
	}
	t := &Table{}
	if err := ctx.RegisterComponentResource("tenantform:data:Table", name, t, opts...); err != nil {
		return nil, err
	}
	table, err := dynamodb.NewTable(ctx, name+"-table", &dynamodb.TableArgs{
		Name:        pulumi.String(args.Name),
		BillingMode: pulumi.String("PAY_PER_REQUEST"),
		HashKey:     pulumi.String(PartitionKey),
		RangeKey:    pulumi.String(SortKey),
		Attributes: dynamodb.TableAttributeArray{
			dynamodb.TableAttributeArgs{Name: pulumi.String(PartitionKey), Type: pulumi.String("S")},
			dynamodb.TableAttributeArgs{Name: pulumi.String(SortKey), Type: pulumi.String("S")},
		},
		PointInTimeRecovery: dynamodb.TablePointInTimeRecoveryArgs{
			Enabled: pulumi.Bool(true), RecoveryPeriodInDays: pulumi.Int(recoveryDays),
		},
		ServerSideEncryption:      dynamodb.TableServerSideEncryptionArgs{Enabled: pulumi.Bool(true), KmsKeyArn: args.KeyARN},
		StreamEnabled:             pulumi.Bool(true),
		StreamViewType:            pulumi.String("NEW_AND_OLD_IMAGES"),
		DeletionProtectionEnabled: pulumi.Bool(args.DeletionProtection),
		Tags:                      args.Tags.Map(),
	}, pulumi.Parent(t))
	if err != nil {
		return nil, err
	}
	t.Name, t.ARN, t.StreamARN = table.Name, table.Arn, table.StreamArn
	if err := ctx.RegisterResourceOutputs(t, pulumi.Map{"name": t.Name, "arn": t.ARN, "streamArn": t.StreamARN}); err != nil {
		return nil, err
	}
	return t, nil
}
