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
	// LogRetentionDays is how long the API's access log is kept; a value that
	// CloudWatch Logs accepts.
	LogRetentionDays int
	// DeletionProtection makes AWS refuse the table's and the user pool's deletion. In production it is on
	// also where this is false.
	DeletionProtection bool
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
}

// TableName gives the physical name of a pool's table.
func TableName(pool string) string { return pool + "-data" }

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Pool, error) {
	if args == nil {
		args = &Args{}
	}
	c := check.New("pool", name)
	c.Within("Location", args.Location.Faults())
	c.Within("Tags", args.Tags.Faults())
	c.Name("Name", args.Name, maxName, namePattern)
	c.Retention("LogRetentionDays", args.LogRetentionDays)
	c.Needs("Tiers", len(args.Tiers) > 0, "1 tier or more")
	for _, t := range args.Tiers {
		c.Add(t.Validate("Tiers." + t.Name))
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	p := &Pool{}
	if err := ctx.RegisterComponentResource("tenantform:pool:Pool", name, p, opts...); err != nil {
		return nil, err
	}
	if err := p.store(ctx, name, args); err != nil {
		return nil, err
	}
	users, err := identity.New(ctx, name+"-identity", &identity.Args{
		Location: args.Location, Tags: args.Tags.ForService("identity"), Name: args.Name, DeletionProtection: args.DeletionProtection, Released: args.Released,
	}, pulumi.Parent(p))
	if err != nil {
		return nil, err
	}
	api, err := apigateway.New(ctx, name+"-api", &apigateway.Args{
		Location: args.Location, Tags: args.Tags.ForService("api"), Name: args.Name,
		Tiers: args.Tiers, LogRetentionDays: args.LogRetentionDays, LogKeyARN: p.KeyARN, ExecutionLogKeyARN: p.KeyARN,
	}, pulumi.Parent(p))
	if err != nil {
		return nil, err
	}
	p.UserPoolID, p.ClientID = users.ID, users.ClientID
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
	}
}

// store makes the key and the table. The key also serves the log groups of the
// pool and those of its tenants' placements, "<tenant>-<pool>/...", and the
// execution log of its API, whose name has an id in it that nobody knows before.
func (p *Pool) store(ctx *pulumi.Context, name string, args *Args) error {
	key, err := encryption.New(ctx, name+"-key", &encryption.Args{
		Location: args.Location, Tags: args.Tags.ForService("encryption"), Alias: args.Name,
		Description: "Data and logs of " + args.Name,
		LogGroups:   []string{args.Name + "/*", "*-" + args.Name + "/*", apigateway.ExecutionLogGroups},
	}, pulumi.Parent(p))
	if err != nil {
		return err
	}
	table, err := data.NewTable(ctx, name+"-data", &data.TableArgs{
		Location: args.Location, Tags: args.Tags.ForService("data"), Name: TableName(args.Name),
		KeyARN: key.ARN, DeletionProtection: args.DeletionProtection, Released: args.Released,
	}, pulumi.Parent(p))
	if err != nil {
		return err
	}
	p.KeyARN, p.TableName, p.TableARN = key.ARN, table.Name, table.ARN
	return nil
}
