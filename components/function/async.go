package function

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
)

// Limits of asynchronous invocation; see PutFunctionEventInvokeConfig in the
// Lambda API Reference. Lambda itself takes the largest of each by default.
const (
	MaxAttempts    = 3 // the first and two retries
	MinEventAgeSec = 60
	MaxEventAgeSec = 21600
)

// OnFailure is where Lambda sends the record of an event that the code could
// not process: the event itself, the error and what led to it. The function's
// role is allowed to send to this destination and to no other.
type OnFailure struct {
	// ARN is that of a standard SQS queue, a standard SNS topic or an EventBridge
	// bus; required.
	ARN string
	// KeyARN is the customer managed key that encrypts the queue or topic. nil: none
	// does.
	KeyARN pulumi.StringPtrInput
	// Attempts is how often Lambda tries an event, 1 to 3; 3 when 0.
	Attempts int
	// MaxAgeSec is how long Lambda keeps an event that it could not hand over, 60 to
	// 21600 seconds; 21600 when 0.
	MaxAgeSec int
}

// destination is a kind of destination: what has to be allowed, and the
// encryption context under which the service uses a customer managed key, "" for
// one that uses the key with its own permissions. The sources are "Capturing
// records of Lambda asynchronous invocations" and, for the contexts, the key
// management pages of the SQS and SNS Developer Guides.
type destination struct {
	pattern *regexp.Regexp
	action  string
	context string
}

var destinations = []destination{
	{regexp.MustCompile(`^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$`), "sqs:SendMessage", "aws:sqs:arn"},
	{regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$`), "sns:Publish", "aws:sns:topicArn"},
	{regexp.MustCompile(`^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[a-zA-Z0-9._/-]+$`), "events:PutEvents", ""},
}

// destination gives the kind; ok is false when the ARN is of none.
func (o *OnFailure) destination() (d destination, ok bool) {
	for _, d := range destinations {
		if d.pattern.MatchString(o.ARN) {
			return d, true
		}
	}
	return destination{}, false
}

func (a *Args) checkOnFailure(c *check.Args) {
	o := a.OnFailure
	if o == nil {
		return
	}
	d, ok := o.destination()
	switch {
	case strings.HasSuffix(o.ARN, ".fifo"):
		c.Fault("OnFailure.ARN", o.ARN, "a standard queue or topic; Lambda cannot send to a FIFO one")
	case !ok:
		c.Fault("OnFailure.ARN", o.ARN, "the ARN of an SQS queue, an SNS topic or an EventBridge bus")
	case o.KeyARN != nil && d.context == "":
		c.Fault("OnFailure.KeyARN", "a key", "no key for a bus, which uses its own")
	}
	c.Between("OnFailure.Attempts", o.Attempts, 0, MaxAttempts, "attempts; 0 means 3")
	if o.MaxAgeSec != 0 {
		c.Between("OnFailure.MaxAgeSec", o.MaxAgeSec, MinEventAgeSec, MaxEventAgeSec, "seconds")
	}
}

// failures gives the statement for the destination, none when there is none.
func (a *Args) failures() iampolicy.Document {
	if a.OnFailure == nil {
		return nil
	}
	d, _ := a.OnFailure.destination()
	return iampolicy.Document{{
		Sid: "LambdaSendsFailedEvents", Effect: iampolicy.Allow, Actions: []string{d.action}, Resources: []string{a.OnFailure.ARN},
	}}
}

// async sets the destination of the function, and of the alias where there is
// one: the settings of one do not hold for the other.
func (f *Function) async(ctx *pulumi.Context, name string, args *Args, made *lambda.Function) error {
	if args.OnFailure == nil {
		return nil
	}
	set := func(child string, qualifier pulumi.StringPtrInput, opts ...pulumi.ResourceOption) error {
		_, err := lambda.NewFunctionEventInvokeConfig(ctx, name+"-"+child, &lambda.FunctionEventInvokeConfigArgs{
			FunctionName:             made.Name,
			Qualifier:                qualifier,
			MaximumRetryAttempts:     pulumi.Int(cmp.Or(args.OnFailure.Attempts, MaxAttempts) - 1),
			MaximumEventAgeInSeconds: pulumi.Int(cmp.Or(args.OnFailure.MaxAgeSec, MaxEventAgeSec)),
			DestinationConfig: lambda.FunctionEventInvokeConfigDestinationConfigArgs{
				OnFailure: lambda.FunctionEventInvokeConfigDestinationConfigOnFailureArgs{Destination: pulumi.String(args.OnFailure.ARN)},
			},
		}, append(opts, pulumi.Parent(f))...)
		return err
	}
	if err := set("async", nil); err != nil {
		return err
	}
	if f.live == nil {
		return nil
	}
	return set("async-live", f.live.Name)
}
