package function

import (
	"cmp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/iampolicy"
)

// EnvIdempotencyTable is the variable with the name of the table. Powertools
// takes the name from the code and reads no variable of its own; this is the one
// that its examples use.
const EnvIdempotencyTable = "IDEMPOTENCY_TABLE"

// The attributes that Powertools' DynamoDBPersistenceLayer uses unless the code
// says otherwise; see the page "Idempotency" of Powertools for AWS Lambda.
const (
	idempotencyKey    = "id"
	idempotencyExpiry = "expiration"
)

// idempotencyActions are what the same page lists as required.
var idempotencyActions = []string{"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}

// recoveryDays is the most that DynamoDB offers.
const recoveryDays = 35

// Idempotency is a table in which the code remembers which events it has
// processed, and what came of them, so that an event that comes twice has one
// effect. The table is on demand, encrypted with the function's KeyARN,
// restorable, and forgets a record when its time to live is over. In production
// it is protected against deletion.
type Idempotency struct {
	// Table is the physical name; 3 to 255 letters, digits, "_", "-" and ".".
	// Empty: the function's name and "-idempotency".
	Table string
	// Discard lets the table be deleted in production too.
	Discard bool
}

func (i *Idempotency) table(function string) string { return cmp.Or(i.Table, function+"-idempotency") }

func (f *Function) idempotency(ctx *pulumi.Context, name string, args *Args) (*dynamodb.Table, error) {
	return dynamodb.NewTable(ctx, name+"-idempotency", &dynamodb.TableArgs{
		Name:        pulumi.String(args.Idempotency.table(args.Name)),
		BillingMode: pulumi.String("PAY_PER_REQUEST"),
		HashKey:     pulumi.String(idempotencyKey),
		Attributes: dynamodb.TableAttributeArray{
			dynamodb.TableAttributeArgs{Name: pulumi.String(idempotencyKey), Type: pulumi.String("S")},
		},
		Ttl: dynamodb.TableTtlArgs{AttributeName: pulumi.String(idempotencyExpiry), Enabled: pulumi.Bool(true)},
		PointInTimeRecovery: dynamodb.TablePointInTimeRecoveryArgs{
			Enabled: pulumi.Bool(true), RecoveryPeriodInDays: pulumi.Int(recoveryDays),
		},
		ServerSideEncryption:      dynamodb.TableServerSideEncryptionArgs{Enabled: pulumi.Bool(true), KmsKeyArn: args.KeyARN},
		DeletionProtectionEnabled: pulumi.Bool(args.Location.Production() && !args.Idempotency.Discard),
		Tags:                      args.Tags.Map(),
	}, pulumi.Parent(f))
}

// records gives the statement for the table, none when there is no table.
func (a *Args) records() iampolicy.Document {
	if a.Idempotency == nil {
		return nil
	}
	return iampolicy.Document{{
		Sid: "IdempotencyRecords", Effect: iampolicy.Allow, Actions: idempotencyActions,
		Resources: []string{a.Location.ARN("dynamodb", "table/"+a.Idempotency.table(a.Name))},
	}}
}
