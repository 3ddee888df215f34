// Worker is a program for "pulumi up": a queue with dead letters and alarms, a function, and a bucket.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/queueworker"
	"github.com/tenantform/tenantform/components/tags"
)

func main() { pulumi.Run(program("code")) }

func program(archive string) pulumi.RunFunc {
	where := location.Location{Environment: location.Dev, Region: "eu-west-1", AccountID: "111111111111"}
	whose := tags.Required{TenantID: "acme", Tier: "premium", Model: "silo", Service: "import", Environment: "dev", CostCenter: "cc-1"}
	return func(ctx *pulumi.Context) error {
		key, err := encryption.New(ctx, "import-key", &encryption.Args{Location: where, Tags: whose, Alias: "acme-import", Description: "What acme imports", LogGroups: []string{"/aws/lambda/acme-import"}})
		if err != nil {
			return err
		}
		logs, err := bucket.NewLogs(ctx, "import-logs", &bucket.LogsArgs{Location: where, Tags: whose, Name: "acme-logs-111111111111-eu-west-1", Discard: true})
		if err != nil {
			return err
		}
		worker, err := queueworker.New(ctx, "import", &queueworker.Args{
			Location: where, Tags: whose, Name: "acme-import", Runtime: "python3.13", Handler: "index.handler", Archive: archive,
			Bucket: "acme-imports-111111111111-eu-west-1", Prefix: "imports/", KeyARN: key.ARN, LogKeyARN: key.ARN, AccessLogs: &bucket.AccessLogs{BucketName: logs.Name},
		})
		if err != nil {
			return err
		}
		ctx.Export("queueUrl", worker.QueueURL)
		ctx.Export("redriveCommand", worker.RedriveCommand)
		return nil
	}
}
