package bucket_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/encryption"
)

// A bucket whose requests are logged, with the bucket for the logs.
func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		where, whose := componenttest.Location(), componenttest.Tags()
		key, err := encryption.New(ctx, "files-key", &encryption.Args{Location: where, Tags: whose, Alias: "acme-files", Description: "Files of acme"})
		if err != nil {
			return err
		}
		logs, err := bucket.NewLogs(ctx, "logs", &bucket.LogsArgs{Location: where, Tags: whose, Name: "acme-logs-111111111111"})
		if err != nil {
			return err
		}
		_, err = bucket.New(ctx, "files", &bucket.Args{
			Location: where, Tags: whose, Name: "acme-files-111111111111", KeyARN: key.ARN,
			AccessLogs:           &bucket.AccessLogs{BucketName: logs.Name},
			InfrequentAccessDays: 90,
		})
		return err
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, l := range r.OfType("aws:s3/bucketLoggingV2:BucketLoggingV2") {
		fmt.Println(l.Inputs["targetBucket"], l.Inputs["targetPrefix"])
	}
	// Output: acme-logs-111111111111 acme-files-111111111111/
}

// Nobody can delete what such a lock keeps, so that it cannot be discarded
// with its bucket either.
func ExampleArgs_Validate() {
	args := &bucket.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-records-111111111111", S3ManagedKey: true,
		ObjectLock: &bucket.ObjectLock{Mode: bucket.Compliance, Days: 365}, Discard: true,
	}
	fmt.Println(args.Validate("records"))
	// Output:
	// component bucket "records" is not made; Discard is "true"; allowed: false with an ObjectLock of the mode COMPLIANCE: nobody can delete its objects before their time
}
