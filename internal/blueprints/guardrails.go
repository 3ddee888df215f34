package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/depend"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/guardrails"
	"github.com/tenantform/tenantform/components/topic"
)

func baseline() []Blueprint {
	return []Blueprint{
		{Package: "guardrails", Type: "Organization", Minimal: organization(false), Full: organization(true)},
		{Package: "guardrails", Type: "Account", Minimal: account(false), Full: account(true)},
	}
}

func organization(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &guardrails.OrganizationArgs{
			Location: at.Location, Tags: at.SharedTags(), Name: "sample", Targets: []string{at.Units[0]},
			Regions: []string{Region}, Deployers: other(at, []string{"deployer"}, []string{"deployer", "releaser"}),
		}
		if full {
			args.FunctionsTargets, args.Administrators = []string{at.Units[1]}, []string{"administrator"}
			args.EverywhereActions = []string{"health:Describe*"}
		}
		_, err := guardrails.NewOrganization(ctx, "organization", args)
		return err
	}
}

func account(full bool) Sample {
	return func(ctx *pulumi.Context, at Site) error {
		args := &guardrails.AccountArgs{
			Location: at.Location, Tags: at.SharedTags(), Name: "sample", Bucket: "sample-audit-" + at.Location.AccountID,
			Deployers: other(at, []string{"deployer"}, []string{"deployer", "releaser"}),
		}
		var needs []pulumi.CustomResource
		if full {
			changes, err := topic.New(ctx, "changes", &topic.Args{Location: at.Location, Tags: at.SharedTags(), Name: "sample-changes", Rules: true})
			if err != nil {
				return err
			}
			needs = append(needs, changes.Ready...)
			args.TopicARN, args.AlarmActions = at.Location.ARN("sns", "sample-changes"), pulumi.StringArray{changes.ARN}
			args.Trail, args.TrailKeyARN = true, poolKey(at)
		}
		key, err := encryption.New(ctx, "audit-key", &encryption.Args{
			Location: at.Location, Tags: at.SharedTags(), Alias: "sample-audit", Description: "What is delivered to the audit", Statements: args.KeyStatements(),
		})
		if err != nil {
			return err
		}
		logs, err := newLogs(ctx, at)
		if err != nil {
			return err
		}
		audit, err := bucket.New(ctx, "audit", &bucket.Args{
			Location: at.Location, Tags: at.SharedTags(), Name: args.Bucket, KeyARN: key.ARN, AccessLogs: &bucket.AccessLogs{BucketName: logs.Name},
			Statements: args.BucketStatements(),
		})
		if err != nil {
			return err
		}
		_, err = guardrails.NewAccount(ctx, "account", args, depend.On(append(needs, audit.Ready...)...))
		return err
	}
}
