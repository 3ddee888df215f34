// Package identity makes the Cognito user pool of a silo or a pool, and the
// group of one tenant in a pool's shared user pool.
//
// A user's tenant and platform user id are custom attributes that are written
// when the user is created and never again: no app client that is made here may
// write them, so that a token's claims can be trusted. Users move to a new user
// pool with their passwords while Args.Migration is set; programs that are
// nobody's user get tokens for the scopes of Args.ResourceServer.
package identity

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cognito"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// The custom attributes of a user. They are set when an administrator creates
// the user, never change, and no client may write them. The platform user id
// is ours because a move to another user pool gives the user a new "sub".
const (
	AttributeTenantID       = "tenant_id"
	AttributePlatformUserID = "platform_user_id"
)

// MFA says whether users sign in with a second factor, a time-based code.
type MFA string

// The values. The zero value is MFARequired.
const (
	MFARequired MFA = "ON"
	MFAOptional MFA = "OPTIONAL"
)

const (
	passwordLength        = 14 // characters; above the 8 of the AWS foundational standard's Cognito.3
	temporaryPasswordDays = 1
	maxAttribute          = "64" // characters of a tenant id or platform user id
	accessMinutes         = 60
	idMinutes             = 60
	refreshDays           = 7
	groupPrecedence       = 10
)

// namePattern is Cognito's rule for names; see CreateUserPool.
var namePattern = regexp.MustCompile(`^[\w\s+=,.@-]+$`)

const maxName = 128

// Args are the arguments of a UserPool.
type Args struct {
	Location location.Location
	Tags     tags.Required
	Name     string // physical name; 1 to 128 characters
	MFA      MFA    // MFARequired when empty
	// DeletionProtection makes AWS refuse the user pool's deletion. In production it is on
	// also where this is false.
	DeletionProtection bool
	// Released switches the protection off whatever else says, so that it can be
	// taken away.
	Released bool
	// ThreatProtection is what Cognito does about risky sign-ins. Empty leaves the
	// feature plan and its settings as they are: off in a new user pool.
	ThreatProtection ThreatProtection
	// SecurityNotices lets ThreatEnforced answer risky sign-ins by themselves, and
	// tell their users. nil: only passwords known to be stolen are refused.
	SecurityNotices *SecurityNotices
	// Migration brings users in from elsewhere as they sign in. nil: nobody.
	Migration *Migration
	// ResourceServer gives programs scopes to ask for. nil: there are none.
	ResourceServer *ResourceServer
}

// UserPool is a user pool whose users only an administrator creates and who
// sign in by email address, with one app client that has no secret, and one with
// a secret for each program of the ResourceServer.
type UserPool struct {
	pulumi.ResourceState

	ID       pulumi.StringOutput `pulumi:"id"`
	ARN      pulumi.StringOutput `pulumi:"arn"`
	ClientID pulumi.StringOutput `pulumi:"clientId"`
	// MachineClientIDs and MachineSecrets, which are secret, are the credentials of
	// the ResourceServer's clients by their Name; empty when there are none.
	MachineClientIDs pulumi.StringMapOutput `pulumi:"machineClientIds"`
	MachineSecrets   pulumi.StringMapOutput `pulumi:"machineSecrets"`
	// TokenEndpoint is the https address where the clients get tokens; empty when
	// there are none.
	TokenEndpoint pulumi.StringOutput `pulumi:"tokenEndpoint"`
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*UserPool, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	u := &UserPool{}
	if err := ctx.RegisterComponentResource("tenantform:identity:UserPool", name, u, opts...); err != nil {
		return nil, err
	}
	pool, err := cognito.NewUserPool(ctx, name+"-users", args.pool(), pulumi.Parent(u))
	if err != nil {
		return nil, err
	}
	client, err := cognito.NewUserPoolClient(ctx, name+"-client", args.client(pool), pulumi.Parent(u))
	if err != nil {
		return nil, err
	}
	u.ID, u.ARN, u.ClientID = pool.ID().ToStringOutput(), pool.Arn, client.ID().ToStringOutput()
	for _, part := range []func(*pulumi.Context, string, *Args, *cognito.UserPool) error{u.risks, u.migration, u.machines} {
		if err := part(ctx, name, args, pool); err != nil {
			return nil, err
		}
	}
	outputs := pulumi.Map{"id": u.ID, "arn": u.ARN, "clientId": u.ClientID}
	if args.ResourceServer != nil {
		outputs["machineClientIds"], outputs["machineSecrets"], outputs["tokenEndpoint"] = u.MachineClientIDs, u.MachineSecrets, u.TokenEndpoint
	}
	if err := ctx.RegisterResourceOutputs(u, outputs); err != nil {
		return nil, err
	}
	return u, nil
}

// Validate checks the arguments as New does, for a component that is made of a
// user pool and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	c := check.New("identity", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	c.OneOf("MFA", string(a.mfa()), string(MFARequired), string(MFAOptional))
	a.checkThreats(c)
	a.Migration.check(c)
	a.ResourceServer.check(c, a.Name)
	return c.Err()
}

func (a *Args) mfa() MFA {
	if a.MFA == "" {
		return MFARequired
	}
	return a.MFA
}

func (a *Args) pool() *cognito.UserPoolArgs {
	protection := "INACTIVE"
	if !a.Released && (a.DeletionProtection || a.Location.Production()) {
		protection = "ACTIVE"
	}
	pool := &cognito.UserPoolArgs{
		Name:                   pulumi.String(a.Name),
		DeletionProtection:     pulumi.String(protection),
		UsernameAttributes:     pulumi.ToStringArray([]string{"email"}),
		UsernameConfiguration:  cognito.UserPoolUsernameConfigurationArgs{CaseSensitive: pulumi.Bool(false)},
		AutoVerifiedAttributes: pulumi.ToStringArray([]string{"email"}),
		UserAttributeUpdateSettings: cognito.UserPoolUserAttributeUpdateSettingsArgs{
			AttributesRequireVerificationBeforeUpdates: pulumi.ToStringArray([]string{"email"}),
		},
		AccountRecoverySetting: cognito.UserPoolAccountRecoverySettingArgs{
			RecoveryMechanisms: cognito.UserPoolAccountRecoverySettingRecoveryMechanismArray{
				cognito.UserPoolAccountRecoverySettingRecoveryMechanismArgs{Name: pulumi.String("verified_email"), Priority: pulumi.Int(1)},
			},
		},
		AdminCreateUserConfig: cognito.UserPoolAdminCreateUserConfigArgs{AllowAdminCreateUserOnly: pulumi.Bool(true)},
		PasswordPolicy: cognito.UserPoolPasswordPolicyArgs{
			MinimumLength: pulumi.Int(passwordLength), TemporaryPasswordValidityDays: pulumi.Int(temporaryPasswordDays),
			RequireLowercase: pulumi.Bool(true), RequireUppercase: pulumi.Bool(true),
			RequireNumbers: pulumi.Bool(true), RequireSymbols: pulumi.Bool(true),
		},
		MfaConfiguration:              pulumi.String(string(a.mfa())),
		SoftwareTokenMfaConfiguration: cognito.UserPoolSoftwareTokenMfaConfigurationArgs{Enabled: pulumi.Bool(true)},
		Schemas:                       cognito.UserPoolSchemaArray{fixedAttribute(AttributeTenantID), fixedAttribute(AttributePlatformUserID)},
		Tags:                          a.Tags.Map(),
	}
	a.protect(pool)
	if a.Migration != nil {
		pool.LambdaConfig = cognito.UserPoolLambdaConfigArgs{UserMigration: a.Migration.FunctionARN.ToStringOutput()}
	}
	return pool
}

// fixedAttribute is a custom attribute of text that cannot change once set.
func fixedAttribute(name string) cognito.UserPoolSchemaArgs {
	return cognito.UserPoolSchemaArgs{
		Name: pulumi.String(name), AttributeDataType: pulumi.String("String"),
		Mutable: pulumi.Bool(false), Required: pulumi.Bool(false), DeveloperOnlyAttribute: pulumi.Bool(false),
		StringAttributeConstraints: cognito.UserPoolSchemaStringAttributeConstraintsArgs{
			MinLength: pulumi.String("1"), MaxLength: pulumi.String(maxAttribute),
		},
	}
}

// client names the attributes it may write: without a list it could write every
// attribute, the custom ones among them.
func (a *Args) client(pool *cognito.UserPool) *cognito.UserPoolClientArgs {
	own := []string{"email", "family_name", "given_name", "locale", "name", "zoneinfo"}
	flows := []string{"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"}
	if a.Migration != nil {
		flows = []string{"ALLOW_REFRESH_TOKEN_AUTH", migrationFlow, "ALLOW_USER_SRP_AUTH"}
	}
	return &cognito.UserPoolClientArgs{
		UserPoolId:                 pool.ID(),
		Name:                       pulumi.String(a.Name),
		GenerateSecret:             pulumi.Bool(false),
		ExplicitAuthFlows:          pulumi.ToStringArray(flows),
		PreventUserExistenceErrors: pulumi.String("ENABLED"),
		EnableTokenRevocation:      pulumi.Bool(true),
		WriteAttributes:            pulumi.ToStringArray(own),
		ReadAttributes:             pulumi.ToStringArray(append([]string{"custom:" + AttributePlatformUserID, "custom:" + AttributeTenantID, "email_verified"}, own...)),
		AccessTokenValidity:        pulumi.Int(accessMinutes),
		IdTokenValidity:            pulumi.Int(idMinutes),
		RefreshTokenValidity:       pulumi.Int(refreshDays),
		TokenValidityUnits: cognito.UserPoolClientTokenValidityUnitsArgs{
			AccessToken: pulumi.String("minutes"), IdToken: pulumi.String("minutes"), RefreshToken: pulumi.String("days"),
		},
	}
}
