// Package firewall makes a web ACL of AWS WAF for regional APIs: the rule groups
// that AWS keeps up to date, a limit on requests from one address, and a log
// without credentials.
package firewall

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// The limits of a rate-based rule; see RateBasedStatement in the AWS WAFV2 API
// Reference and "Rate-based rule high-level settings in AWS WAF" in the
// Developer Guide.
const (
	MinRateLimit = 10
	MaxRateLimit = 2_000_000_000
)

// What an argument that is 0 means.
const (
	DefaultRateLimit     = 2000 // requests from one address in a window
	DefaultRateWindowSec = 300  // WAF's own
)

const (
	maxName    = 100 // what 128 characters leave, a metric's most, for the rules' names
	maxCounted = 100 // RuleActionOverrides of ManagedRuleGroupStatement in the API Reference
)

var namePattern = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

// Args are the arguments of a Firewall.
type Args struct {
	Location location.Location
	Tags     tags.Required
	Name     string // physical name; 1 to 100 letters, digits, "_" and "-"
	// RateLimit is how many requests one address may send in a window before it is
	// blocked until it sends fewer; 10 to 2000000000, 2000 when 0.
	RateLimit int
	// RateWindowSec is the window's length; 60, 120, 300 or 600 seconds, 300 when 0.
	RateWindowSec int
	// CountOnly lets every request through that a rule would block, and counts it:
	// for the first days in front of an API that is in use.
	CountOnly bool
	// CountedCoreRules are rules of AWS's core rule set that only count, by name, for
	// example "SizeRestrictions_BODY" where bodies of more than 8 KB are lawful; at
	// most 100.
	CountedCoreRules []string
	// LogRetentionDays is how long the log is kept; a value that CloudWatch Logs
	// accepts. 0 means 365 in production and 30 elsewhere.
	LogRetentionDays int
	LogKeyARN        pulumi.StringPtrInput // the key that encrypts the log; nil: CloudWatch's own
}

// Firewall is a regional web ACL. It blocks addresses of ill repute and ones
// that send too much, inputs that are known to be bad, and the attacks of AWS's
// core rule set; everything else it lets through. Its rules need 927 of the 1500
// capacity units that cost nothing more. Associate it by its ARN: an API takes it
// as WebACLARN.
//
// Credentials (see RedactedHeaders) are taken out of what it logs and samples. The
// log group's name is LogGroupName of the Name, as WAF wants it. WAF itself adds
// to the account's policy that its delivery may write there, so that who deploys
// needs logs:CreateLogDelivery, logs:PutResourcePolicy and
// logs:DescribeResourcePolicies; see "Sending web ACL traffic logs to a CloudWatch
// Logs log group" in the AWS WAF Developer Guide.
type Firewall struct {
	pulumi.ResourceState

	ARN      pulumi.StringOutput `pulumi:"arn"`
	LogGroup pulumi.StringOutput `pulumi:"logGroup"`
}

// LogGroupName gives the name of a firewall's log group.
func LogGroupName(firewall string) string { return "aws-waf-logs-" + firewall }

// RedactedHeaders are the headers, in lower case, whose values are neither logged
// nor sampled.
func RedactedHeaders() []string { return []string{"authorization", "cookie", "x-api-key"} }

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Firewall, error) {
	if args == nil {
		args = &Args{}
	}
	given := args.withDefaults()
	args = &given
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	f := &Firewall{}
	if err := ctx.RegisterComponentResource("tenantform:firewall:Firewall", name, f, opts...); err != nil {
		return nil, err
	}
	acl, err := wafv2.NewWebAcl(ctx, name+"-acl", args.acl(), pulumi.Parent(f))
	if err != nil {
		return nil, err
	}
	group, err := cloudwatch.NewLogGroup(ctx, name+"-logs", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(LogGroupName(args.Name)),
		RetentionInDays: pulumi.Int(args.LogRetentionDays),
		KmsKeyId:        args.LogKeyARN,
		Tags:            args.Tags.Map(),
	}, pulumi.Parent(f))
	if err != nil {
		return nil, err
	}
	redacted := wafv2.WebAclLoggingConfigurationRedactedFieldArray{}
	for _, header := range RedactedHeaders() {
		redacted = append(redacted, wafv2.WebAclLoggingConfigurationRedactedFieldArgs{
			SingleHeader: wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs{Name: pulumi.String(header)},
		})
	}
	if _, err := wafv2.NewWebAclLoggingConfiguration(ctx, name+"-logging", &wafv2.WebAclLoggingConfigurationArgs{
		ResourceArn:           acl.Arn,
		LogDestinationConfigs: pulumi.StringArray{group.Arn},
		RedactedFields:        redacted,
	}, pulumi.Parent(f)); err != nil {
		return nil, err
	}
	f.ARN, f.LogGroup = acl.Arn, group.Name
	if err := ctx.RegisterResourceOutputs(f, pulumi.Map{"arn": f.ARN, "logGroup": f.LogGroup}); err != nil {
		return nil, err
	}
	return f, nil
}

// Validate checks the arguments as New does, for a component that is made of a
// firewall and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	given := a.withDefaults()
	a = &given
	c := check.New("firewall", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	c.Between("RateLimit", a.RateLimit, MinRateLimit, MaxRateLimit, "requests")
	if !slices.Contains([]int{60, 120, 300, 600}, a.RateWindowSec) {
		c.Fault("RateWindowSec", strconv.Itoa(a.RateWindowSec), "one of 60, 120, 300, 600 seconds")
	}
	c.Between("CountedCoreRules", len(a.CountedCoreRules), 0, maxCounted, "rules")
	seen := map[string]bool{}
	for _, r := range a.CountedCoreRules {
		c.Name("CountedCoreRules", r, 128, namePattern)
		if seen[r] {
			c.Fault("CountedCoreRules", r, "each rule once")
		}
		seen[r] = true
	}
	c.Retention("LogRetentionDays", a.LogRetentionDays)
	return c.Err()
}

func (a *Args) withDefaults() Args {
	full := *a
	if full.RateLimit == 0 {
		full.RateLimit = DefaultRateLimit
	}
	if full.RateWindowSec == 0 {
		full.RateWindowSec = DefaultRateWindowSec
	}
	full.LogRetentionDays = a.Location.LogRetentionDays(a.LogRetentionDays)
	return full
}
