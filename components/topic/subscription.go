package topic

import (
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/queueworker"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

// SNS's limits of a filter; see "Filter policy constraints in Amazon SNS".
const (
	MaxFilterKeys         = 5
	MaxFilterCombinations = 150
)

var arnPattern = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$`)

// Filter says which messages a subscription gets: for each key, the values of
// which one must be there, compared letter by letter. nil lets every message
// through.
type Filter map[string][]string

// Queue is what can be said of a subscribed queue; see queueworker.QueueArgs
// for the limits and for what 0 means.
type Queue struct {
	VisibilitySec   int
	MaxReceiveCount int
	MaxAgeSec       int
	AlarmActions    pulumi.StringArray
}

// SubscriptionArgs are the arguments of a Subscription.
type SubscriptionArgs struct {
	Location location.Location // where the queue is: the account and region of the service that reads it
	Tags     tags.Required
	Name     string // physical name of the queue; 1 to 75 letters, digits, "_" and "-"
	// Topic is a topic that the same program makes. TopicARN is the ARN of any
	// other, or of a Fanout's, on which the subscription then has to depend
	// (depend.On with its Ready). A topic of another account has to have this one among its
	// Subscribers. One of the two is required.
	Topic    *Topic
	TopicARN string
	// KeyARN is the key that encrypts the queue. Its policy has to let SNS deliver
	// the topic with it. nil: the key of Topic where that is in the same account and
	// region, a new one elsewhere.
	KeyARN pulumi.StringPtrInput
	// Filter selects messages by their attributes, or by their body, which is then
	// JSON, where FilterBody says so. At most 5 keys, and 150 combinations of values.
	Filter     Filter
	FilterBody bool
	// Raw delivers messages as they were published, with at most 10 attributes: a
	// message with more becomes a dead letter. Otherwise SNS puts each into a JSON
	// object of its own.
	Raw   bool
	Queue Queue
}

// Subscription is an SQS queue that gets a topic's messages. It has a
// dead-letter queue, for messages that nobody could process and for those that
// SNS could not deliver, and alarms.
type Subscription struct {
	pulumi.ResourceState

	QueueURL       pulumi.StringOutput `pulumi:"queueUrl"`
	QueueARN       pulumi.StringOutput `pulumi:"queueArn"`
	DeadURL        pulumi.StringOutput `pulumi:"deadLetterUrl"`
	RedriveCommand pulumi.StringOutput `pulumi:"redriveCommand"` // see queueworker.Queue
	// KeyARN is the key that encrypts the queue: who reads it needs kms:Decrypt.
	KeyARN pulumi.StringOutput `pulumi:"keyArn"`

	// Ready is what exists once the component does; who relies on it by name waits for these, see depend.On.
	Ready []pulumi.CustomResource
}

// NewSubscription registers the component. The error is CodeInvalid when an
// argument is wrong; nothing is registered then.
func NewSubscription(ctx *pulumi.Context, name string, args *SubscriptionArgs, opts ...pulumi.ResourceOption) (*Subscription, error) {
	if args == nil {
		args = &SubscriptionArgs{}
	}
	c := check.New("subscription", name)
	args.check(c)
	if err := c.Err(); err != nil {
		return nil, err
	}
	s := &Subscription{}
	if err := ctx.RegisterComponentResource("tenantform:topic:Subscription", name, s, opts...); err != nil {
		return nil, err
	}
	key, err := args.key(ctx, name, s)
	if err != nil {
		return nil, err
	}
	queue, err := queueworker.NewQueue(ctx, name+"-queue", args.queue(key), pulumi.Parent(s))
	if err != nil {
		return nil, err
	}
	if err := s.subscribe(ctx, name, args, queue); err != nil {
		return nil, err
	}
	s.Ready = append(s.Ready, queue.Ready...)
	s.QueueURL, s.QueueARN, s.DeadURL, s.RedriveCommand = queue.URL, queue.ARN, queue.DeadURL, queue.RedriveCommand
	s.KeyARN = key.ToStringPtrOutput().Elem()
	if err := ctx.RegisterResourceOutputs(s, pulumi.Map{
		"queueUrl": s.QueueURL, "queueArn": s.QueueARN, "deadLetterUrl": s.DeadURL, "redriveCommand": s.RedriveCommand, "keyArn": s.KeyARN,
	}); err != nil {
		return nil, err
	}
	return s, nil
}

func (a *SubscriptionArgs) check(c *check.Args) {
	switch {
	case a.Topic == nil:
		c.Name("TopicARN", a.TopicARN, 512, arnPattern)
	case a.TopicARN != "":
		c.Fault("TopicARN", a.TopicARN, "nothing, where Topic is given")
	}
	if len(a.Filter) > MaxFilterKeys {
		c.Fault("Filter", strconv.Itoa(len(a.Filter)), "1 to "+strconv.Itoa(MaxFilterKeys)+" keys")
	}
	if a.FilterBody && len(a.Filter) == 0 {
		c.Fault("FilterBody", "true", "false without a Filter")
	}
	combinations := 1
	for _, key := range slices.Sorted(maps.Keys(a.Filter)) {
		if key == "" || strings.HasPrefix(key, "$") {
			c.Fault("Filter", key, "keys that are names of message attributes, or of properties of the body")
		}
		c.Needs("Filter."+key, len(a.Filter[key]) > 0, "one value or more")
		combinations = min(combinations*max(len(a.Filter[key]), 1), MaxFilterCombinations+1)
	}
	if combinations > MaxFilterCombinations {
		c.Fault("Filter", "more than "+strconv.Itoa(MaxFilterCombinations), "values of which there are at most "+strconv.Itoa(MaxFilterCombinations)+" combinations")
	}
	if e, ok := errors.AsType[*tenants.Error](a.queue(pulumi.String("")).Validate("queue")); ok {
		for _, f := range e.Fields {
			if f.Field != "Topics" {
				c.Add([]tenants.FieldError{f})
			}
		}
	}
}

// topicARN is the topic's ARN, which is known before the run.
func (a *SubscriptionArgs) topicARN() string {
	if a.Topic != nil {
		return a.Topic.arn
	}
	return a.TopicARN
}

func (a *SubscriptionArgs) queue(key pulumi.StringPtrInput) *queueworker.QueueArgs {
	return &queueworker.QueueArgs{
		Location: a.Location, Tags: a.Tags, Name: a.Name, KeyARN: key, Topics: []string{a.topicARN()},
		VisibilitySec: a.Queue.VisibilitySec, MaxReceiveCount: a.Queue.MaxReceiveCount, MaxAgeSec: a.Queue.MaxAgeSec, AlarmActions: a.Queue.AlarmActions,
	}
}

// key gives the key that encrypts the queue, and makes it where there is none.
func (a *SubscriptionArgs) key(ctx *pulumi.Context, name string, parent pulumi.Resource) (pulumi.StringPtrInput, error) {
	if a.KeyARN != nil {
		return a.KeyARN, nil
	}
	if t := a.Topic; t != nil && t.at.AccountID == a.Location.AccountID && t.at.Region == a.Location.Region {
		return t.KeyARN, nil
	}
	return newKey(ctx, name, keyArgs{
		at: a.Location, tags: a.Tags, alias: a.Name, protects: "Messages of queue " + a.Name,
		services: []iampolicy.Statement{delivers(a.topicARN())},
	}, parent)
}

func (s *Subscription) subscribe(ctx *pulumi.Context, name string, args *SubscriptionArgs, queue *queueworker.Queue) error {
	redrive, err := json.Marshal(map[string]string{"deadLetterTargetArn": queueworker.DeadLetterARN(args.Location, args.Name)})
	if err != nil {
		return err
	}
	sub := &sns.TopicSubscriptionArgs{
		Topic:              pulumi.String(args.TopicARN),
		Protocol:           pulumi.String("sqs"),
		Endpoint:           queue.ARN,
		RawMessageDelivery: pulumi.Bool(args.Raw),
		RedrivePolicy:      pulumi.String(redrive),
	}
	if args.Topic != nil {
		sub.Topic = args.Topic.ARN
	}
	if len(args.Filter) > 0 {
		filter, err := json.Marshal(args.Filter)
		if err != nil {
			return err
		}
		sub.FilterPolicy, sub.FilterPolicyScope = pulumi.String(filter), pulumi.String("MessageAttributes")
		if args.FilterBody {
			sub.FilterPolicyScope = pulumi.String("MessageBody")
		}
	}
	_, err = sns.NewTopicSubscription(ctx, name+"-subscription", sub, pulumi.Parent(s))
	return err
}
