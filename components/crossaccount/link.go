package crossaccount

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/oam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// DefaultLabel is the label of a Link that says none: the account's name.
const DefaultLabel = "$AccountName"

const maxLabel = 64 // "CreateLink" in the Observability Access Manager API Reference

var (
	labelPattern = regexp.MustCompile(`^(\$AccountName|\$AccountEmail|\$AccountEmailNoDomain|[a-zA-Z0-9_.@ -]+)$`)
	sinkPattern  = regexp.MustCompile(`^arn:aws[a-z-]*:oam:([a-z0-9-]+):([0-9]{12}):sink/[a-zA-Z0-9-]+$`)
)

// LinkArgs are the arguments of a Link.
type LinkArgs struct {
	Location location.Location // the account that is looked at, in the region of the sink
	Tags     tags.Required
	// SinkARN is the ARN of the Sink; required. One that is known before the run is
	// held to the form of an ARN and to the region.
	SinkARN pulumi.StringInput
	// Label is how the account is called where its data are shown: $AccountName,
	// $AccountEmail, $AccountEmailNoDomain or a text of 1 to 64 characters.
	// "": DefaultLabel.
	Label string
	// ResourceTypes is what is shared, some of ResourceTypes(); none: all of it. The
	// Sink has to let them in.
	ResourceTypes []string
}

// Link shares the data of an account with the account of a Sink. AWS lets an
// account share with five others ("CloudWatch service quotas").
type Link struct {
	pulumi.ResourceState

	ARN pulumi.StringOutput `pulumi:"arn"`
}

// NewLink registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func NewLink(ctx *pulumi.Context, name string, args *LinkArgs, opts ...pulumi.ResourceOption) (*Link, error) {
	if args == nil {
		args = &LinkArgs{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	l := &Link{}
	if err := ctx.RegisterComponentResource("tenantform:crossaccount:Link", name, l, opts...); err != nil {
		return nil, err
	}
	made, err := oam.NewLink(ctx, name+"-link", &oam.LinkArgs{
		LabelTemplate:  pulumi.String(args.label()),
		ResourceTypes:  pulumi.ToStringArray(shared(args.ResourceTypes)),
		SinkIdentifier: args.SinkARN,
		Tags:           args.Tags.Map(),
	}, pulumi.Parent(l))
	if err != nil {
		return nil, err
	}
	l.ARN = made.Arn
	if err := ctx.RegisterResourceOutputs(l, pulumi.Map{"arn": l.ARN}); err != nil {
		return nil, err
	}
	return l, nil
}

func (a *LinkArgs) label() string {
	if a.Label == "" {
		return DefaultLabel
	}
	return a.Label
}

// Validate checks the arguments as NewLink does, for a component that is made of
// a link and wants to refuse them before it registers anything.
func (a *LinkArgs) Validate(name string) error {
	c := check.New("link", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Label", a.label(), maxLabel, labelPattern)
	c.Needs("SinkARN", a.SinkARN != nil, "the ARN of a sink")
	if known, ok := a.SinkARN.(pulumi.String); ok {
		m := sinkPattern.FindStringSubmatch(string(known))
		switch {
		case m == nil:
			c.Fault("SinkARN", string(known), "the ARN of a sink")
		case m[1] != a.Location.Region || m[2] == a.Location.AccountID:
			c.Fault("SinkARN", string(known), "a sink of another account in "+a.Location.Region)
		}
	}
	checkTypes(c, a.ResourceTypes)
	return c.Err()
}
