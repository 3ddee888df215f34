package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/archive"
	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/queueworker"
	"github.com/tenantform/tenantform/components/topic"
)

func messages() []Blueprint {
	return []Blueprint{
		{Package: "queueworker", Type: "Worker", Minimal: worker(false), Full: worker(true)},
		{Package: "queueworker", Type: "Queue", Minimal: queue(false), Full: queue(true)},
		{Package: "topic", Type: "Topic", Minimal: newTopic(false), Full: newTopic(true)},
		{Package: "topic", Type: "Subscription", Minimal: subscription(false), Full: subscription(true)},
		{Package: "topic", Type: "Fanout", Minimal: fanout(false), Full: fanout(true)},
		{Package: "archive", Type: "Archive", Minimal: newArchive(false), Full: newArchive(true)},
	}
}

func worker(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		key, err := newKey(ctx, at, "sample-worker", "/aws/lambda/sample-worker")
		if err != nil {
			return err
		}
		args := &queueworker.Args{
			Location: at.Location, Tags: at.Tags(), Name: "sample-worker", Runtime: "python3.13", Handler: "index.handler", Archive: at.Code,
			Bucket: "sample-worker-results-" + at.Location.AccountID, Prefix: "results/", KeyARN: key.ARN,
			MaxReceiveCount: other(at, 0, 6),
		}
		if full {
			alarms, err := topic.New(ctx, "alarms", &topic.Args{Location: at.Location, Tags: at.Tags(), Name: "sample-worker-alarms", Alarms: true})
			if err != nil {
				return err
			}
			logs, err := newLogs(ctx, at)
			if err != nil {
				return err
			}
			args.AccessLogs = &bucket.AccessLogs{BucketName: logs.Name}
			args.LogKeyARN, args.AlarmActions = key.ARN, pulumi.StringArray{alarms.ARN}
			args.Grants = lookup(at)
			args.Environment, args.Discard = map[string]string{"STAGE": "sample"}, true
			args.Powertools, args.Idempotency = &function.Powertools{}, &function.Idempotency{}
		}
		_, err = queueworker.New(ctx, "worker", args)
		return err
	}
}

func queue(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		key, err := newKey(ctx, at, "sample-queue")
		if err != nil {
			return err
		}
		args := &queueworker.QueueArgs{Location: at.Location, Tags: at.Tags(), Name: "sample-queue", KeyARN: key.ARN, MaxReceiveCount: other(at, 0, 6)}
		if full {
			args.Topics = []string{at.Location.ARN("sns", "sample-events")}
			args.AlarmActions = pulumi.StringArray{pulumi.String(at.Location.ARN("sns", "sample-alarms"))}
		}
		_, err = queueworker.NewQueue(ctx, "queue", args)
		return err
	}
}

func newTopic(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &topic.Args{Location: at.Location, Tags: at.SharedTags(), Name: "sample-topic"}
		if full {
			args.Subscribers = other(at, []string{ServiceAccount}, []string{ServiceAccount, FunctionsAccount})
			args.Alarms, args.Budgets, args.Rules = true, true, true
		}
		_, err := topic.New(ctx, "topic", args)
		return err
	}
}

func subscription(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		events, err := topic.New(ctx, "events", &topic.Args{Location: at.Location, Tags: at.SharedTags(), Name: "sample-events"})
		if err != nil {
			return err
		}
		args := &topic.SubscriptionArgs{Location: at.Location, Tags: at.SharedTags(), Name: "sample-billing", Topic: events}
		if full {
			args.Filter, args.Raw = topic.Filter{"type": {other(at, "tenant.created", "tenant.changed")}}, true
		}
		_, err = topic.NewSubscription(ctx, "billing", args)
		return err
	}
}

func fanout(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &topic.FanoutArgs{
			Location: at.Location, Tags: at.SharedTags(), Name: "sample-lifecycle", Services: []topic.Service{{Name: "billing"}},
		}
		if full {
			args.Subscribers, args.Alarms = []string{ServiceAccount}, true
			args.Services = append(args.Services, topic.Service{Name: "audit", Filter: topic.Filter{"type": {other(at, "tenant.deleted", "tenant.changed")}}})
		}
		_, err := topic.NewFanout(ctx, "lifecycle", args)
		return err
	}
}

func newArchive(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		events, err := topic.New(ctx, "lifecycle", &topic.Args{Location: at.Location, Tags: at.SharedTags(), Name: "sample-lifecycle"})
		if err != nil {
			return err
		}
		name := "sample-events-" + at.Location.AccountID
		logs, err := newLogs(ctx, at)
		if err != nil {
			return err
		}
		kept, err := bucket.New(ctx, "events", &bucket.Args{
			Location: at.Location, Tags: at.SharedTags(), Name: name, KeyARN: events.KeyARN, AccessLogs: &bucket.AccessLogs{BucketName: logs.Name},
		})
		if err != nil {
			return err
		}
		args := &archive.Args{
			Location: at.Location, Tags: at.SharedTags(), Name: "sample-archive", TopicARN: at.Location.ARN("sns", "sample-lifecycle"),
			Bucket: name, KeyARN: events.KeyARN,
		}
		if full {
			key, err := newKey(ctx, at, "sample-archive-logs", "/aws/kinesisfirehose/*")
			if err != nil {
				return err
			}
			args.LogKeyARN, args.BufferSec = key.ARN, other(at, 0, 600)
			args.AlarmActions = pulumi.StringArray{pulumi.String(at.Location.ARN("sns", "sample-alarms"))}
		}
		_, err = archive.New(ctx, "archive", args, depend.On(append(events.Ready, kept.Ready...)...))
		return err
	}
}
