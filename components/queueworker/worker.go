package queueworker

import (
	"maps"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

// The variables through which the code learns where its results go.
const (
	EnvBucket = "BUCKET_NAME"
	EnvPrefix = "BUCKET_PREFIX"
)

// Limits of event source mappings for queues; see CreateEventSourceMapping in
// the Lambda API Reference.
const (
	MaxBatchSize      = 10000
	MaxBatchWindowSec = 300
	MinConcurrency    = 2
	MaxConcurrency    = 1000
	plainBatchSize    = 10 // a larger batch needs a window of a second or more
)

// VisibilityTimes is how many times the function's timeout a message stays
// hidden at least, so that Lambda can try a batch again after it was throttled;
// see "Configuring a queue for use with Lambda" in the Lambda Developer Guide.
const VisibilityTimes = 6

// What an argument that is 0 means.
const (
	DefaultMemoryMB    = 512
	DefaultTimeoutSec  = 30
	DefaultConcurrency = 10
	DefaultBatchSize   = 10
)

const (
	maxName   = 64   // of a Lambda function and of an IAM role
	maxPrefix = 1000 // an object's key has at most 1024 bytes
)

var (
	namePattern   = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]+[a-z0-9]$`)
	prefixPattern = regexp.MustCompile(`^([a-zA-Z0-9!_.'()=-]+/)+$`)
)

// Args are the arguments of a Worker.
type Args struct {
	Location location.Location
	Tags     tags.Required
	// Name is the physical name of the queue, the function and its role, and begins
	// those of the dead-letter queue and the alarms; 1 to 64 letters, digits, "_"
	// and "-".
	Name    string
	Runtime string // one of function.Runtimes
	Handler string // as the runtime names it; 1 to 128 characters
	// Archive is the path of a zip file or a directory with the code, and Object the
	// zip file in S3 instead of it; one of them is required. The code has to answer
	// with the messages that it could not process; see the package.
	Archive string
	Object  *function.Object
	// Architecture is as in function.Args.
	Architecture string
	// Bucket is the physical name of the bucket for the results, the same for all of
	// AWS; 3 to 63 characters.
	Bucket string
	// Prefix begins the keys of the results and ends in "/"; at most 1000
	// characters. The function may put objects below it and nowhere else.
	Prefix string
	// AccessLogs is where S3 logs the requests to the bucket; nil: nowhere.
	AccessLogs *bucket.AccessLogs
	// KeyARN is the customer managed key that encrypts the queues, the bucket and the
	// function's variables; required. Its policy has to leave grants to the account,
	// as that of encryption.Key does.
	KeyARN pulumi.StringInput

	MemoryMB   int // 128 to 10240; 512 when 0
	TimeoutSec int // of a batch, 1 to 900; 30 when 0
	// Concurrency is how many batches are processed at once, 2 to 1000, 10 when 0. As
	// many executions are kept free for the function, and Lambda asks the queue for
	// no more, so that a message is never counted as received because of a throttle.
	Concurrency int
	// BatchSize is how many messages the function gets at once, 1 to 10000, 10 when
	// 0. More than 10 need a BatchWindowSec.
	BatchSize int
	// BatchWindowSec is for how long Lambda waits for a batch to fill; 0 to 300.
	BatchWindowSec int
	// VisibilitySec is for how long a received message is hidden: at least six times
	// TimeoutSec and BatchWindowSec, at most 43200. 0 means that least.
	VisibilitySec   int
	MaxReceiveCount int // before a message becomes a dead letter; see QueueArgs
	MaxAgeSec       int // of the oldest message before the alarm; see QueueArgs
	// AlarmActions are the ARNs that are told of alarms; see QueueArgs.
	AlarmActions pulumi.StringArray

	// Grants are further AWS permissions of the code; see function.Args.
	Grants []tenants.Grant
	// Environment are further variables of the code; no secrets.
	Environment map[string]string
	Layers      pulumi.StringArray // ARNs of layer versions; at most 5
	VPC         *function.VPC      // nil: outside of any network
	// LogRetentionDays and LogKeyARN are as in function.Args.
	LogRetentionDays int
	LogKeyARN        pulumi.StringPtrInput
	// ApplicationLogLevel and SystemLogLevel are as in function.Args.
	ApplicationLogLevel string
	SystemLogLevel      string
	// Powertools sets up Powertools for AWS Lambda, whose batch processing answers as
	// this worker needs it; nil: without it.
	Powertools *function.Powertools
	// Idempotency makes a table in which the code remembers what it has done, so that
	// a message that SQS delivers twice has one effect; nil: none.
	Idempotency *function.Idempotency
	// CodeSigningConfigARN and Sensitive are as in function.Args.
	CodeSigningConfigARN pulumi.StringPtrInput
	Sensitive            bool
	// Discard lets the bucket be deleted with the objects that are in it.
	Discard bool
}

// Worker is a queue, the function that works it off, and the bucket for what
// comes out.
type Worker struct {
	pulumi.ResourceState

	QueueURL       pulumi.StringOutput `pulumi:"queueUrl"`
	QueueARN       pulumi.StringOutput `pulumi:"queueArn"`
	DeadURL        pulumi.StringOutput `pulumi:"deadLetterUrl"`
	DeadARN        pulumi.StringOutput `pulumi:"deadLetterArn"`
	RedriveCommand pulumi.StringOutput `pulumi:"redriveCommand"` // see Queue
	FunctionName   pulumi.StringOutput `pulumi:"functionName"`
	FunctionARN    pulumi.StringOutput `pulumi:"functionArn"`
	BucketName     pulumi.StringOutput `pulumi:"bucketName"`
	LogGroup       pulumi.StringOutput `pulumi:"logGroup"`
	// IdempotencyTable is the name of the table, "" without Idempotency.
	IdempotencyTable pulumi.StringOutput `pulumi:"idempotencyTable"`

	// Ready is what exists once the component does; who relies on it by name waits for these, see depend.On.
	Ready []pulumi.CustomResource
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Worker, error) {
	if args == nil {
		args = &Args{}
	}
	given := args.withDefaults()
	args = &given
	if err := args.validate(name); err != nil {
		return nil, err
	}
	w := &Worker{}
	if err := ctx.RegisterComponentResource("tenantform:queueworker:Worker", name, w, opts...); err != nil {
		return nil, err
	}
	queue, err := NewQueue(ctx, name+"-queue", args.queue(), pulumi.Parent(w))
	if err != nil {
		return nil, err
	}
	results, err := bucket.New(ctx, name+"-results", args.results(), pulumi.Parent(w))
	if err != nil {
		return nil, err
	}
	work, err := function.New(ctx, name+"-function", args.function(), pulumi.Parent(w))
	if err != nil {
		return nil, err
	}
	if err := w.connect(ctx, name, args, queue, work); err != nil {
		return nil, err
	}
	w.Ready = append(w.Ready, queue.Ready...)
	w.QueueURL, w.QueueARN, w.DeadURL, w.DeadARN, w.RedriveCommand = queue.URL, queue.ARN, queue.DeadURL, queue.DeadARN, queue.RedriveCommand
	w.FunctionName, w.FunctionARN, w.BucketName, w.LogGroup = work.Name, work.ARN, results.Name, work.LogGroup
	w.IdempotencyTable = work.IdempotencyTable
	if err := ctx.RegisterResourceOutputs(w, pulumi.Map{
		"queueUrl": w.QueueURL, "queueArn": w.QueueARN, "deadLetterUrl": w.DeadURL, "deadLetterArn": w.DeadARN, "redriveCommand": w.RedriveCommand,
		"functionName": w.FunctionName, "functionArn": w.FunctionARN, "bucketName": w.BucketName, "logGroup": w.LogGroup,
		"idempotencyTable": w.IdempotencyTable,
	}); err != nil {
		return nil, err
	}
	return w, nil
}

// connect gives the function the use of the key and then the queue.
func (w *Worker) connect(ctx *pulumi.Context, name string, args *Args, queue *Queue, work *function.Function) error {
	var grants []pulumi.CustomResource
	for _, g := range args.keyGrants() {
		grant, err := kms.NewGrant(ctx, name+"-"+g.child, &kms.GrantArgs{
			Name:             pulumi.String(args.Name + "-" + g.child),
			KeyId:            args.KeyARN,
			GranteePrincipal: work.RoleARN,
			Operations:       pulumi.ToStringArray(g.operations),
			Constraints:      kms.GrantConstraintArray{kms.GrantConstraintArgs{EncryptionContextSubset: pulumi.ToStringMap(g.context)}},
		}, pulumi.Parent(w))
		if err != nil {
			return err
		}
		grants = append(grants, grant)
	}
	mapping, err := lambda.NewEventSourceMapping(ctx, name+"-mapping", &lambda.EventSourceMappingArgs{
		EventSourceArn:                 queue.ARN,
		FunctionName:                   work.ARN,
		BatchSize:                      pulumi.Int(args.BatchSize),
		MaximumBatchingWindowInSeconds: pulumi.Int(args.BatchWindowSec),
		FunctionResponseTypes:          pulumi.ToStringArray([]string{"ReportBatchItemFailures"}),
		ScalingConfig:                  lambda.EventSourceMappingScalingConfigArgs{MaximumConcurrency: pulumi.Int(args.Concurrency)},
		Tags:                           args.Tags.Map(),
	}, pulumi.Parent(w), depend.On(grants...))
	w.Ready = append(w.Ready, mapping)
	return err
}

// keyGrant is a use of the key, bound by KMS to what was encrypted for one
// queue or one bucket.
type keyGrant struct {
	child      string
	operations []string
	context    map[string]string
}

// keyGrants are what the function needs of the key. They are grants of KMS and
// not statements of the role because a key's ARN holds an id that nobody knows
// before it is made, and a role's document is to be known before the run. The
// encryption contexts are those that SQS sends, and S3 for a bucket with a
// bucket key ("Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys").
func (a *Args) keyGrants() []keyGrant {
	return []keyGrant{
		{"receive", []string{"Decrypt"}, map[string]string{"aws:sqs:arn": a.queue().arn()}},
		{"put", []string{"Decrypt", "GenerateDataKey"}, map[string]string{"aws:s3:arn": a.Location.BucketARN(a.Bucket)}},
	}
}

// grants are what the function may do: what Lambda's poller does in its name,
// and to put results.
func (a *Args) grants() []tenants.Grant {
	return append([]tenants.Grant{
		{Actions: []string{"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}, Resources: []string{a.queue().arn()}},
		{Actions: []string{"s3:PutObject"}, Resources: []string{a.Location.BucketARN(a.Bucket) + "/" + a.Prefix + "*"}},
	}, a.Grants...)
}

func (a *Args) results() *bucket.Args {
	return &bucket.Args{
		Location: a.Location, Tags: a.Tags, Name: a.Bucket, KeyARN: a.KeyARN.ToStringOutput().ToStringPtrOutput(),
		AccessLogs: a.AccessLogs, Discard: a.Discard,
	}
}

func (a *Args) queue() *QueueArgs {
	args := &QueueArgs{
		Location: a.Location, Tags: a.Tags, Name: a.Name, VisibilitySec: a.VisibilitySec,
		MaxReceiveCount: a.MaxReceiveCount, MaxAgeSec: a.MaxAgeSec, AlarmActions: a.AlarmActions,
	}
	if a.KeyARN != nil {
		args.KeyARN = a.KeyARN.ToStringOutput().ToStringPtrOutput()
	}
	return args
}

func (a *Args) function() *function.Args {
	variables := map[string]string{EnvBucket: a.Bucket, EnvPrefix: a.Prefix}
	maps.Copy(variables, a.Environment)
	return &function.Args{
		Location: a.Location, Tags: a.Tags, Name: a.Name, Runtime: a.Runtime, Handler: a.Handler, Archive: a.Archive, Object: a.Object,
		Architecture: a.Architecture, Layers: a.Layers, ApplicationLogLevel: a.ApplicationLogLevel, SystemLogLevel: a.SystemLogLevel,
		Powertools: a.Powertools, Idempotency: a.Idempotency, CodeSigningConfigARN: a.CodeSigningConfigARN, Sensitive: a.Sensitive,
		MemoryMB: a.MemoryMB, TimeoutSec: a.TimeoutSec, Concurrency: a.Concurrency, Environment: variables,
		KeyARN: a.KeyARN.ToStringOutput().ToStringPtrOutput(), Grants: a.grants(), VPC: a.VPC, LogRetentionDays: a.LogRetentionDays, LogKeyARN: a.LogKeyARN,
	}
}

func (a *Args) withDefaults() Args {
	full := *a
	full.MemoryMB = or(a.MemoryMB, DefaultMemoryMB)
	full.TimeoutSec = or(a.TimeoutSec, DefaultTimeoutSec)
	full.Concurrency = or(a.Concurrency, DefaultConcurrency)
	full.BatchSize = or(a.BatchSize, DefaultBatchSize)
	full.VisibilitySec = or(a.VisibilitySec, full.leastVisibility())
	full.MaxReceiveCount = or(a.MaxReceiveCount, DefaultMaxReceiveCount)
	full.MaxAgeSec = or(a.MaxAgeSec, DefaultMaxAgeSec)
	return full
}

// leastVisibility is Lambda's advice: the window is added to the six timeouts.
func (a *Args) leastVisibility() int { return VisibilityTimes*a.TimeoutSec + a.BatchWindowSec }
