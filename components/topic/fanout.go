package topic

import (
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// The limits of a Fanout's names: together with a hyphen they make the name of a
// queue, of which a dead-letter queue's has to be possible.
const (
	MaxFanoutName  = 40
	MaxServiceName = 34
)

var servicePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// FanoutArgs are the arguments of a Fanout.
type FanoutArgs struct {
	Location location.Location
	Tags     tags.Required
	Name     string // of the topic, and begins the queues' names; 1 to 40 letters, digits, "_" and "-"
	// Services are those of the topic's account. A service of another account makes
	// a Subscription there.
	Services []Service
	// Subscribers, Alarms and LogGroups are as in Args.
	Subscribers []string
	Alarms      bool
	LogGroups   []string
}

// Service is a service that gets events. Its queue is called like the topic, a
// hyphen and its name.
type Service struct {
	Name       string // 1 to 34 of a-z, 0-9 and "-"; each once
	Filter     Filter // as in SubscriptionArgs
	FilterBody bool
	Queue      Queue
}

// Fanout is a topic for events with a queue for each service, which gets the
// events as they were published. A service that is added changes nothing for
// the others, or for who publishes.
type Fanout struct {
	pulumi.ResourceState

	TopicARN pulumi.StringOutput `pulumi:"topicArn"`
	KeyARN   pulumi.StringOutput `pulumi:"keyArn"`
	// QueueURLs, QueueARNs and RedriveCommands are by the name of the service.
	QueueURLs       pulumi.StringMapOutput `pulumi:"queueUrls"`
	QueueARNs       pulumi.StringMapOutput `pulumi:"queueArns"`
	RedriveCommands pulumi.StringMapOutput `pulumi:"redriveCommands"`

	// Ready is what exists once the component does; who relies on it by name waits for these, see depend.On.
	Ready []pulumi.CustomResource
}

// NewFanout registers the component. The error is CodeInvalid when an argument
// is wrong; nothing is registered then.
func NewFanout(ctx *pulumi.Context, name string, args *FanoutArgs, opts ...pulumi.ResourceOption) (*Fanout, error) {
	if args == nil {
		args = &FanoutArgs{}
	}
	if err := args.validate(name); err != nil {
		return nil, err
	}
	f := &Fanout{}
	if err := ctx.RegisterComponentResource("tenantform:topic:Fanout", name, f, opts...); err != nil {
		return nil, err
	}
	t, err := New(ctx, name+"-topic", args.topic(), pulumi.Parent(f))
	if err != nil {
		return nil, err
	}
	urls, arns, commands := pulumi.StringMap{}, pulumi.StringMap{}, pulumi.StringMap{}
	for _, service := range args.Services {
		s, err := NewSubscription(ctx, name+"-"+service.Name, args.subscription(service, t), pulumi.Parent(f))
		if err != nil {
			return nil, err
		}
		f.Ready = append(f.Ready, s.Ready...)
		urls[service.Name], arns[service.Name], commands[service.Name] = s.QueueURL, s.QueueARN, s.RedriveCommand
	}
	f.TopicARN, f.KeyARN = t.ARN, t.KeyARN
	f.Ready = append(f.Ready, t.Ready...)
	f.QueueURLs, f.QueueARNs, f.RedriveCommands = urls.ToStringMapOutput(), arns.ToStringMapOutput(), commands.ToStringMapOutput()
	if err := ctx.RegisterResourceOutputs(f, pulumi.Map{
		"topicArn": f.TopicARN, "keyArn": f.KeyARN, "queueUrls": f.QueueURLs, "queueArns": f.QueueARNs, "redriveCommands": f.RedriveCommands,
	}); err != nil {
		return nil, err
	}
	return f, nil
}

func (a *FanoutArgs) validate(name string) error {
	c := check.New("fanout", name)
	c.Name("Name", a.Name, MaxFanoutName, namePattern)
	seen := map[string]bool{}
	for _, s := range a.Services {
		c.Name("Services.Name", s.Name, MaxServiceName, servicePattern)
		if seen[s.Name] {
			c.Fault("Services.Name", s.Name, "each name once")
		}
		seen[s.Name] = true
	}
	if seen["topic"] {
		c.Fault("Services.Name", "topic", "another name: the topic itself is registered under it")
	}
	if err := c.Err(); err != nil {
		return err
	}
	a.topic().check(c)
	if err := c.Err(); err != nil {
		return err
	}
	for _, s := range a.Services {
		part := check.New("fanout", name+"-"+s.Name)
		a.subscription(s, &Topic{at: a.Location, arn: a.topic().arn()}).check(part)
		if err := part.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (a *FanoutArgs) topic() *Args {
	return &Args{Location: a.Location, Tags: a.Tags, Name: a.Name, Subscribers: a.Subscribers, Alarms: a.Alarms, LogGroups: a.LogGroups}
}

func (a *FanoutArgs) subscription(s Service, t *Topic) *SubscriptionArgs {
	return &SubscriptionArgs{
		Location: a.Location, Tags: a.Tags, Name: a.Name + "-" + s.Name, Topic: t,
		Filter: s.Filter, FilterBody: s.FilterBody, Raw: true, Queue: s.Queue,
	}
}
