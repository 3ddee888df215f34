package health_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/health"
	"github.com/tenantform/tenantform/components/observability"
)

// A tenant's alarm, and the platform's over those of its tenants.
func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		where, whose := componenttest.Location(), componenttest.Tags()
		signals, err := observability.New(ctx, "acme-signals", &observability.Args{
			Location: where, Tags: whose, TenantID: "acme", Name: "acme-silo", LogRetentionDays: 30,
		})
		if err != nil {
			return err
		}
		acme, err := health.New(ctx, "acme-health", &health.Args{
			Location: where, Tags: whose, Name: "acme-health", Of: "tenant acme", Alarms: []string{observability.AlarmName("acme-silo")},
		}, depend.On(signals.Ready...))
		if err != nil {
			return err
		}
		_, err = health.New(ctx, "platform-health", &health.Args{
			Location: where, Tags: whose, Name: "platform-health", Of: "the platform", Alarms: []string{"acme-health", "globex-health"},
		}, depend.On(acme.Ready...))
		return err
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, alarm := range r.OfType("aws:cloudwatch/compositeAlarm:CompositeAlarm") {
		fmt.Println(alarm.Inputs["alarmName"], alarm.Inputs["alarmRule"])
	}
	// Unordered output:
	// acme-health ALARM("acme-silo-errors")
	// platform-health ALARM("acme-health") OR ALARM("globex-health")
}
