package guardrails

import (
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudtrail"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/components/topic"
)

// What MinRetentionDays means when it is 0: what the shortest-lived logs of an
// environment are kept for.
const (
	DefaultMinRetentionDays           = 1
	DefaultMinRetentionDaysProduction = 7
)

const (
	maxName    = 40 // 64 for a rule of EventBridge, less what is added
	maxActions = 5  // "PutMetricAlarm" in the CloudWatch API Reference
)

var (
	namePattern   = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9-]+$`)
	bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]+[a-z0-9]$`)
	prefixPattern = regexp.MustCompile(`^[a-zA-Z0-9_.=-]+(/[a-zA-Z0-9_.=-]+)*$`)
	topicPattern  = regexp.MustCompile(`^arn:aws[a-z-]*:sns:([a-z0-9-]+):[0-9]{12}:[a-zA-Z0-9_-]+$`)
)

// AccountArgs are the arguments of an Account.
type AccountArgs struct {
	Location location.Location // the account and region that are watched
	Tags     tags.Required
	// Name begins the physical names; 2 to 40 letters, digits and "-", a letter first.
	Name string
	// Bucket is the physical name of the bucket to which Config and the Trail deliver.
	// It exists first, and its policy has BucketStatements.
	Bucket string
	// Prefix begins the keys of what is delivered, without "/" at its ends; at most 100
	// characters. "": none.
	Prefix string
	// Deployers are the names of the roles whose changes are no manual ones, 1 to 10: the
	// pipeline's, and those of a platform that makes users or keys itself.
	Deployers []string
	// TopicARN is the topic that is told of manual changes, in the same region. It has
	// to let rules publish, as a topic.Topic with Rules does. "": a new one, encrypted.
	TopicARN string
	// AlarmActions are the ARNs that are told when an alert could not be delivered; at
	// most 5. None: the alarm only shows.
	AlarmActions pulumi.StringArray
	// GlobalElsewhere says that another region records and holds to rules what the
	// account has once, IAM and the root user. False: this one does.
	GlobalElsewhere bool
	// ServiceRoleExists says that the account has Config's service-linked role already:
	// another region's Account made it, or AWS. False: it is made. An account has one.
	ServiceRoleExists bool
	// Without are identifiers of managed rules that are left out, each one of those
	// that Rules gives, because AWS does not offer them in the region or the account
	// cannot keep them. None: all rules.
	Without []string
	// MinRetentionDays is for how long logs are to be kept at least; a value that
	// CloudWatch Logs accepts. 7 in production and 1 elsewhere when 0.
	MinRetentionDays int
	// Trail makes a trail of CloudTrail for all regions of the account, into Bucket.
	// False: the organization has one, or another region's Account made it.
	Trail bool
	// TrailKeyARN is the customer managed key that encrypts the trail's files, with
	// KeyStatements in its policy; required with Trail.
	TrailKeyARN pulumi.StringPtrInput
}

// Account is a recorder of AWS Config with its rules, the alert on manual
// changes, and a trail on request. Config records changes as they happen in
// production and once a day elsewhere, with its service-linked role: AWS keeps
// that to what Config needs as resource types are added, and "Config.1" of AWS's
// Foundational Security Best Practices asks for it.
type Account struct {
	pulumi.ResourceState

	TopicARN     pulumi.StringOutput `pulumi:"topicArn"`
	RecorderName pulumi.StringOutput `pulumi:"recorderName"`
	RuleName     pulumi.StringOutput `pulumi:"ruleName"` // the alert's
	// TrailARN is "" without Trail.
	TrailARN pulumi.StringOutput `pulumi:"trailArn"`
}

// NewAccount registers the component. The error is CodeInvalid when an argument
// is wrong; nothing is registered then.
func NewAccount(ctx *pulumi.Context, name string, args *AccountArgs, opts ...pulumi.ResourceOption) (*Account, error) {
	if args == nil {
		args = &AccountArgs{}
	}
	given := args.withDefaults()
	args = &given
	if err := args.validate(name); err != nil {
		return nil, err
	}
	a := &Account{TrailARN: pulumi.String("").ToStringOutput()}
	if err := ctx.RegisterComponentResource("tenantform:guardrails:Account", name, a, opts...); err != nil {
		return nil, err
	}
	for _, part := range []func(*pulumi.Context, string, *AccountArgs) error{a.trail, a.record, a.alert} {
		if err := part(ctx, name, args); err != nil {
			return nil, err
		}
	}
	if err := ctx.RegisterResourceOutputs(a, pulumi.Map{
		"topicArn": a.TopicARN, "recorderName": a.RecorderName, "ruleName": a.RuleName, "trailArn": a.TrailARN,
	}); err != nil {
		return nil, err
	}
	return a, nil
}

// trail logs the management events of all regions, reading ones too: an
// investigation asks for these.
func (a *Account) trail(ctx *pulumi.Context, name string, args *AccountArgs) error {
	if !args.Trail {
		return nil
	}
	made, err := cloudtrail.NewTrail(ctx, name+"-trail", &cloudtrail.TrailArgs{
		Name:                       pulumi.String(args.trailName()),
		S3BucketName:               pulumi.String(args.Bucket),
		S3KeyPrefix:                args.prefix(),
		KmsKeyId:                   args.TrailKeyARN,
		EnableLogging:              pulumi.Bool(true),
		EnableLogFileValidation:    pulumi.Bool(true),
		IncludeGlobalServiceEvents: pulumi.Bool(true),
		IsMultiRegionTrail:         pulumi.Bool(true),
		Tags:                       args.Tags.Map(),
	}, pulumi.Parent(a))
	if err != nil {
		return err
	}
	a.TrailARN = made.Arn
	return nil
}

func (a *AccountArgs) trailName() string { return a.Name + "-trail" }

func (a *AccountArgs) prefix() pulumi.StringPtrInput {
	if a.Prefix == "" {
		return nil
	}
	return pulumi.String(a.Prefix)
}

// delivered is where a service puts its files, below the bucket.
func (a *AccountArgs) delivered() string {
	arn := a.Location.BucketARN(a.Bucket)
	if a.Prefix != "" {
		arn += "/" + a.Prefix
	}
	return arn + "/AWSLogs/" + a.Location.AccountID
}

// BucketStatements gives what the policy of Bucket has to allow, of any account:
// Config its deliveries, and CloudTrail those of the Trail. They are those of
// "Permissions for the Amazon S3 bucket for the AWS Config delivery channel" and
// "Amazon S3 bucket policy for CloudTrail".
func (a *AccountArgs) BucketStatements() iampolicy.Document {
	arn, owned := a.Location.BucketARN(a.Bucket), map[string][]string{"s3:x-amz-acl": {"bucket-owner-full-control"}}
	config := &iampolicy.Principal{Service: []string{configService}}
	account := map[string][]string{"aws:SourceAccount": {a.Location.AccountID}}
	doc := iampolicy.Document{
		{
			Sid: "ConfigFindsTheBucket" + a.Location.AccountID, Effect: iampolicy.Allow, Principal: config,
			Actions: []string{"s3:GetBucketAcl", "s3:ListBucket"}, Resources: []string{arn},
			Conditions: iampolicy.Conditions{"StringEquals": account},
		},
		{
			Sid: "ConfigDelivers" + a.Location.AccountID, Effect: iampolicy.Allow, Principal: config,
			Actions: []string{"s3:PutObject"}, Resources: []string{a.delivered() + "/Config/*"},
			Conditions: iampolicy.Conditions{"StringEquals": {
				"aws:SourceAccount": account["aws:SourceAccount"], "s3:x-amz-acl": owned["s3:x-amz-acl"],
			}},
		},
	}
	if !a.Trail {
		return doc
	}
	trail := &iampolicy.Principal{Service: []string{trailService}}
	source := map[string][]string{"aws:SourceArn": {a.Location.ARN("cloudtrail", "trail/"+a.trailName())}}
	return append(doc,
		iampolicy.Statement{
			Sid: "TrailFindsTheBucket" + a.Location.AccountID, Effect: iampolicy.Allow, Principal: trail,
			Actions: []string{"s3:GetBucketAcl"}, Resources: []string{arn},
			Conditions: iampolicy.Conditions{"ArnEquals": source},
		},
		iampolicy.Statement{
			Sid: "TrailDelivers" + a.Location.AccountID, Effect: iampolicy.Allow, Principal: trail,
			Actions: []string{"s3:PutObject"}, Resources: []string{a.delivered() + "/*"},
			Conditions: iampolicy.Conditions{"ArnEquals": source, "StringEquals": owned},
		},
	)
}

// KeyStatements gives what the policy of the key has to allow that encrypts the
// bucket and the Trail. They are those of "Permissions for the KMS key for the
// AWS Config delivery channel" and "Configure AWS KMS key policies for
// CloudTrail", without the condition on the encryption context: with a bucket
// key, S3 sends the bucket's and not CloudTrail's.
func (a *AccountArgs) KeyStatements() iampolicy.Document {
	doc := iampolicy.Document{{
		Sid: "ConfigEncrypts" + a.Location.AccountID, Effect: iampolicy.Allow,
		Principal: &iampolicy.Principal{Service: []string{configService}},
		Actions:   []string{"kms:Decrypt", "kms:GenerateDataKey"}, Resources: []string{"*"},
		Conditions: iampolicy.Conditions{"StringEquals": {"aws:SourceAccount": {a.Location.AccountID}}},
	}}
	if !a.Trail {
		return doc
	}
	trail := a.Location.ARN("cloudtrail", "trail/"+a.trailName())
	return append(doc,
		iampolicy.Statement{
			Sid: "TrailEncrypts" + a.Location.AccountID, Effect: iampolicy.Allow,
			Principal: &iampolicy.Principal{Service: []string{trailService}},
			Actions:   []string{"kms:GenerateDataKey"}, Resources: []string{"*"},
			Conditions: iampolicy.Conditions{"ArnEquals": {"aws:SourceArn": {trail}}},
		},
		iampolicy.Statement{
			Sid: "TrailFindsTheKey" + a.Location.AccountID, Effect: iampolicy.Allow,
			Principal: &iampolicy.Principal{Service: []string{trailService}},
			Actions:   []string{"kms:DescribeKey"}, Resources: []string{"*"},
			Conditions: iampolicy.Conditions{"ArnEquals": {"aws:SourceArn": {trail}}},
		},
	)
}

// Validate checks the arguments as NewAccount does, for who wants to refuse them
// before it registers anything.
func (a *AccountArgs) Validate(name string) error {
	given := a.withDefaults()
	return given.validate(name)
}

func (a *AccountArgs) validate(name string) error {
	c := check.New("account guardrails", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	c.Name("Bucket", a.Bucket, bucket.MaxName, bucketPattern)
	if a.Prefix != "" {
		c.Name("Prefix", a.Prefix, 100, prefixPattern)
	}
	checkRoles(c, "Deployers", a.Deployers, 1)
	if a.TopicARN != "" {
		c.Name("TopicARN", a.TopicARN, 512, topicPattern)
		if m := topicPattern.FindStringSubmatch(a.TopicARN); m != nil && m[1] != a.Location.Region {
			c.Fault("TopicARN", a.TopicARN, "a topic in "+a.Location.Region)
		}
	}
	c.Between("AlarmActions", len(a.AlarmActions), 0, maxActions, "actions")
	for i, w := range a.Without {
		c.OneOf("Without", w, Rules()...)
		if slices.Contains(a.Without[:i], w) {
			c.Fault("Without", w, "each rule once")
		}
	}
	c.Retention("MinRetentionDays", a.MinRetentionDays)
	if a.Trail {
		c.Needs("TrailKeyARN", a.TrailKeyARN != nil, "the ARN of a customer managed key, with Trail")
	} else if a.TrailKeyARN != nil {
		c.Fault("TrailKeyARN", "a key", "nothing, without Trail")
	}
	if n := len(a.pattern()); n > maxPattern {
		c.Between("Deployers, as a pattern", n, 1, maxPattern, "characters")
	}
	return c.Err()
}

func (a *AccountArgs) withDefaults() AccountArgs {
	full := *a
	if a.MinRetentionDays == 0 {
		full.MinRetentionDays = DefaultMinRetentionDays
		if a.Location.Production() {
			full.MinRetentionDays = DefaultMinRetentionDaysProduction
		}
	}
	return full
}

// alerts are the arguments of the topic that is made where none is given.
func (a *AccountArgs) alerts() *topic.Args {
	return &topic.Args{Location: a.Location, Tags: a.Tags, Name: a.Name + "-manual-changes", Rules: true}
}
