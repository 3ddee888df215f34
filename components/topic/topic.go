package topic

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// MaxName is the most characters that a topic's name may have here: 256 by
// CreateTopic in the SNS API Reference, less than the 250 of its key's alias.
const MaxName = 200

// MaxSubscribers is the most accounts that a topic lets in: a policy has at most
// 30 KB and 100 statements ("Policy quotas" in the SNS Developer Guide), and
// each account takes a statement of about 400 bytes.
const MaxSubscribers = 60

// signatureSHA256 is SNS's newer signature of what it delivers; see "Verifying
// the signatures of Amazon SNS messages" in the SNS Developer Guide.
const signatureSHA256 = 2

const (
	productionWindowDays = 30 // the longest and the shortest that KMS allows
	otherWindowDays      = 7
)

var (
	namePattern    = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
)

// Args are the arguments of a Topic.
type Args struct {
	Location location.Location
	Tags     tags.Required
	// Name is the physical name; 1 to 200 letters, digits, "_" and "-". Who of the
	// account may publish is for IAM to say: sns:Publish on the topic, and
	// kms:Decrypt and kms:GenerateDataKey on its key.
	Name string
	// Subscribers are the other accounts that may subscribe queues of their own; 12
	// digits each, at most 60. None: only the topic's own account may.
	Subscribers []string
	// Alarms lets the alarms of CloudWatch in the topic's account publish.
	Alarms bool
	// Budgets lets the budgets of the topic's account publish.
	Budgets bool
	// Rules lets the rules of EventBridge publish. No condition narrows this to the
	// topic's account, because EventBridge sends none to an encrypted topic ("Key
	// management" in the SNS Developer Guide).
	Rules bool
	// LogGroups are the names of log groups that CloudWatch Logs encrypts with the
	// topic's key, as in encryption.Args: those of who keeps its messages, for example.
	LogGroups []string
}

// Topic is an SNS topic with the key that encrypts it. Its policy refuses
// requests without TLS and names who else may use it. The key lets SNS deliver
// this topic's messages to queues that are encrypted with it too.
type Topic struct {
	pulumi.ResourceState

	ARN    pulumi.StringOutput `pulumi:"arn"`
	Name   pulumi.StringOutput `pulumi:"name"`
	KeyARN pulumi.StringOutput `pulumi:"keyArn"`

	// Ready is what exists once the component does; who relies on it by name waits for these, see depend.On.
	Ready []pulumi.CustomResource

	at  location.Location
	arn string
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Topic, error) {
	if args == nil {
		args = &Args{}
	}
	c := check.New("topic", name)
	args.check(c)
	if err := c.Err(); err != nil {
		return nil, err
	}
	t := &Topic{at: args.Location, arn: args.arn()}
	if err := ctx.RegisterComponentResource("tenantform:topic:Topic", name, t, opts...); err != nil {
		return nil, err
	}
	services := []iampolicy.Statement{delivers(t.arn)}
	for _, p := range args.publishers() {
		services = append(services, p.statement("UsedBy"+p.who, []string{"kms:Decrypt", "kms:GenerateDataKey"}, "*"))
	}
	if len(args.LogGroups) > 0 {
		services = append(services, encryption.ForLogGroups(args.Location, args.LogGroups...))
	}
	key, err := newKey(ctx, name, keyArgs{
		at: args.Location, tags: args.Tags, alias: args.Name, protects: "Messages of topic " + args.Name, services: services,
	}, t)
	if err != nil {
		return nil, err
	}
	made, err := sns.NewTopic(ctx, name+"-topic", &sns.TopicArgs{
		Name:             pulumi.String(args.Name),
		KmsMasterKeyId:   key,
		SignatureVersion: pulumi.Int(signatureSHA256),
		Policy:           args.access().Input(),
		Tags:             args.Tags.Map(),
	}, pulumi.Parent(t))
	if err != nil {
		return nil, err
	}
	t.ARN, t.Name, t.KeyARN = made.Arn, made.Name, key
	t.Ready = []pulumi.CustomResource{made}
	if err := ctx.RegisterResourceOutputs(t, pulumi.Map{"arn": t.ARN, "name": t.Name, "keyArn": t.KeyARN}); err != nil {
		return nil, err
	}
	return t, nil
}

func (a *Args) check(c *check.Args) {
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, MaxName, namePattern)
	for _, g := range a.LogGroups {
		c.Name("LogGroups", g, encryption.MaxLogGroup, encryption.LogGroupPattern)
	}
	c.Between("Subscribers", len(a.Subscribers), 0, MaxSubscribers, "accounts")
	seen := map[string]bool{a.Location.AccountID: true}
	for _, s := range a.Subscribers {
		if !accountPattern.MatchString(s) || seen[s] {
			c.Fault("Subscribers", s, "ids of other accounts, 12 digits, each once")
		}
		seen[s] = true
	}
}

func (a *Args) arn() string { return a.Location.ARN("sns", a.Name) }

// access is the topic's policy. The first statement is that of "Enforce
// encryption of data in transit" in the SNS Developer Guide; SNS refuses a
// policy with sns:*. An account is let in by its id, and only for queues of its
// own in the topic's region.
func (a *Args) access() iampolicy.Document {
	doc := iampolicy.Document{{
		Sid:        "TLSOnly",
		Effect:     iampolicy.Deny,
		Principal:  &iampolicy.Principal{AWS: []string{"*"}},
		Actions:    []string{"sns:Publish"},
		Resources:  []string{a.arn()},
		Conditions: iampolicy.Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
	}}
	for _, p := range a.publishers() {
		doc = append(doc, p.statement(p.who+"Publish", []string{"sns:Publish"}, a.arn()))
	}
	for _, s := range a.Subscribers {
		there := location.Location{Region: a.Location.Region, AccountID: s}
		doc = append(doc, iampolicy.Statement{
			Sid:       "Subscriber" + s,
			Effect:    iampolicy.Allow,
			Principal: &iampolicy.Principal{AWS: []string{there.RootARN()}},
			Actions:   []string{"sns:Subscribe"},
			Resources: []string{a.arn()},
			Conditions: iampolicy.Conditions{
				"StringEquals": {"sns:Protocol": {"sqs"}},
				"StringLike":   {"sns:Endpoint": {there.ARN("sqs", "*")}},
			},
		})
	}
	return doc
}

// publisher is a service of AWS that publishes for something of the account.
type publisher struct {
	who, service string
	source       string // what it publishes for, an ARN; "" where it does not say
	account      string
}

// publishers are the services that were asked for. Their conditions are those of
// "Key management" in the SNS Developer Guide and of "Creating an Amazon SNS
// topic for budget notifications" in the Cost Management User Guide.
func (a *Args) publishers() []publisher {
	var all []publisher
	if a.Alarms {
		all = append(all, publisher{"Alarms", "cloudwatch.amazonaws.com", a.Location.ARN("cloudwatch", "alarm:*"), a.Location.AccountID})
	}
	if a.Budgets {
		source := "arn:" + a.Location.Partition() + ":budgets::" + a.Location.AccountID + ":*"
		all = append(all, publisher{"Budgets", "budgets.amazonaws.com", source, a.Location.AccountID})
	}
	if a.Rules {
		all = append(all, publisher{who: "Rules", service: "events.amazonaws.com"})
	}
	return all
}

// statement lets the service do something for its source in the account.
func (p publisher) statement(sid string, actions []string, resource string) iampolicy.Statement {
	s := iampolicy.Statement{
		Sid:       sid,
		Effect:    iampolicy.Allow,
		Principal: &iampolicy.Principal{Service: []string{p.service}},
		Actions:   actions,
		Resources: []string{resource},
	}
	if p.source != "" {
		s.Conditions = iampolicy.Conditions{
			"ArnLike":      {"aws:SourceArn": {p.source}},
			"StringEquals": {"aws:SourceAccount": {p.account}},
		}
	}
	return s
}

// delivers is what a key's policy says so that SNS can put the messages of a
// topic into a queue that the key encrypts; IAM cannot say it, because SNS is no
// principal of the account. See "Configuring Amazon SNS encryption with an
// encrypted Amazon SQS queue subscription" in the SNS Developer Guide.
func delivers(topicARN string) iampolicy.Statement {
	return iampolicy.Statement{
		Sid:        "DeliversTheTopic",
		Effect:     iampolicy.Allow,
		Principal:  &iampolicy.Principal{Service: []string{"sns.amazonaws.com"}},
		Actions:    []string{"kms:Decrypt", "kms:GenerateDataKey"},
		Resources:  []string{"*"},
		Conditions: iampolicy.Conditions{"ArnEquals": {"aws:SourceArn": {topicARN}}},
	}
}

// keyArgs are what a key is made from.
type keyArgs struct {
	at       location.Location
	tags     tags.Required
	alias    string // without "alias/"
	protects string
	services []iampolicy.Statement // what AWS's services may do with it
}

// newKey makes a key that the account, and the services named, may use, and
// gives its ARN.
func newKey(ctx *pulumi.Context, name string, args keyArgs, parent pulumi.Resource) (pulumi.StringOutput, error) {
	window := otherWindowDays
	if args.at.Production() {
		window = productionWindowDays
	}
	doc := append(iampolicy.Document{{
		Sid:       "TheAccountDecidesByIAM",
		Effect:    iampolicy.Allow,
		Principal: &iampolicy.Principal{AWS: []string{args.at.RootARN()}},
		Actions:   []string{"kms:*"},
		Resources: []string{"*"},
	}}, args.services...)
	key, err := kms.NewKey(ctx, name+"-key", &kms.KeyArgs{
		Description:          pulumi.String(args.protects),
		EnableKeyRotation:    pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(window),
		Policy:               doc.Input(),
		Tags:                 args.tags.Map(),
	}, pulumi.Parent(parent))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	_, err = kms.NewAlias(ctx, name+"-alias", &kms.AliasArgs{
		Name:        pulumi.String("alias/" + args.alias),
		TargetKeyId: key.KeyId,
	}, pulumi.Parent(parent))
	return key.Arn, err
}
