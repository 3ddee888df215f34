package crossaccount_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/crossaccount"
)

// The core account looks at the account of the tenants' functions.
func ExampleNewSink() {
	program := func(ctx *pulumi.Context) error {
		core, whose := componenttest.Location(), componenttest.Tags()
		functions := core
		functions.AccountID = "222222222222"
		sink, err := crossaccount.NewSink(ctx, "platform-sink", &crossaccount.SinkArgs{
			Location: core, Tags: whose, Name: "platform", Sources: []string{functions.AccountID},
		})
		if err != nil {
			return err
		}
		_, err = crossaccount.NewLink(ctx, "functions-link", &crossaccount.LinkArgs{
			Location: functions, Tags: whose, SinkARN: sink.ARN,
		}) // with the provider of that account: pulumi.Providers(...)
		return err
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, l := range r.OfType("aws:oam/link:Link") {
		fmt.Println(l.Inputs["labelTemplate"], l.Inputs["resourceTypes"])
	}
	// Output: $AccountName [AWS::CloudWatch::Metric AWS::Logs::LogGroup AWS::XRay::Trace]
}
