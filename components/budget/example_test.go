package budget_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/budget"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/topic"
)

func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		where, whose := componenttest.Location(), componenttest.Tags()
		costs, err := topic.New(ctx, "costs", &topic.Args{Location: where, Tags: whose, Name: "costs", Budgets: true})
		if err != nil {
			return err
		}
		_, err = budget.New(ctx, "acme-budget", &budget.Args{
			Location: where, Tags: whose, Name: "acme", TenantID: "acme", MonthlyUSD: 250, TopicARN: where.ARN("sns", "costs"),
		}, depend.On(costs.Ready...))
		return err
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, b := range r.OfType("aws:budgets/budget:Budget") {
		fmt.Println(b.Inputs["limitAmount"], b.Inputs["limitUnit"], b.Inputs["costFilters"])
	}
	// Output: 250.00 USD [map[name:TagKeyValue values:[user:tenant-id$acme]]]
}
