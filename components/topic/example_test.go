package topic_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/topic"
)

// A topic for events, with a queue for billing in its own account, and a queue
// for search, which an account of its own runs.
func ExampleNewFanout() {
	program := func(ctx *pulumi.Context) error {
		core, whose := componenttest.Location(), componenttest.Tags()
		_, err := topic.NewFanout(ctx, "events", &topic.FanoutArgs{
			Location: core, Tags: whose, Name: "lifecycle", Subscribers: []string{"333333333333"},
			Services: []topic.Service{{Name: "billing", Filter: topic.Filter{"type": {"tenant.created", "tenant.deleted"}}}},
		})
		if err != nil {
			return err
		}
		search := core
		search.AccountID = "333333333333"
		_, err = topic.NewSubscription(ctx, "search", &topic.SubscriptionArgs{
			Location: search, Tags: whose, Name: "search-lifecycle", TopicARN: core.ARN("sns", "lifecycle"), Raw: true,
		}) // with the provider of that account: pulumi.Providers(...)
		return err
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, s := range r.OfType("aws:sns/topicSubscription:TopicSubscription") {
		fmt.Println(s.Name, s.Inputs["redrivePolicy"], s.Inputs["filterPolicy"])
	}
	// Unordered output:
	// events-billing-subscription {"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111111111111:lifecycle-billing-dead"} {"type":["tenant.created","tenant.deleted"]}
	// search-subscription {"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:333333333333:search-lifecycle-dead"} <nil>
}

func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		alarms, err := topic.New(ctx, "alarms", &topic.Args{
			Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-alarms", Alarms: true,
		})
		if err != nil {
			return err
		}
		ctx.Export("alarmActions", pulumi.StringArray{alarms.ARN})
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	fmt.Println(len(r.Custom()), err)
	// Output: 3 <nil>
}
