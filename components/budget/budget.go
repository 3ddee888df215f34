// Package budget watches what a tenant costs: a monthly budget over everything
// that carries the tenant's tag.
package budget

import (
	"regexp"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/budgets"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// The limits of a budget; see "Budget" and "CreateNotification" in the AWS
// Billing and Cost Management API Reference.
const (
	MaxName   = 100 // characters
	MaxEmails = 10  // that a notification is sent to
)

// MaxMonthlyUSD is the most that a budget may be: a figure above it is taken for
// a mistake.
const MaxMonthlyUSD = 10_000_000

var (
	namePattern   = regexp.MustCompile(`^[a-zA-Z0-9_. -]+$`)
	tenantPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
	topicPattern  = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_-]+$`)
	emailPattern  = regexp.MustCompile(`^[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
)

// Args are the arguments of a Budget.
type Args struct {
	Location location.Location // the account whose costs are counted; the region has no meaning for a budget
	Tags     tags.Required
	Name     string // physical name; 1 to 100 letters, digits, spaces and _ . -
	// TenantID is the value of the tag tenant-id whose costs are counted; tags.Shared
	// counts what belongs to no single tenant.
	TenantID string
	// MonthlyUSD is the limit for a calendar month in US dollars, more than 0 and at
	// most 10,000,000; parts of a cent are rounded.
	MonthlyUSD float64
	// TopicARN is the SNS topic that is told. It has to let budgets publish, as a
	// topic.Topic with Budgets does.
	TopicARN string
	// Emails are the addresses that are told, at most 10. A TopicARN or one of them is
	// required.
	Emails []string
}

// Budget is a monthly cost budget of a tenant. It tells when 80 % and when 100 %
// of the limit are spent, and when the month is forecast to end above it.
// AWS Budgets sees the tag only after the payer has activated it for cost
// allocation ("Activating user-defined cost allocation tags" in the AWS Billing
// User Guide), and figures follow the usage by up to a day.
type Budget struct {
	pulumi.ResourceState

	Name pulumi.StringOutput `pulumi:"name"`
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Budget, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	b := &Budget{}
	if err := ctx.RegisterComponentResource("tenantform:budget:Budget", name, b, opts...); err != nil {
		return nil, err
	}
	made, err := budgets.NewBudget(ctx, name+"-budget", &budgets.BudgetArgs{
		AccountId:   pulumi.String(args.Location.AccountID),
		Name:        pulumi.String(args.Name),
		BudgetType:  pulumi.String("COST"),
		TimeUnit:    pulumi.String("MONTHLY"),
		LimitAmount: pulumi.String(strconv.FormatFloat(args.MonthlyUSD, 'f', 2, 64)),
		LimitUnit:   pulumi.String("USD"),
		// "user:" and "$" are the form of a user-defined tag's key and value; see
		// "Budget" in the AWS Billing and Cost Management API Reference.
		CostFilters: budgets.BudgetCostFilterArray{budgets.BudgetCostFilterArgs{
			Name:   pulumi.String("TagKeyValue"),
			Values: pulumi.ToStringArray([]string{"user:" + tags.KeyTenantID + "$" + args.TenantID}),
		}},
		Notifications: args.notifications(),
		Tags:          args.Tags.Map(),
	}, pulumi.Parent(b))
	if err != nil {
		return nil, err
	}
	b.Name = made.Name
	if err := ctx.RegisterResourceOutputs(b, pulumi.Map{"name": b.Name}); err != nil {
		return nil, err
	}
	return b, nil
}

func (a *Args) notifications() budgets.BudgetNotificationArray {
	var all budgets.BudgetNotificationArray
	for _, n := range []struct {
		kind    string
		percent float64
	}{{"ACTUAL", 80}, {"ACTUAL", 100}, {"FORECASTED", 100}} {
		notification := budgets.BudgetNotificationArgs{
			NotificationType:   pulumi.String(n.kind),
			ComparisonOperator: pulumi.String("GREATER_THAN"),
			Threshold:          pulumi.Float64(n.percent),
			ThresholdType:      pulumi.String("PERCENTAGE"),
		}
		if a.TopicARN != "" {
			notification.SubscriberSnsTopicArns = pulumi.ToStringArray([]string{a.TopicARN})
		}
		if len(a.Emails) > 0 {
			notification.SubscriberEmailAddresses = pulumi.ToStringArray(a.Emails)
		}
		all = append(all, notification)
	}
	return all
}

// Validate checks the arguments as New does, for a component that is made of a
// budget and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	c := check.New("budget", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, MaxName, namePattern)
	c.Name("TenantID", a.TenantID, 64, tenantPattern)
	if !(a.MonthlyUSD >= 0.01 && a.MonthlyUSD <= MaxMonthlyUSD) {
		c.Fault("MonthlyUSD", strconv.FormatFloat(a.MonthlyUSD, 'f', -1, 64), "0.01 to "+strconv.Itoa(MaxMonthlyUSD)+" US dollars")
	}
	if a.TopicARN != "" {
		c.Name("TopicARN", a.TopicARN, 512, topicPattern)
	}
	c.Needs("TopicARN", a.TopicARN != "" || len(a.Emails) > 0, "the ARN of a topic, where Emails has none: somebody has to be told")
	c.Between("Emails", len(a.Emails), 0, MaxEmails, "addresses")
	seen := map[string]bool{}
	for _, e := range a.Emails {
		if !emailPattern.MatchString(e) || seen[e] {
			c.Fault("Emails", e, "addresses, each once")
		}
		seen[e] = true
	}
	return c.Err()
}
