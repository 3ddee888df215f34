// Package silo makes the infrastructure that one tenant has to itself: a key, a
// network with flow logs, a user pool, a table, a bucket, an API with a usage
// plan and a key, a log group with metrics and an alarm.
package silo

import (
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/data"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/identity"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/network"
	"github.com/tenantform/tenantform/components/observability"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// maxName is what the network's names leave; see network.Args.
const maxName = 40

// Args are the arguments of a Silo.
type Args struct {
	Location location.Location
	Tags     tags.Required
	TenantID string
	Name     string       // begins the physical names, "acme-silo" for example; 1 to 40 characters
	Bucket   string       // physical name of the bucket, the same for all of AWS; 3 to 63 characters
	Tier     tenants.Tier // sets the usage plan, the retention of logs and the protection
	// CIDRBlock is the network's range; see network.Args.
	CIDRBlock string
	// Released switches deletion protection off, and lets the bucket be deleted
	// with its objects, so that the silo can be taken away. Otherwise the table and
	// the user pool are protected in production and where the tier says so.
	Released bool
}

// Silo is the infrastructure of one tenant.
type Silo struct {
	pulumi.ResourceState

	KeyARN      pulumi.StringOutput `pulumi:"keyArn"`
	VPCID       pulumi.StringOutput `pulumi:"vpcId"`
	TableName   pulumi.StringOutput `pulumi:"tableName"`
	BucketName  pulumi.StringOutput `pulumi:"bucketName"`
	UserPoolID  pulumi.StringOutput `pulumi:"userPoolId"`
	ClientID    pulumi.StringOutput `pulumi:"userPoolClientId"`
	APIID       pulumi.StringOutput `pulumi:"apiId"`
	APIEndpoint pulumi.StringOutput `pulumi:"apiEndpoint"`
	APIKeyID    pulumi.StringOutput `pulumi:"apiKeyId"`
	APIKey      pulumi.StringOutput `pulumi:"apiKey"` // secret
	LogGroup    pulumi.StringOutput `pulumi:"logGroupName"`
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Silo, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.validate(name); err != nil {
		return nil, err
	}
	s := &Silo{}
	if err := ctx.RegisterComponentResource("tenantform:silo:Silo", name, s, opts...); err != nil {
		return nil, err
	}
	for _, part := range []func(*pulumi.Context, string, *Args) error{s.store, s.network, s.identity, s.api, s.signals} {
		if err := part(ctx, name, args); err != nil {
			return nil, err
		}
	}
	if err := ctx.RegisterResourceOutputs(s, pulumi.Map(s.Outputs())); err != nil {
		return nil, err
	}
	return s, nil
}

// Outputs gives the silo's ids and addresses by name.
func (s *Silo) Outputs() map[string]pulumi.Input {
	return map[string]pulumi.Input{
		"keyArn": s.KeyARN, "vpcId": s.VPCID, "tableName": s.TableName, "bucketName": s.BucketName,
		"userPoolId": s.UserPoolID, "userPoolClientId": s.ClientID, "apiId": s.APIID, "apiEndpoint": s.APIEndpoint,
		"apiKeyId": s.APIKeyID, "apiKey": s.APIKey, "logGroupName": s.LogGroup,
	}
}

func (a *Args) validate(name string) error {
	c := check.New("silo", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Add(tenants.ValidateID("TenantID", a.TenantID))
	c.Name("Name", a.Name, maxName, namePattern)
	c.Name("Bucket", a.Bucket, bucket.MaxName, namePattern)
	c.Add(a.Tier.Validate("Tier"))
	if err := c.Err(); err != nil {
		return err
	}
	return a.networkArgs().Validate(name + "-network")
}

func (a *Args) protected() bool {
	return !a.Released && (a.Tier.DeletionProtection || a.Location.Production())
}

func (s *Silo) store(ctx *pulumi.Context, name string, args *Args) error {
	key, err := encryption.New(ctx, name+"-key", &encryption.Args{
		Location: args.Location, Tags: args.Tags.ForService("encryption"), Alias: args.Name,
		Description: "Data and logs of tenant " + args.TenantID,
		LogGroups:   []string{args.Name + "/*"},
	}, pulumi.Parent(s))
	if err != nil {
		return err
	}
	table, err := data.NewTable(ctx, name+"-data", &data.TableArgs{
		Location: args.Location, Tags: args.Tags.ForService("data"), Name: args.Name + "-data",
		KeyARN: key.ARN, DeletionProtection: args.protected(),
	}, pulumi.Parent(s))
	if err != nil {
		return err
	}
	files, err := bucket.New(ctx, name+"-files", &bucket.Args{
		Location: args.Location, Tags: args.Tags.ForService("data"), Name: args.Bucket, KeyARN: key.ARN, Discard: args.Released,
	}, pulumi.Parent(s))
	if err != nil {
		return err
	}
	s.KeyARN, s.TableName, s.BucketName = key.ARN, table.Name, files.Name
	return nil
}

func (a *Args) networkArgs() *network.Args {
	return &network.Args{
		Location: a.Location, Tags: a.Tags.ForService("network"), Name: a.Name, CIDRBlock: a.CIDRBlock,
		Endpoints: []string{network.DynamoDB, network.S3},
	}
}

func (s *Silo) network(ctx *pulumi.Context, name string, args *Args) error {
	net := args.networkArgs()
	net.LogKeyARN = s.KeyARN
	made, err := network.New(ctx, name+"-network", net, pulumi.Parent(s))
	if err != nil {
		return err
	}
	s.VPCID = made.VPCID
	return nil
}

func (s *Silo) identity(ctx *pulumi.Context, name string, args *Args) error {
	users, err := identity.New(ctx, name+"-identity", &identity.Args{
		Location: args.Location, Tags: args.Tags.ForService("identity"), Name: args.Name, DeletionProtection: args.protected(),
	}, pulumi.Parent(s))
	if err != nil {
		return err
	}
	s.UserPoolID, s.ClientID = users.ID, users.ClientID
	return nil
}

func (s *Silo) api(ctx *pulumi.Context, name string, args *Args) error {
	api, err := apigateway.New(ctx, name+"-api", &apigateway.Args{
		Location: args.Location, Tags: args.Tags.ForService("api"), Name: args.Name, Tiers: []tenants.Tier{args.Tier},
		LogRetentionDays: args.Tier.LogRetentionDays, LogKeyARN: s.KeyARN,
	}, pulumi.Parent(s))
	if err != nil {
		return err
	}
	key, err := apigateway.NewTenantKey(ctx, name+"-api-key", &apigateway.KeyArgs{
		Tags: args.Tags.ForService("api"), Name: args.Name,
		UsagePlanID: api.UsagePlanIDs.MapIndex(pulumi.String(args.Tier.Name)),
	}, pulumi.Parent(s))
	if err != nil {
		return err
	}
	s.APIID, s.APIEndpoint, s.APIKeyID, s.APIKey = api.ID, api.Endpoint, key.ID, key.Value
	return nil
}

func (s *Silo) signals(ctx *pulumi.Context, name string, args *Args) error {
	signals, err := observability.New(ctx, name+"-signals", &observability.Args{
		Location: args.Location, Tags: args.Tags.ForService("observability"), TenantID: args.TenantID, Name: args.Name,
		LogRetentionDays: args.Tier.LogRetentionDays, LogKeyARN: s.KeyARN,
	}, pulumi.Parent(s))
	if err != nil {
		return err
	}
	s.LogGroup = signals.LogGroup
	return nil
}
