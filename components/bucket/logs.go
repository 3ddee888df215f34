package bucket

import (
	"errors"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

// LogsArgs are the arguments of Logs.
type LogsArgs struct {
	Location location.Location
	Tags     tags.Required
	Name     string // physical name, the same for all of AWS; 3 to 63 characters
	// Sources are the names of the buckets whose logs are accepted; at most 100. None:
	// any bucket of the account.
	Sources []string
	// ExpireDays is for how long a log is kept; 1 to 36500 days. 0 means 365 in
	// production and 30 elsewhere.
	ExpireDays int
	// InfrequentAccessDays and Discard are as in Args.
	InfrequentAccessDays int
	Discard              bool
}

// maxSources keeps the policy below the 20 KB that S3 takes; see "Bucket
// policies for Amazon S3" in the S3 User Guide.
const maxSources = 100

// Logs is a bucket for the access logs of other buckets of the account and
// region. It is a Bucket, with three differences: S3 holds the key, because it
// delivers access logs to no bucket that another key encrypts by default; its
// policy lets S3's logging service put logs, in the name of the account's
// buckets; and the logs expire. It has no access log of its own and no object
// lock, with which S3 delivers none ("Enabling Amazon S3 server access logging",
// S3 User Guide).
type Logs struct {
	pulumi.ResourceState

	// Name is known before the run; what uses it is made after the policy.
	Name pulumi.StringOutput `pulumi:"name"`
	ARN  pulumi.StringOutput `pulumi:"arn"`
}

// NewLogs registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func NewLogs(ctx *pulumi.Context, name string, args *LogsArgs, opts ...pulumi.ResourceOption) (*Logs, error) {
	if args == nil {
		args = &LogsArgs{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	l := &Logs{}
	if err := ctx.RegisterComponentResource("tenantform:bucket:Logs", name, l, opts...); err != nil {
		return nil, err
	}
	made, err := New(ctx, name+"-logs", args.bucket(), pulumi.Parent(l))
	if err != nil {
		return nil, err
	}
	l.Name, l.ARN = made.Name, made.ARN
	if err := ctx.RegisterResourceOutputs(l, pulumi.Map{"name": l.Name, "arn": l.ARN}); err != nil {
		return nil, err
	}
	return l, nil
}

// Validate checks the arguments as NewLogs does, for a component that is made
// of Logs and wants to refuse them before it registers anything.
func (a *LogsArgs) Validate(name string) error {
	c := check.New("access log bucket", name)
	if e, ok := errors.AsType[*tenants.Error](a.bucket().Validate(name)); ok {
		c.Add(e.Fields)
	}
	c.Between("the number of Sources", len(a.Sources), 0, maxSources, "buckets")
	for _, source := range a.Sources {
		checkName(c, "Sources", source)
		if source == a.Name && source != "" {
			c.Fault("Sources", source, "other buckets: each log would itself be logged, without end")
		}
	}
	return c.Err()
}

func (a *LogsArgs) bucket() *Args {
	args := &Args{
		Location: a.Location, Tags: a.Tags, Name: a.Name, S3ManagedKey: true, ExpireDays: a.Location.LogRetentionDays(a.ExpireDays),
		InfrequentAccessDays: a.InfrequentAccessDays, Discard: a.Discard,
	}
	sources := []string{a.Location.BucketARN("*")}
	if len(a.Sources) > 0 {
		sources = nil
		for _, s := range a.Sources {
			sources = append(sources, a.Location.BucketARN(s))
		}
	}
	args.Statements = iampolicy.Document{{
		Sid:       "AccessLogs",
		Effect:    iampolicy.Allow,
		Principal: &iampolicy.Principal{Service: []string{"logging.s3.amazonaws.com"}},
		Actions:   []string{"s3:PutObject"},
		Resources: []string{a.Location.BucketARN(a.Name) + "/*"},
		Conditions: iampolicy.Conditions{
			"StringEquals": {"aws:SourceAccount": {a.Location.AccountID}},
			"ArnLike":      {"aws:SourceArn": sources},
		},
	}}
	return args
}
