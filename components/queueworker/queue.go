package queueworker

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// SQS's limits; see CreateQueue and SetQueueAttributes in the SQS API Reference.
const (
	MaxVisibilitySec = 43200
	MaxReceives      = 1000
	maxQueueName     = 80 - len(deadSuffix)
)

// What an argument that is 0 means.
const (
	DefaultMaxReceiveCount = 5   // "Configuring a queue for use with Lambda" asks for 5 or more
	DefaultVisibilitySec   = 30  // SQS's own
	DefaultMaxAgeSec       = 900 // 15 minutes
)

const (
	deadSuffix = "-dead"
	// A message keeps the time of its arrival when it becomes a dead letter, so
	// that the dead-letter queue has to keep messages for longer than the queue;
	// see "Understanding message retention periods for dead-letter queues" in the
	// SQS Developer Guide.
	keptSec        = 4 * 24 * 3600
	deadKeptSec    = 14 * 24 * 3600 // SQS's longest
	longPollSec    = 20             // SQS's longest; fewer empty answers
	maxActions     = 5              // PutMetricAlarm in the CloudWatch API Reference
	alarmPeriodSec = 60             // SQS sends its metrics once a minute
	agePeriods     = 3
)

var (
	queuePattern = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	topicPattern = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$`)
)

// QueueArgs are the arguments of a Queue.
type QueueArgs struct {
	Location location.Location
	Tags     tags.Required
	// Name is the queue's physical name; 1 to 75 letters, digits, "_" and "-". The
	// dead-letter queue has the same name and "-dead".
	Name string
	// KeyARN is the customer managed key that encrypts both queues; required. Who
	// sends needs kms:GenerateDataKey and kms:Decrypt on it, who receives needs
	// kms:Decrypt; for a topic, the key's own policy has to say so.
	KeyARN pulumi.StringPtrInput
	// VisibilitySec is for how long a received message is hidden from others; 1 to
	// 43200 seconds, 30 when 0.
	VisibilitySec int
	// MaxReceiveCount is how often a message is received before it becomes a dead
	// letter; 1 to 1000, 5 when 0. Together with VisibilitySec it must fit into the
	// 4 days for which the queue keeps messages.
	MaxReceiveCount int
	// MaxAgeSec is how old the oldest message may become before the alarm; 60 to
	// 345600 seconds, 900 when 0.
	MaxAgeSec int
	// Topics are the ARNs of the SNS topics that may send messages to the queue and,
	// where they cannot be delivered, to the dead-letter queue. None: who may send
	// is for IAM to say.
	Topics []string
	// AlarmActions are the ARNs that are told of an alarm and of its end, topics for
	// example; at most 5. None: the alarms only show.
	AlarmActions pulumi.StringArray
}

// Queue is an SQS queue with a dead-letter queue. Both are encrypted with the
// key and refuse requests without TLS. Only this queue may use the dead-letter
// queue as its own, which keeps messages for 14 days. One alarm watches for
// dead letters, the other the age of the oldest message.
type Queue struct {
	pulumi.ResourceState

	URL     pulumi.StringOutput `pulumi:"url"`
	ARN     pulumi.StringOutput `pulumi:"arn"`
	DeadURL pulumi.StringOutput `pulumi:"deadLetterUrl"`
	DeadARN pulumi.StringOutput `pulumi:"deadLetterArn"`
	// RedriveCommand is the AWS command that moves the dead letters back into the
	// queue, when what killed them has been mended.
	RedriveCommand pulumi.StringOutput `pulumi:"redriveCommand"`

	// Ready is what exists once the component does; who relies on it by name waits for these, see depend.On.
	Ready []pulumi.CustomResource
}

// NewQueue registers the component. The error is CodeInvalid when an argument
// is wrong; nothing is registered then.
func NewQueue(ctx *pulumi.Context, name string, args *QueueArgs, opts ...pulumi.ResourceOption) (*Queue, error) {
	if args == nil {
		args = &QueueArgs{}
	}
	given := args.withDefaults()
	args = &given
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	q := &Queue{}
	if err := ctx.RegisterComponentResource("tenantform:queueworker:Queue", name, q, opts...); err != nil {
		return nil, err
	}
	// The queues name each other. Both ARNs are known beforehand, so that each is
	// complete when it is made, and no third resource has to complete one.
	allowed, err := asJSON(map[string]any{"redrivePermission": "byQueue", "sourceQueueArns": []string{args.arn()}})
	if err != nil {
		return nil, err
	}
	dead, err := sqs.NewQueue(ctx, name+"-dead", &sqs.QueueArgs{
		Name:                    pulumi.String(args.Name + deadSuffix),
		KmsMasterKeyId:          args.KeyARN,
		MessageRetentionSeconds: pulumi.Int(deadKeptSec),
		Policy:                  args.access(args.deadARN()).Input(),
		RedriveAllowPolicy:      allowed,
		Tags:                    args.Tags.Map(),
	}, pulumi.Parent(q))
	if err != nil {
		return nil, err
	}
	redrive, err := asJSON(map[string]any{"deadLetterTargetArn": args.deadARN(), "maxReceiveCount": args.MaxReceiveCount})
	if err != nil {
		return nil, err
	}
	made, err := sqs.NewQueue(ctx, name+"-queue", &sqs.QueueArgs{
		Name:                     pulumi.String(args.Name),
		KmsMasterKeyId:           args.KeyARN,
		MessageRetentionSeconds:  pulumi.Int(keptSec),
		ReceiveWaitTimeSeconds:   pulumi.Int(longPollSec),
		VisibilityTimeoutSeconds: pulumi.Int(args.VisibilitySec),
		Policy:                   args.access(args.arn()).Input(),
		RedrivePolicy:            redrive,
		Tags:                     args.Tags.Map(),
	}, pulumi.Parent(q), depend.On(dead))
	if err != nil {
		return nil, err
	}
	q.Ready = append(q.Ready, dead, made)
	if err := q.alarms(ctx, name, args); err != nil {
		return nil, err
	}
	q.URL, q.ARN, q.DeadURL, q.DeadARN = made.Url, made.Arn, dead.Url, dead.Arn
	q.RedriveCommand = pulumi.Sprintf("aws sqs start-message-move-task --region %s --source-arn %s --destination-arn %s", args.Location.Region, dead.Arn, made.Arn)
	if err := ctx.RegisterResourceOutputs(q, pulumi.Map{
		"url": q.URL, "arn": q.ARN, "deadLetterUrl": q.DeadURL, "deadLetterArn": q.DeadARN, "redriveCommand": q.RedriveCommand,
	}); err != nil {
		return nil, err
	}
	return q, nil
}

// Validate checks the arguments as NewQueue does, for a component that is made
// of a queue and wants to refuse them before it registers anything.
func (a *QueueArgs) Validate(name string) error {
	given := a.withDefaults()
	c := check.New("queue", name)
	given.check(c)
	return c.Err()
}

func (a *QueueArgs) check(c *check.Args) {
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxQueueName, queuePattern)
	c.Needs("KeyARN", a.KeyARN != nil, "the ARN of a customer managed key")
	c.Between("VisibilitySec", a.VisibilitySec, 1, MaxVisibilitySec, "seconds")
	c.Between("MaxReceiveCount", a.MaxReceiveCount, 1, MaxReceives, "receives")
	if long := a.VisibilitySec * a.MaxReceiveCount; a.VisibilitySec <= MaxVisibilitySec && a.MaxReceiveCount <= MaxReceives && long > keptSec {
		c.Fault("MaxReceiveCount", strconv.Itoa(a.MaxReceiveCount), fmt.Sprintf(
			"at most %d with a VisibilitySec of %d: a message that is received later than %d seconds after its arrival is gone before it becomes a dead letter",
			keptSec/a.VisibilitySec, a.VisibilitySec, keptSec))
	}
	c.Between("MaxAgeSec", a.MaxAgeSec, alarmPeriodSec, keptSec, "seconds")
	for _, t := range a.Topics {
		c.Name("Topics", t, 512, topicPattern)
	}
	c.Between("AlarmActions", len(a.AlarmActions), 0, maxActions, "actions")
}

func (a *QueueArgs) withDefaults() QueueArgs {
	full := *a
	full.VisibilitySec = or(a.VisibilitySec, DefaultVisibilitySec)
	full.MaxReceiveCount = or(a.MaxReceiveCount, DefaultMaxReceiveCount)
	full.MaxAgeSec = or(a.MaxAgeSec, DefaultMaxAgeSec)
	return full
}

// or gives a value, or another one when it is 0.
func or(value, zero int) int {
	if value == 0 {
		return zero
	}
	return value
}

func (a *QueueArgs) arn() string     { return a.Location.ARN("sqs", a.Name) }
func (a *QueueArgs) deadARN() string { return DeadLetterARN(a.Location, a.Name) }

// DeadLetterARN gives the ARN of the dead-letter queue of a Queue with a
// physical name, before either is made.
func DeadLetterARN(l location.Location, name string) string { return l.ARN("sqs", name+deadSuffix) }

// access is the policy of one of the two queues.
func (a *QueueArgs) access(arn string) iampolicy.Document {
	doc := iampolicy.Document{{
		Sid:        "TLSOnly",
		Effect:     iampolicy.Deny,
		Principal:  &iampolicy.Principal{AWS: []string{"*"}},
		Actions:    []string{"sqs:*"},
		Resources:  []string{arn},
		Conditions: iampolicy.Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
	}}
	if len(a.Topics) == 0 {
		return doc
	}
	return append(doc, iampolicy.Statement{
		Sid:        "TheseTopicsSend",
		Effect:     iampolicy.Allow,
		Principal:  &iampolicy.Principal{Service: []string{"sns.amazonaws.com"}},
		Actions:    []string{"sqs:SendMessage"},
		Resources:  []string{arn},
		Conditions: iampolicy.Conditions{"ArnEquals": {"aws:SourceArn": a.Topics}},
	})
}

// alarms watch for a dead letter and for a queue that is not worked off.
// Messages that are not there give no data, which is no alarm.
func (q *Queue) alarms(ctx *pulumi.Context, name string, args *QueueArgs) error {
	actions := make(pulumi.Array, len(args.AlarmActions))
	for i, a := range args.AlarmActions {
		actions[i] = a
	}
	for _, w := range []struct {
		child, queue, metric, says string
		threshold, periods         int
	}{
		{"dead-letters", args.Name + deadSuffix, "ApproximateNumberOfMessagesVisible",
			fmt.Sprintf("Messages of queue %s were received %d times without success", args.Name, args.MaxReceiveCount), 0, 1},
		{"oldest-message", args.Name, "ApproximateAgeOfOldestMessage",
			fmt.Sprintf("Messages of queue %s wait for longer than %d seconds", args.Name, args.MaxAgeSec), args.MaxAgeSec, agePeriods},
	} {
		alarm, err := cloudwatch.NewMetricAlarm(ctx, name+"-"+w.child, &cloudwatch.MetricAlarmArgs{
			Name:               pulumi.String(args.Name + "-" + w.child),
			AlarmDescription:   pulumi.String(w.says),
			Namespace:          pulumi.String("AWS/SQS"),
			MetricName:         pulumi.String(w.metric),
			Dimensions:         pulumi.StringMap{"QueueName": pulumi.String(w.queue)},
			Statistic:          pulumi.String("Maximum"),
			Period:             pulumi.Int(alarmPeriodSec),
			EvaluationPeriods:  pulumi.Int(w.periods),
			Threshold:          pulumi.Float64(w.threshold),
			ComparisonOperator: pulumi.String("GreaterThanThreshold"),
			TreatMissingData:   pulumi.String("notBreaching"),
			AlarmActions:       actions,
			OkActions:          actions,
			Tags:               args.Tags.Map(),
		}, pulumi.Parent(q))
		if err != nil {
			return err
		}
		q.Ready = append(q.Ready, alarm)
	}
	return nil
}

func asJSON(v any) (pulumi.String, error) {
	text, err := json.Marshal(v)
	return pulumi.String(text), err
}
