package dashboard_test

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/dashboard"
	"github.com/tenantform/tenantform/components/tags"
)

// A tenant's dashboard, and the platform's, which finds the tenants itself.
func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		where, whose := componenttest.Location(), componenttest.Tags()
		if _, err := dashboard.New(ctx, "acme-dashboard", &dashboard.Args{
			Location: where, Tags: whose, Name: "acme", TenantID: "acme", API: "acme-silo", Functions: []string{"acme-greeting"},
		}); err != nil {
			return err
		}
		_, err := dashboard.New(ctx, "platform-dashboard", &dashboard.Args{
			Location: where, Tags: whose, Name: "platform", TenantID: tags.Shared, Alarms: []string{"platform-health"},
		})
		return err
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, d := range r.OfType("aws:cloudwatch/dashboard:Dashboard") {
		var body struct{ Widgets []any }
		err := json.Unmarshal([]byte(d.Inputs["dashboardBody"].(string)), &body)
		fmt.Println(d.Inputs["dashboardName"], len(body.Widgets), err)
	}
	// Unordered output:
	// acme 9 <nil>
	// platform 14 <nil>
}
