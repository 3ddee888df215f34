package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/budget"
	"github.com/tenantform/tenantform/components/crossaccount"
	"github.com/tenantform/tenantform/components/dashboard"
	"github.com/tenantform/tenantform/components/health"
	"github.com/tenantform/tenantform/components/observability"
	"github.com/tenantform/tenantform/components/queries"
	"github.com/tenantform/tenantform/components/tags"
)

func operations() []Blueprint {
	return []Blueprint{
		{Package: "observability", Type: "Signals", Minimal: signals(false), Full: signals(true)},
		{Package: "health", Type: "Health", Minimal: newHealth(false), Full: newHealth(true)},
		{Package: "dashboard", Type: "Dashboard", Minimal: newDashboard(false), Full: newDashboard(true)},
		{Package: "queries", Type: "Queries", Minimal: newQueries, Full: newQueries},
		{Package: "budget", Type: "Budget", Minimal: newBudget(false), Full: newBudget(true)},
		{Package: "crossaccount", Type: "Sink", Minimal: sink(false), Full: sink(true)},
		{Package: "crossaccount", Type: "Link", Minimal: link(false), Full: link(true)},
	}
}

func signals(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &observability.Args{Location: at.Location, Tags: at.Tags(), TenantID: "acme", Name: "sample-acme", LogRetentionDays: other(at, 30, 60)}
		if full {
			key, err := newKey(ctx, at, "sample-signals", "sample-acme/*")
			if err != nil {
				return err
			}
			args.LogKeyARN = key.ARN
			args.AlarmActions = pulumi.StringArray{pulumi.String(at.Location.ARN("sns", "sample-alarms"))}
		}
		_, err := observability.New(ctx, "signals", args)
		return err
	}
}

func newHealth(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		if err := signals(full)(ctx, at); err != nil {
			return err
		}
		args := &health.Args{Location: at.Location, Tags: at.Tags(), Name: "sample-acme-health", Of: other(at, "tenant acme", "the tenant acme"), Alarms: []string{"sample-acme-errors"}}
		if full {
			args.Actions = pulumi.StringArray{pulumi.String(at.Location.ARN("sns", "sample-alarms"))}
		}
		_, err := health.New(ctx, "health", args)
		return err
	}
}

func newDashboard(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &dashboard.Args{Location: at.Location, Tags: at.SharedTags(), Name: "sample-platform", TenantID: tags.Shared}
		if full {
			args.Tags, args.TenantID = at.Tags(), "acme"
			args.API, args.Functions, args.FunctionsAccountID = "acme-silo", []string{other(at, "acme-score", "acme-rate")}, FunctionsAccount
			args.Alarms, args.LogGroup = []string{"acme-silo-errors"}, "acme-silo/application"
		}
		_, err := dashboard.New(ctx, "dashboard", args)
		return err
	}
}

func newQueries(ctx *pulumi.Context, at Site) error {
	_, err := queries.New(ctx, "queries", &queries.Args{
		Location: at.Location, Tags: at.SharedTags(), Name: "sample", LogGroups: []string{"pool-a/api", other(at, "/aws/lambda/runtime", "/aws/lambda/worker")},
	})
	return err
}

func newBudget(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &budget.Args{Location: at.Location, Tags: at.Tags(), Name: "sample-acme", TenantID: "acme", MonthlyUSD: other(at, 100.0, 200.0), Emails: []string{"ops@acme.example"}}
		if full {
			args.TopicARN = at.Location.ARN("sns", "sample-alarms")
		}
		_, err := budget.New(ctx, "budget", args)
		return err
	}
}

func sink(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &crossaccount.SinkArgs{Location: at.Location, Tags: at.SharedTags(), Name: "sample", Sources: other(at, []string{FunctionsAccount}, []string{FunctionsAccount, ServiceAccount})}
		if full {
			args.OrganizationID = "o-a1b2c3d4e5"
		}
		_, err := crossaccount.NewSink(ctx, "sink", args)
		return err
	}
}

func link(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &crossaccount.LinkArgs{
			Location: at.In(FunctionsAccount), Tags: at.SharedTags(),
			SinkARN: pulumi.String(at.Location.ARN("oam", "sink/11111111-2222-3333-4444-555555555555")),
		}
		if full {
			args.Label = "functions"
		}
		_, err := crossaccount.NewLink(ctx, "link", args)
		return err
	}
}
