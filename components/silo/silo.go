// Package silo makes the infrastructure that one tenant has to itself: a key, a
// network with flow logs, a user pool, a table, a bucket, a queue with the worker
// that works it off, an API with a usage plan and a key, a log group with metrics
// and alarms, one alarm over all of them, a dashboard, and a budget.
package silo

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/budget"
	"github.com/tenantform/tenantform/components/dashboard"
	"github.com/tenantform/tenantform/components/data"
	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/health"
	"github.com/tenantform/tenantform/components/identity"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/network"
	"github.com/tenantform/tenantform/components/observability"
	"github.com/tenantform/tenantform/components/queueworker"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

// Args are the arguments of a Silo.
type Args struct {
	Location location.Location
	Tags     tags.Required
	TenantID string
	Name     string       // begins the physical names, "acme-silo" for example; 1 to 40 characters
	Bucket   string       // physical name of the bucket, the same for all of AWS; 3 to 63 characters
	Tier     tenants.Tier // sets the usage plan, the retention of logs and the protection
	// CIDRBlock is the network's range, ZoneNames are its zones; see network.Args.
	CIDRBlock string
	ZoneNames []string
	// Routes are what the API answers beside GET /health. UserTokens lets them in by
	// tokens of the silo's own users instead of signatures by IAM, and WebACLARN is the
	// web ACL that the API is put behind; see apigateway.Args.
	Routes     []apigateway.Route
	UserTokens bool
	WebACLARN  pulumi.StringInput
	// Migration brings users in from elsewhere as they sign in, from a pool that the
	// tenant comes from for example; ResourceServer gives programs scopes to ask for.
	// See identity.Args.
	Migration      *identity.Migration
	ResourceServer *identity.ResourceServer
	// Released switches deletion protection off, and lets the buckets be deleted
	// with their objects, so that the silo can be taken away. Otherwise the table and
	// the user pool are protected in production and where the tier says so.
	Released bool
	// Worker works off the silo's queue. nil: there is neither queue nor worker.
	Worker *Worker
	// AccessLogBucket is the bucket of the account and region that gets the access
	// logs of the silo's buckets, as in bucket.AccessLogs. nil: the silo makes one,
	// which is called OwnLogBucket.
	AccessLogBucket pulumi.StringInput
	// OwnLogBucket is the physical name of the bucket that the silo makes for access
	// logs when AccessLogBucket is nil, the same for all of AWS; 3 to 63 characters.
	// Empty: the silo's buckets are not logged then.
	OwnLogBucket string
	// AlarmTopic is the ARN of an SNS topic of the account and region that is told of
	// the silo's health. Empty: the alarms only show.
	AlarmTopic string
	// BudgetTopic is the ARN of the topic that is told of the budget, as in
	// budget.Args. It is required when the tier has a budget.
	BudgetTopic string
}

// Worker is the code that works off a silo's queue, message by message, and
// puts what comes out into a bucket of its own; see queueworker.Args.
type Worker struct {
	Runtime string // a Lambda runtime identifier
	Handler string
	Archive string // path of a zip file or a directory
	// Bucket is the physical name of the bucket for the results, the same for all of
	// AWS; 3 to 63 characters.
	Bucket     string
	MemoryMB   int // 128 to 10240; 512 when 0
	TimeoutSec int // 1 to 900; 30 when 0
	// Concurrency is how many batches are processed at once, which no other function
	// of the account gets; 2 to 1000, 2 when 0.
	Concurrency int
	// Grants are further AWS permissions of the code, Environment its variables; as
	// in queueworker.Args.
	Grants      []tenants.Grant
	Environment map[string]string
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
	// AlarmARN is the alarm over all of the tenant's.
	AlarmARN pulumi.StringOutput `pulumi:"alarmArn"`
	// The queue, where its results go, and the command that brings dead letters
	// back; empty without a Worker.
	QueueURL       pulumi.StringOutput `pulumi:"queueUrl"`
	ResultsBucket  pulumi.StringOutput `pulumi:"resultsBucketName"`
	RedriveCommand pulumi.StringOutput `pulumi:"redriveCommand"`

	// MachineClientIDs, MachineSecrets, which are secret, and TokenEndpoint are what
	// the programs of the ResourceServer get their tokens with; see identity.UserPool.
	MachineClientIDs pulumi.StringMapOutput `pulumi:"machineClientIds"`
	MachineSecrets   pulumi.StringMapOutput `pulumi:"machineSecrets"`
	TokenEndpoint    pulumi.StringOutput    `pulumi:"tokenEndpoint"`

	alarmed     []pulumi.CustomResource // the alarms, with what they watch
	logs        *bucket.AccessLogs      // nil: the buckets are not logged
	userPoolARN pulumi.StringOutput
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
	for _, part := range []func(*pulumi.Context, string, *Args) error{s.store, s.network, s.identity, s.api, s.signals, s.work, s.watch} {
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
		"apiKeyId": s.APIKeyID, "apiKey": s.APIKey, "logGroupName": s.LogGroup, "alarmArn": s.AlarmARN,
		"queueUrl": s.QueueURL, "resultsBucketName": s.ResultsBucket, "redriveCommand": s.RedriveCommand,
		"machineClientIds": s.MachineClientIDs, "machineSecrets": s.MachineSecrets, "tokenEndpoint": s.TokenEndpoint,
	}
}

func (s *Silo) store(ctx *pulumi.Context, name string, args *Args) error {
	key, err := encryption.New(ctx, name+"-key", args.key(), pulumi.Parent(s))
	if err != nil {
		return err
	}
	table, err := data.NewTable(ctx, name+"-data", args.table(key.ARN), pulumi.Parent(s))
	if err != nil {
		return err
	}
	if err := s.accessLogs(ctx, name, args); err != nil {
		return err
	}
	files, err := bucket.New(ctx, name+"-files", args.files(key.ARN, s.logs), pulumi.Parent(s))
	if err != nil {
		return err
	}
	s.KeyARN, s.TableName, s.BucketName = key.ARN, table.Name, files.Name
	return nil
}

// accessLogs finds or makes the bucket for access logs, where there is to be one.
func (s *Silo) accessLogs(ctx *pulumi.Context, name string, args *Args) error {
	s.logs = args.sharedLogs()
	if s.logs != nil || args.OwnLogBucket == "" {
		return nil
	}
	made, err := bucket.NewLogs(ctx, name+"-access-logs", args.ownLogs(), pulumi.Parent(s))
	if err != nil {
		return err
	}
	s.logs = &bucket.AccessLogs{BucketName: made.Name}
	return nil
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
	users, err := identity.New(ctx, name+"-identity", args.users(), pulumi.Parent(s))
	if err != nil {
		return err
	}
	s.UserPoolID, s.ClientID, s.userPoolARN = users.ID, users.ClientID, users.ARN
	s.MachineClientIDs, s.MachineSecrets, s.TokenEndpoint = users.MachineClientIDs, users.MachineSecrets, users.TokenEndpoint
	return nil
}

func (s *Silo) api(ctx *pulumi.Context, name string, args *Args) error {
	api, err := apigateway.New(ctx, name+"-api", args.api(s.KeyARN, s.userPoolARN), pulumi.Parent(s))
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
	signals, err := observability.New(ctx, name+"-signals", args.signals(s.KeyARN), pulumi.Parent(s))
	if err != nil {
		return err
	}
	s.LogGroup, s.alarmed = signals.LogGroup, append(s.alarmed, signals.Ready...)
	return nil
}

// work makes the queue and its worker. The worker is in no network: what it
// reaches, the queue and the bucket, is not in the silo's either, and a function
// of a network keeps that from being deleted for up to 35 minutes.
func (s *Silo) work(ctx *pulumi.Context, name string, args *Args) error {
	none := pulumi.String("").ToStringOutput()
	s.QueueURL, s.ResultsBucket, s.RedriveCommand = none, none, none
	if args.Worker == nil {
		return nil
	}
	worker, err := queueworker.New(ctx, name+"-worker", args.worker(s.KeyARN, s.logs), pulumi.Parent(s))
	if err != nil {
		return err
	}
	s.QueueURL, s.ResultsBucket, s.RedriveCommand = worker.QueueURL, worker.BucketName, worker.RedriveCommand
	s.alarmed = append(s.alarmed, worker.Ready...)
	return nil
}

// watch makes one alarm of all, the dashboard and the budget.
func (s *Silo) watch(ctx *pulumi.Context, name string, args *Args) error {
	whole, err := health.New(ctx, name+"-health", args.health(), pulumi.Parent(s), depend.On(s.alarmed...))
	if err != nil {
		return err
	}
	s.AlarmARN = whole.AlarmARN
	if _, err := dashboard.New(ctx, name+"-dashboard", args.dashboard(), pulumi.Parent(s)); err != nil {
		return err
	}
	if args.Tier.MonthlyBudgetUSD == 0 {
		return nil
	}
	_, err = budget.New(ctx, name+"-budget", args.budget(), pulumi.Parent(s))
	return err
}
