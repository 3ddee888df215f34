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

const maxTableName = 255

// Stream is what a table's stream holds of each changed item, for 24 hours.
type Stream string

// The values. A move copies a table while it is in use from a stream of new and
// old images, which is why the zero value means that one.
const (
	StreamNewAndOldImages Stream = "NEW_AND_OLD_IMAGES"
	StreamNewImage        Stream = "NEW_IMAGE"
	StreamOldImage        Stream = "OLD_IMAGE"
	StreamKeysOnly        Stream = "KEYS_ONLY"
	StreamNone            Stream = "NONE" // there is no stream
)

// TableArgs are the arguments of a Table.
type TableArgs struct {
	Location location.Location
	Tags     tags.Required
	Name     string                // physical name; 3 to 255 characters
	KeyARN   pulumi.StringPtrInput // the customer managed key that encrypts it; required
	// DeletionProtection makes AWS refuse the table's deletion. In production it is on
	// also where this is false.
	DeletionProtection bool
	// Released switches the protection off whatever else says, so that it can be
	// taken away.
	Released bool
	// Stream is what the table's stream holds of a changed item.
	// StreamNewAndOldImages when empty.
	Stream Stream
	// TTLAttribute is the attribute with the second, since 1970 and as a number, after
	// which an item may be deleted; 1 to 255 characters. Empty leaves expiry as it
	// is: off in a new table.
	TTLAttribute string
	// Indexes let a tenant's items be queried in another order; at most 20.
	Indexes []Index
}

// Table is an on-demand table with a partition and a sort key of text,
// encrypted with a customer managed key, restorable to any second of the last
// 35 days, and with a stream of its changes for copies and moves.
type Table struct {
	pulumi.ResourceState

	Name      pulumi.StringOutput `pulumi:"name"`
	ARN       pulumi.StringOutput `pulumi:"arn"`
	StreamARN pulumi.StringOutput `pulumi:"streamArn"` // empty with StreamNone
}

// NewTable registers the component. The error is CodeInvalid when an argument
// is wrong; nothing is registered then.
func NewTable(ctx *pulumi.Context, name string, args *TableArgs, opts ...pulumi.ResourceOption) (*Table, error) {
	if args == nil {
		args = &TableArgs{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	t := &Table{}
	if err := ctx.RegisterComponentResource("tenantform:data:Table", name, t, opts...); err != nil {
		return nil, err
	}
	table, err := dynamodb.NewTable(ctx, name+"-table", args.table(), pulumi.Parent(t))
	if err != nil {
		return nil, err
	}
	t.Name, t.ARN, t.StreamARN = table.Name, table.Arn, table.StreamArn
	if err := ctx.RegisterResourceOutputs(t, pulumi.Map{"name": t.Name, "arn": t.ARN, "streamArn": t.StreamARN}); err != nil {
		return nil, err
	}
	return t, nil
}

// Validate checks the arguments as NewTable does, for a component that is made
// of a table and wants to refuse them before it registers anything.
func (a *TableArgs) Validate(name string) error {
	c := check.New("data", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxTableName, tablePattern)
	c.Needs("KeyARN", a.KeyARN != nil, "the ARN of a customer managed key")
	c.OneOf("Stream", string(a.stream()), string(StreamNewAndOldImages), string(StreamNewImage), string(StreamOldImage), string(StreamKeysOnly), string(StreamNone))
	if a.TTLAttribute != "" {
		checkAttribute(c, "TTLAttribute", a.TTLAttribute)
	}
	a.checkIndexes(c)
	return c.Err()
}

func (a *TableArgs) stream() Stream {
	if a.Stream == "" {
		return StreamNewAndOldImages
	}
	return a.Stream
}

func (a *TableArgs) table() *dynamodb.TableArgs {
	table := &dynamodb.TableArgs{
		Name:                   pulumi.String(a.Name),
		BillingMode:            pulumi.String("PAY_PER_REQUEST"),
		HashKey:                pulumi.String(PartitionKey),
		RangeKey:               pulumi.String(SortKey),
		Attributes:             a.attributes(),
		GlobalSecondaryIndexes: a.indexes(),
		PointInTimeRecovery: dynamodb.TablePointInTimeRecoveryArgs{
			Enabled: pulumi.Bool(true), RecoveryPeriodInDays: pulumi.Int(recoveryDays),
		},
		ServerSideEncryption:      dynamodb.TableServerSideEncryptionArgs{Enabled: pulumi.Bool(true), KmsKeyArn: a.KeyARN},
		StreamEnabled:             pulumi.Bool(a.stream() != StreamNone),
		DeletionProtectionEnabled: pulumi.Bool(!a.Released && (a.DeletionProtection || a.Location.Production())),
		Tags:                      a.Tags.Map(),
	}
	if a.stream() != StreamNone {
		table.StreamViewType = pulumi.String(string(a.stream()))
	}
	if a.TTLAttribute != "" {
		table.Ttl = dynamodb.TableTtlArgs{Enabled: pulumi.Bool(true), AttributeName: pulumi.String(a.TTLAttribute)}
	}
	return table
}
