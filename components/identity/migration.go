package identity

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cognito"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
)

// Migration brings users into the user pool as they sign in or ask for a new
// password: Cognito shows their name and password to a function that knows them,
// and keeps what the function answers, so that nobody has to choose a new
// password. The function answers within 5 seconds with the attributes of the
// user, custom:tenant_id and custom:platform_user_id among them, which stay what
// they were.
//
// While it is set, users may sign in by USER_PASSWORD_AUTH too, through TLS but
// without SRP, which hides the password from the function; see "Importing users
// with a user migration Lambda trigger" in the Cognito Developer Guide. Take it
// away when the deadline of the migration has passed.
type Migration struct {
	// FunctionARN is the ARN of the function, without a version or an alias;
	// required.
	FunctionARN pulumi.StringInput
}

const migrationFlow = "ALLOW_USER_PASSWORD_AUTH"

func (m *Migration) check(c *check.Args) {
	if m != nil {
		c.Needs("Migration.FunctionARN", m.FunctionARN != nil, "the ARN of the function that knows the users")
	}
}

// migration lets Cognito invoke the function, for this user pool alone.
func (u *UserPool) migration(ctx *pulumi.Context, name string, args *Args, pool *cognito.UserPool) error {
	if args.Migration == nil {
		return nil
	}
	sum := sha256.Sum256([]byte(args.Name))
	_, err := lambda.NewPermission(ctx, name+"-migration", &lambda.PermissionArgs{
		StatementId:   pulumi.String("user-migration-" + hex.EncodeToString(sum[:6])),
		Action:        pulumi.String("lambda:InvokeFunction"),
		Function:      args.Migration.FunctionARN,
		Principal:     pulumi.String("cognito-idp.amazonaws.com"),
		SourceArn:     pool.Arn,
		SourceAccount: pulumi.String(args.Location.AccountID),
	}, pulumi.Parent(u))
	return err
}
