package budget_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/budget"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
)

const topicARN = "arn:aws:sns:eu-west-1:111111111111:costs"

func args() *budget.Args {
	return &budget.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme", TenantID: "acme", MonthlyUSD: 250, TopicARN: topicARN,
	}
}

func program(a *budget.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := budget.New(ctx, "acme-budget", a)
		return err
	}
}

func made(t *testing.T, a *budget.Args) map[string]any {
	t.Helper()
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r)
	return r.One(t, "aws:budgets/budget:Budget").Inputs
}

func TestBudgetIsTheTenants(t *testing.T) {
	in := made(t, args())
	filter := in["costFilters"].([]any)[0].(map[string]any)
	if filter["name"] != "TagKeyValue" || fmt.Sprint(filter["values"]) != "[user:tenant-id$acme]" {
		t.Errorf("it counts %v", filter)
	}
	if in["limitAmount"] != "250.00" || in["limitUnit"] != "USD" || in["timeUnit"] != "MONTHLY" || in["budgetType"] != "COST" || in["accountId"] != "111111111111" {
		t.Errorf("budget %v", in)
	}
	var when []string
	for _, n := range in["notifications"].([]any) {
		n := n.(map[string]any)
		when = append(when, fmt.Sprint(n["notificationType"], " ", n["comparisonOperator"], " ", n["threshold"], " ", n["thresholdType"]))
		if fmt.Sprint(n["subscriberSnsTopicArns"]) != "["+topicARN+"]" || n["subscriberEmailAddresses"] != nil {
			t.Errorf("told: %v", n)
		}
	}
	if want := []string{"ACTUAL GREATER_THAN 80 PERCENTAGE", "ACTUAL GREATER_THAN 100 PERCENTAGE", "FORECASTED GREATER_THAN 100 PERCENTAGE"}; !slices.Equal(when, want) {
		t.Errorf("notifications %v", when)
	}
}

func TestEmailsAlone(t *testing.T) {
	a := args()
	a.TopicARN, a.Emails = "", []string{"ops@acme.example"}
	for _, n := range made(t, a)["notifications"].([]any) {
		n := n.(map[string]any)
		if fmt.Sprint(n["subscriberEmailAddresses"]) != "[ops@acme.example]" || n["subscriberSnsTopicArns"] != nil {
			t.Errorf("told: %v", n)
		}
	}
}

func TestBudgetIsTheSameInProduction(t *testing.T) {
	a := args()
	a.Location.Environment = location.Production
	if dev, production := made(t, args()), made(t, a); fmt.Sprint(dev) != fmt.Sprint(production) {
		t.Errorf("dev %v, production %v", dev, production)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*budget.Args)
		words  []string
	}{
		"no name":      {func(a *budget.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name":    {func(a *budget.Args) { a.Name = strings.Repeat("n", 101) }, []string{"1 to 100"}},
		"colon":        {func(a *budget.Args) { a.Name = "a:b" }, []string{"Name", "a:b"}},
		"no tenant":    {func(a *budget.Args) { a.TenantID = "" }, []string{"TenantID is missing"}},
		"other filter": {func(a *budget.Args) { a.TenantID = "a$b" }, []string{"TenantID", "a$b"}},
		"nothing":      {func(a *budget.Args) { a.MonthlyUSD = 0 }, []string{"MonthlyUSD", `"0"`, "0.01 to 10000000"}},
		"half a cent":  {func(a *budget.Args) { a.MonthlyUSD = 0.005 }, []string{"MonthlyUSD", "0.005"}},
		"negative":     {func(a *budget.Args) { a.MonthlyUSD = -1 }, []string{"MonthlyUSD", "-1"}},
		"no number":    {func(a *budget.Args) { a.MonthlyUSD = math.NaN() }, []string{"MonthlyUSD", "NaN"}},
		"endless":      {func(a *budget.Args) { a.MonthlyUSD = math.Inf(1) }, []string{"MonthlyUSD", "Inf"}},
		"nobody":       {func(a *budget.Args) { a.TopicARN = "" }, []string{"TopicARN", "somebody has to be told"}},
		"no topic":     {func(a *budget.Args) { a.TopicARN = "costs" }, []string{"TopicARN", `"costs"`}},
		"no address":   {func(a *budget.Args) { a.Emails = []string{"ops"} }, []string{"Emails", `"ops"`}},
		"twice":        {func(a *budget.Args) { a.Emails = []string{"a@b.example", "a@b.example"} }, []string{"Emails", "each once"}},
		"too many":     {func(a *budget.Args) { a.Emails = make([]string, 11) }, []string{"Emails", "0 to 10"}},
		"no tags":      {func(a *budget.Args) { a.Tags.TenantID = "" }, []string{"Tags.tenant-id is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "budget", "acme-budget")...)
		})
	}
	r, err := componenttest.Run("test", program(nil), nil)
	componenttest.Refused(t, r, err, "MonthlyUSD")
}
