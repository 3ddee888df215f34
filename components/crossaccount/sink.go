package crossaccount

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/oam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

const (
	maxSinkName = 255 // "CreateSink" in the Observability Access Manager API Reference
	// MaxSources is the most accounts that a Sink names: more are better let in as an
	// organization.
	MaxSources = 100
)

// organizationPattern is that of "Organization" in the AWS Organizations API
// Reference.
var organizationPattern = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)

// SinkArgs are the arguments of a Sink.
type SinkArgs struct {
	Location location.Location // the account that looks; it has one sink a region
	Tags     tags.Required
	Name     string // physical name; 1 to 255 letters, digits and _ . -
	// Sources are the accounts that may link themselves, 12 digits each; at most 100.
	Sources []string
	// OrganizationID lets every account of an organization link itself, "o-" and 10 to
	// 32 characters. One of the two is required.
	OrganizationID string
	// ResourceTypes is what may be shared, some of ResourceTypes(); none: all of it.
	ResourceTypes []string
}

// Sink is where the accounts link themselves to, with a policy that lets in the
// named accounts alone.
type Sink struct {
	pulumi.ResourceState

	ARN pulumi.StringOutput `pulumi:"arn"`

	// Ready is what exists once the component does; who relies on it by name waits for these, see depend.On.
	Ready []pulumi.CustomResource
}

// NewSink registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func NewSink(ctx *pulumi.Context, name string, args *SinkArgs, opts ...pulumi.ResourceOption) (*Sink, error) {
	if args == nil {
		args = &SinkArgs{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	s := &Sink{}
	if err := ctx.RegisterComponentResource("tenantform:crossaccount:Sink", name, s, opts...); err != nil {
		return nil, err
	}
	made, err := oam.NewSink(ctx, name+"-sink", &oam.SinkArgs{
		Name: pulumi.String(args.Name),
		Tags: args.Tags.Map(),
	}, pulumi.Parent(s))
	if err != nil {
		return nil, err
	}
	// The output is taken from the policy, so that who links itself with it finds
	// the door open.
	policy, err := oam.NewSinkPolicy(ctx, name+"-policy", &oam.SinkPolicyArgs{
		SinkIdentifier: made.Arn,
		Policy:         args.policy().Input(),
	}, pulumi.Parent(s))
	if err != nil {
		return nil, err
	}
	s.ARN, s.Ready = policy.SinkIdentifier, []pulumi.CustomResource{made, policy}
	if err := ctx.RegisterResourceOutputs(s, pulumi.Map{"arn": s.ARN}); err != nil {
		return nil, err
	}
	return s, nil
}

// policy is that of "Link monitoring accounts with source accounts" in the
// CloudWatch User Guide. The resource is "*" as there: a sink's policy speaks of
// its sink alone, whose ARN holds an id that nobody knows before it is made.
func (a *SinkArgs) policy() iampolicy.Document {
	types := shared(a.ResourceTypes)
	link := func(sid string, who []string) iampolicy.Statement {
		return iampolicy.Statement{
			Sid:        sid,
			Effect:     iampolicy.Allow,
			Principal:  &iampolicy.Principal{AWS: who},
			Actions:    []string{"oam:CreateLink", "oam:UpdateLink"},
			Resources:  []string{"*"},
			Conditions: iampolicy.Conditions{"ForAllValues:StringEquals": {"oam:ResourceTypes": types}},
		}
	}
	var doc iampolicy.Document
	if len(a.Sources) > 0 {
		who := make([]string, len(a.Sources))
		for i, s := range a.Sources {
			who[i] = location.Location{Region: a.Location.Region, AccountID: s}.RootARN()
		}
		doc = append(doc, link("TheseAccountsLink", who))
	}
	if a.OrganizationID != "" {
		s := link("TheOrganizationLinks", []string{"*"})
		s.Conditions["StringEquals"] = map[string][]string{"aws:PrincipalOrgID": {a.OrganizationID}}
		doc = append(doc, s)
	}
	return doc
}

// Validate checks the arguments as NewSink does, for a component that is made of
// a sink and wants to refuse them before it registers anything.
func (a *SinkArgs) Validate(name string) error {
	c := check.New("sink", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxSinkName, namePattern)
	c.Between("Sources", len(a.Sources), 0, MaxSources, "accounts")
	c.Needs("Sources", len(a.Sources) > 0 || a.OrganizationID != "", "account ids, where OrganizationID is not given")
	seen := map[string]bool{a.Location.AccountID: true}
	for _, s := range a.Sources {
		if !accountPattern.MatchString(s) || seen[s] {
			c.Fault("Sources", s, "ids of other accounts, 12 digits, each once")
		}
		seen[s] = true
	}
	if a.OrganizationID != "" {
		c.Name("OrganizationID", a.OrganizationID, 34, organizationPattern)
	}
	checkTypes(c, a.ResourceTypes)
	return c.Err()
}
