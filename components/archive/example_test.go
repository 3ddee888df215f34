package archive_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/archive"
	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/topic"
)

// A topic, a bucket that is encrypted with the topic's key, and what keeps the
// one's events in the other.
func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		where, whose := componenttest.Location(), componenttest.Tags()
		events, err := topic.New(ctx, "lifecycle", &topic.Args{Location: where, Tags: whose, Name: "lifecycle"})
		if err != nil {
			return err
		}
		kept, err := bucket.New(ctx, "events", &bucket.Args{
			Location: where, Tags: whose, Name: "platform-events-111111111111", KeyARN: events.KeyARN.ToStringPtrOutput(),
		})
		if err != nil {
			return err
		}
		_, err = archive.New(ctx, "archive", &archive.Args{
			Location: where, Tags: whose, Name: "lifecycle-archive", TopicARN: where.ARN("sns", "lifecycle"),
			Bucket: "platform-events-111111111111", KeyARN: events.KeyARN,
		}, depend.On(append(events.Ready, kept.Ready...)...))
		return err
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, s := range r.OfType("aws:sns/topicSubscription:TopicSubscription") {
		fmt.Println(s.Inputs["protocol"], s.Inputs["topic"], s.Inputs["redrivePolicy"])
	}
	// Output: firehose arn:aws:sns:eu-west-1:111111111111:lifecycle {"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111111111111:lifecycle-archive-dead"}
}
