// Package archive keeps the events of a topic in S3: a Firehose stream that is
// subscribed to the topic puts them, compressed and by date, into a bucket.
package archive

import (
	"cmp"
	"encoding/json"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kinesis"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// The limits of what Firehose collects before it writes an object; see
// "BufferingHints" in the Amazon Data Firehose API Reference.
const (
	MaxBufferMB  = 128
	MaxBufferSec = 900
)

// What an argument that is 0 or "" means.
const (
	DefaultBufferMB  = 5   // Firehose's own
	DefaultBufferSec = 300 // Firehose's own
	DefaultPrefix    = "events/"
)

const (
	maxName     = 50  // 64 for a stream and a role, less what the roles' names add
	maxPrefix   = 200 // an object's key has at most 1024 bytes; Firehose adds the date and a name
	errorPrefix = "errors/"
	logStream   = "delivery"
	maxActions  = 5 // "PutMetricAlarm" in the CloudWatch API Reference
)

var (
	namePattern   = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]+[a-z0-9]$`)
	prefixPattern = regexp.MustCompile(`^([a-zA-Z0-9_.=-]+/)+$`)
	topicPattern  = regexp.MustCompile(`^arn:aws[a-z-]*:sns:([a-z0-9-]+):[0-9]{12}:[a-zA-Z0-9_-]+$`)
)

// Args are the arguments of an Archive.
type Args struct {
	Location location.Location // where the stream and the bucket are
	Tags     tags.Required
	// Name is the physical name of the stream, and begins those of the roles, the log
	// group, the dead-letter queue and the alarms; 1 to 50 letters, digits, "_" and "-".
	Name string
	// TopicARN is the topic whose events are kept, in the same region. Where the
	// program that makes it is the same, the caller lets the component depend on it
	// (depend.On with its Ready).
	TopicARN string
	// Bucket is the physical name of the bucket, which exists first. It encrypts with
	// KeyARN by default and with a bucket key, as a bucket.Bucket does.
	Bucket string
	// KeyARN is the customer managed key that encrypts the stream, the bucket and the
	// dead-letter queue; required. Its policy has to leave grants to the account and
	// to let SNS deliver the topic, as the key of a topic.Topic does.
	KeyARN pulumi.StringInput
	// Prefix begins the keys of the objects and ends in "/"; the date follows it.
	// "events/" when "". Failures are always below "errors/".
	Prefix string
	// BufferMB and BufferSec are how much is collected, and for how long, before an
	// object is written, whichever is reached first; 1 to 128 and 1 to 900. 5 and 300
	// when 0.
	BufferMB  int
	BufferSec int
	// LogRetentionDays is how long the log of failed deliveries is kept; a value that
	// CloudWatch Logs accepts. 0 means 365 in production and 30 elsewhere.
	LogRetentionDays int
	LogKeyARN        pulumi.StringPtrInput // the key that encrypts the log; nil: CloudWatch's own
	// AlarmActions are the ARNs that are told of an alarm and of its end; at most 5.
	// None: the alarms only show.
	AlarmActions pulumi.StringArray
}

// Archive is the stream with its subscription. Each line of an object is a
// message as it was published, without attributes. What SNS cannot deliver goes
// into a dead-letter queue, what Firehose cannot write below "errors/"; alarms
// watch for the first and for a stream that falls behind.
type Archive struct {
	pulumi.ResourceState

	StreamARN  pulumi.StringOutput `pulumi:"streamArn"`
	StreamName pulumi.StringOutput `pulumi:"streamName"`
	DeadURL    pulumi.StringOutput `pulumi:"deadLetterUrl"`
	LogGroup   pulumi.StringOutput `pulumi:"logGroup"`

	// Ready is what exists once the component does; who relies on it by name waits for these, see depend.On.
	Ready []pulumi.CustomResource
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Archive, error) {
	if args == nil {
		args = &Args{}
	}
	given := args.withDefaults()
	args = &given
	if err := args.validate(name); err != nil {
		return nil, err
	}
	a := &Archive{}
	if err := ctx.RegisterComponentResource("tenantform:archive:Archive", name, a, opts...); err != nil {
		return nil, err
	}
	stream, err := a.stream(ctx, name, args)
	if err != nil {
		return nil, err
	}
	dead, err := a.deadLetters(ctx, name, args)
	if err != nil {
		return nil, err
	}
	subscriber, err := a.subscriberRole(ctx, name, args)
	if err != nil {
		return nil, err
	}
	redrive, err := json.Marshal(map[string]string{"deadLetterTargetArn": args.deadARN()})
	if err != nil {
		return nil, err
	}
	if _, err := sns.NewTopicSubscription(ctx, name+"-subscription", &sns.TopicSubscriptionArgs{
		Topic:               pulumi.String(args.TopicARN),
		Protocol:            pulumi.String("firehose"),
		Endpoint:            stream.Arn,
		SubscriptionRoleArn: subscriber.role.Arn,
		RawMessageDelivery:  pulumi.Bool(true),
		RedrivePolicy:       pulumi.String(redrive),
	}, pulumi.Parent(a), depend.On(subscriber.policy, dead)); err != nil {
		return nil, err
	}
	if err := a.alarms(ctx, name, args); err != nil {
		return nil, err
	}
	a.StreamARN, a.StreamName, a.DeadURL = stream.Arn, stream.Name, dead.Url
	if err := ctx.RegisterResourceOutputs(a, pulumi.Map{
		"streamArn": a.StreamARN, "streamName": a.StreamName, "deadLetterUrl": a.DeadURL, "logGroup": a.LogGroup,
	}); err != nil {
		return nil, err
	}
	return a, nil
}

// stream makes the log group, the role and the stream that writes with it.
func (a *Archive) stream(ctx *pulumi.Context, name string, args *Args) (*kinesis.FirehoseDeliveryStream, error) {
	group, err := cloudwatch.NewLogGroup(ctx, name+"-log", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(LogGroupName(args.Name)),
		RetentionInDays: pulumi.Int(args.LogRetentionDays),
		KmsKeyId:        args.LogKeyARN,
		Tags:            args.Tags.Map(),
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	a.LogGroup = group.Name
	line, err := cloudwatch.NewLogStream(ctx, name+"-log-stream", &cloudwatch.LogStreamArgs{
		Name:         pulumi.String(logStream),
		LogGroupName: group.Name,
	}, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	writer, err := a.writerRole(ctx, name, args)
	if err != nil {
		return nil, err
	}
	return kinesis.NewFirehoseDeliveryStream(ctx, name+"-stream", &kinesis.FirehoseDeliveryStreamArgs{
		Name:        pulumi.String(args.Name),
		Destination: pulumi.String("extended_s3"),
		ServerSideEncryption: kinesis.FirehoseDeliveryStreamServerSideEncryptionArgs{
			Enabled: pulumi.Bool(true), KeyType: pulumi.String("CUSTOMER_MANAGED_CMK"), KeyArn: args.KeyARN.ToStringOutput().ToStringPtrOutput(),
		},
		ExtendedS3Configuration: kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationArgs{
			BucketArn:         pulumi.String(args.Location.BucketARN(args.Bucket)),
			RoleArn:           writer.role.Arn,
			Prefix:            pulumi.String(args.Prefix + byDate),
			ErrorOutputPrefix: pulumi.String(errorPrefix + "!{firehose:error-output-type}/" + byDate),
			BufferingSize:     pulumi.Int(args.BufferMB),
			BufferingInterval: pulumi.Int(args.BufferSec),
			CompressionFormat: pulumi.String("GZIP"),
			CloudwatchLoggingOptions: kinesis.FirehoseDeliveryStreamExtendedS3ConfigurationCloudwatchLoggingOptionsArgs{
				Enabled: pulumi.Bool(true), LogGroupName: group.Name, LogStreamName: line.Name,
			},
		},
		Tags: args.Tags.Map(),
	}, pulumi.Parent(a), depend.On(writer.ready...))
}

// byDate is in UTC; see "Understand custom prefixes for Amazon S3 objects" in
// the Amazon Data Firehose Developer Guide.
const byDate = "!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd}/"

// LogGroupName gives the name of the log group of an archive's stream.
func LogGroupName(archive string) string { return "/aws/kinesisfirehose/" + archive }

func (a *Args) deadName() string { return a.Name + "-dead" }
func (a *Args) deadARN() string  { return a.Location.ARN("sqs", a.deadName()) }

// Validate checks the arguments as New does, for a component that is made of an
// archive and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	given := a.withDefaults()
	return given.validate(name)
}

func (a *Args) validate(name string) error {
	c := check.New("archive", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	c.Name("TopicARN", a.TopicARN, 512, topicPattern)
	if m := topicPattern.FindStringSubmatch(a.TopicARN); m != nil && m[1] != a.Location.Region {
		c.Fault("TopicARN", a.TopicARN, "a topic in "+a.Location.Region)
	}
	c.Name("Bucket", a.Bucket, bucket.MaxName, bucketPattern)
	c.Needs("KeyARN", a.KeyARN != nil, "the ARN of a customer managed key")
	c.Name("Prefix", a.Prefix, maxPrefix, prefixPattern)
	if len(a.Prefix) >= len(errorPrefix) && a.Prefix[:len(errorPrefix)] == errorPrefix {
		c.Fault("Prefix", a.Prefix, "a prefix that is not below "+errorPrefix+", where failures go")
	}
	c.Between("BufferMB", a.BufferMB, 1, MaxBufferMB, "MB")
	c.Between("BufferSec", a.BufferSec, 1, MaxBufferSec, "seconds")
	c.Retention("LogRetentionDays", a.LogRetentionDays)
	c.Between("AlarmActions", len(a.AlarmActions), 0, maxActions, "actions")
	return c.Err()
}

func (a *Args) withDefaults() Args {
	full := *a
	if a.Prefix == "" {
		full.Prefix = DefaultPrefix
	}
	full.BufferMB = cmp.Or(a.BufferMB, DefaultBufferMB)
	full.BufferSec = cmp.Or(a.BufferSec, DefaultBufferSec)
	full.LogRetentionDays = a.Location.LogRetentionDays(a.LogRetentionDays)
	return full
}
