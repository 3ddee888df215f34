// Package pool makes the shared infrastructure of a pool's cell, and the
// placement of one tenant in it.
package pool

import (
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/data"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/identity"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

var (
	namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	rolePattern = regexp.MustCompile(`^[\w+=,.@-]+$`)

	topicPattern = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$`)
)

// maxName leaves room for what follows it in the 64 characters of a role's name.
const maxName = 55

const maxTopic = 512 // characters of a topic's ARN

// Args are the arguments of a Pool.
type Args struct {
	Location location.Location
	Tags     tags.Required
	Name     string         // begins every physical name, "pool-a" for example; 1 to 55 characters
	Tiers    []tenants.Tier // the tiers that the pool serves, a usage plan each; 1 or more
	// LogRetentionDays is how long the API's logs are kept; a value that CloudWatch
	// Logs accepts. 0 means 365 in production and 30 elsewhere.
	LogRetentionDays int
	// DeletionProtection makes AWS refuse the table's and the user pool's deletion. In production it is on
	// also where this is false.
	DeletionProtection bool
	// Routes are what the API answers beside GET /health. UserTokens lets them in by
	// tokens of the pool's users instead of signatures by IAM, and WebACLARN is the
	// web ACL that the API is put behind; see apigateway.Args.
	Routes     []apigateway.Route
	UserTokens bool
	WebACLARN  pulumi.StringInput
	// ThreatProtection is what Cognito does about risky sign-ins to the user pool,
	// Migration brings users in from elsewhere as they sign in, and ResourceServer
	// gives programs scopes to ask for. See identity.Args.
	ThreatProtection identity.ThreatProtection
	Migration        *identity.Migration
	ResourceServer   *identity.ResourceServer
	// Released switches the protection off whatever else says, so that it can be
	// taken away.
	Released bool
}

// Pool is the infrastructure that the tenants of a cell share: a key, a table, a
// user pool, and an API with a usage plan a tier.
type Pool struct {
	pulumi.ResourceState

	KeyARN       pulumi.StringOutput    `pulumi:"keyArn"`
	TableName    pulumi.StringOutput    `pulumi:"tableName"`
	TableARN     pulumi.StringOutput    `pulumi:"tableArn"`
	UserPoolID   pulumi.StringOutput    `pulumi:"userPoolId"`
	ClientID     pulumi.StringOutput    `pulumi:"userPoolClientId"`
	APIID        pulumi.StringOutput    `pulumi:"apiId"`
	APIEndpoint  pulumi.StringOutput    `pulumi:"apiEndpoint"`
	UsagePlanIDs pulumi.StringMapOutput `pulumi:"usagePlanIds"`
	LogGroup     pulumi.StringOutput    `pulumi:"logGroupName"`

	// MachineClientIDs, MachineSecrets, which are secret, and TokenEndpoint are what
	// the programs of the ResourceServer get their tokens with; see identity.UserPool.
	MachineClientIDs pulumi.StringMapOutput `pulumi:"machineClientIds"`
	MachineSecrets   pulumi.StringMapOutput `pulumi:"machineSecrets"`
	TokenEndpoint    pulumi.StringOutput    `pulumi:"tokenEndpoint"`
}

// TableName gives the physical name of a pool's table.
func TableName(pool string) string { return pool + "-data" }

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Pool, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	p := &Pool{}
	if err := ctx.RegisterComponentResource("tenantform:pool:Pool", name, p, opts...); err != nil {
		return nil, err
	}
	if err := p.store(ctx, name, args); err != nil {
		return nil, err
	}
	users, err := identity.New(ctx, name+"-identity", args.users(), pulumi.Parent(p))
	if err != nil {
		return nil, err
	}
	api, err := apigateway.New(ctx, name+"-api", args.api(p.KeyARN, users.ARN), pulumi.Parent(p))
	if err != nil {
		return nil, err
	}
	p.UserPoolID, p.ClientID = users.ID, users.ClientID
	p.MachineClientIDs, p.MachineSecrets, p.TokenEndpoint = users.MachineClientIDs, users.MachineSecrets, users.TokenEndpoint
	p.APIID, p.APIEndpoint, p.UsagePlanIDs, p.LogGroup = api.ID, api.Endpoint, api.UsagePlanIDs, api.LogGroup
	if err := ctx.RegisterResourceOutputs(p, pulumi.Map(p.Outputs())); err != nil {
		return nil, err
	}
	return p, nil
}

// Outputs gives what tenants' stacks need of the pool, by the names under which
// its stack exports them.
func (p *Pool) Outputs() map[string]pulumi.Input {
	return map[string]pulumi.Input{
		"keyArn": p.KeyARN, "tableName": p.TableName, "tableArn": p.TableARN,
		"userPoolId": p.UserPoolID, "userPoolClientId": p.ClientID,
		"apiId": p.APIID, "apiEndpoint": p.APIEndpoint, "usagePlanIds": p.UsagePlanIDs, "logGroupName": p.LogGroup,
		"machineClientIds": p.MachineClientIDs, "machineSecrets": p.MachineSecrets, "tokenEndpoint": p.TokenEndpoint,
	}
}

// Validate checks the arguments as New does, and those of the parts that are
// made from them.
func (a *Args) Validate(name string) error {
	c := check.New("pool", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	c.Retention("LogRetentionDays", a.Location.LogRetentionDays(a.LogRetentionDays))
	c.Needs("Tiers", len(a.Tiers) > 0, "1 tier or more")
	for _, t := range a.Tiers {
		c.Add(t.Validate("Tiers." + t.Name))
	}
	if err := c.Err(); err != nil {
		return err
	}
	later := pulumi.String("known in the run").ToStringOutput()
	for _, check := range []func() error{
		func() error { return a.key().Validate(name + "-key") },
		func() error { return a.table(later).Validate(name + "-data") },
		func() error { return a.users().Validate(name + "-identity") },
		func() error { return a.api(later, later).Validate(name + "-api") },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// key also serves the log groups of the pool and those of its tenants'
// placements, "<tenant>-<pool>/...", and the execution log of its API, whose name
// has an id in it that nobody knows before.
func (a *Args) key() *encryption.Args {
	return &encryption.Args{
		Location: a.Location, Tags: a.Tags.ForService("encryption"), Alias: a.Name,
		Description: "Data and logs of " + a.Name,
		LogGroups:   []string{a.Name + "/*", "*-" + a.Name + "/*", apigateway.ExecutionLogGroups},
	}
}

func (a *Args) table(key pulumi.StringOutput) *data.TableArgs {
	return &data.TableArgs{
		Location: a.Location, Tags: a.Tags.ForService("data"), Name: TableName(a.Name),
		KeyARN: key, DeletionProtection: a.DeletionProtection, Released: a.Released,
	}
}

func (a *Args) users() *identity.Args {
	return &identity.Args{
		Location: a.Location, Tags: a.Tags.ForService("identity"), Name: a.Name, DeletionProtection: a.DeletionProtection, Released: a.Released,
		ThreatProtection: a.ThreatProtection, Migration: a.Migration, ResourceServer: a.ResourceServer,
	}
}

func (a *Args) api(key, userPool pulumi.StringOutput) *apigateway.Args {
	args := &apigateway.Args{
		Location: a.Location, Tags: a.Tags.ForService("api"), Name: a.Name, Tiers: a.Tiers,
		LogRetentionDays: a.LogRetentionDays, LogKeyARN: key, ExecutionLogKeyARN: key,
		Routes: a.Routes, WebACLARN: a.WebACLARN,
	}
	if a.UserTokens {
		args.Authorizer = &apigateway.Authorizer{UserPoolARNs: pulumi.StringArray{userPool}}
	}
	return args
}

// store makes the key and the table.
func (p *Pool) store(ctx *pulumi.Context, name string, args *Args) error {
	key, err := encryption.New(ctx, name+"-key", args.key(), pulumi.Parent(p))
	if err != nil {
		return err
	}
	table, err := data.NewTable(ctx, name+"-data", args.table(key.ARN), pulumi.Parent(p))
	if err != nil {
		return err
	}
	p.KeyARN, p.TableName, p.TableARN = key.ARN, table.Name, table.ARN
	return nil
}
