// Fanout is a program for "pulumi up": a topic for what happens to tenants, and
// a queue for each service that wants to know, one of them in its own account.
package main

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/components/topic"
)

func main() { pulumi.Run(program) }

func program(ctx *pulumi.Context) error {
	core := location.Location{Environment: location.Dev, Region: "eu-west-1", AccountID: "111111111111"}
	search := location.Location{Environment: location.Dev, Region: "eu-west-1", AccountID: "333333333333"}
	whose := tags.Required{TenantID: tags.Shared, Tier: tags.Shared, Model: "pool", Service: "events", Environment: "dev", CostCenter: "platform"}
	here, err := provider(ctx, "core", core, nil)
	if err != nil {
		return err
	}
	there, err := provider(ctx, "search", search, aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String(search.RoleARN("deployer"))})
	if err != nil {
		return err
	}
	events, err := topic.NewFanout(ctx, "events", &topic.FanoutArgs{
		Location: core, Tags: whose, Name: "platform-lifecycle", Subscribers: []string{search.AccountID},
		Services: []topic.Service{
			{Name: "billing", Filter: topic.Filter{"type": {"tenant.created", "tenant.deleted"}}},
			{Name: "audit"},
		},
	}, here)
	if err != nil {
		return err
	}
	_, err = topic.NewSubscription(ctx, "search", &topic.SubscriptionArgs{
		Location: search, Tags: whose, Name: "platform-lifecycle-search", TopicARN: core.ARN("sns", "platform-lifecycle"), Raw: true,
	}, there, depend.On(events.Ready...))
	if err != nil {
		return err
	}
	ctx.Export("topicArn", events.TopicARN)
	ctx.Export("queueUrls", events.QueueURLs)
	return nil
}

func provider(ctx *pulumi.Context, name string, where location.Location, role aws.ProviderAssumeRolePtrInput) (pulumi.ResourceOption, error) {
	p, err := aws.NewProvider(ctx, name, &aws.ProviderArgs{
		Region: pulumi.String(where.Region), AllowedAccountIds: pulumi.ToStringArray([]string{where.AccountID}), AssumeRole: role,
	})
	if err != nil {
		return nil, err
	}
	return pulumi.Providers(p), nil
}
