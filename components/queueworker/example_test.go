package queueworker_test

import (
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/queueworker"
)

func Example() {
	program := func(ctx *pulumi.Context) error {
		where, whose := componenttest.Location(), componenttest.Tags()
		key, err := encryption.New(ctx, "import-key", &encryption.Args{
			Location: where, Tags: whose, Alias: "acme-import", Description: "What acme imports", LogGroups: []string{"/aws/lambda/acme-import"},
		})
		if err != nil {
			return err
		}
		worker, err := queueworker.New(ctx, "import", &queueworker.Args{
			Location: where, Tags: whose, Name: "acme-import",
			Runtime: "python3.13", Handler: "index.handler", Archive: os.TempDir(), TimeoutSec: 60,
			Bucket: "acme-results-111111111111", Prefix: "imports/", KeyARN: key.ARN, LogKeyARN: key.ARN,
		})
		if err != nil {
			return err
		}
		ctx.Export("queueUrl", worker.QueueURL)
		ctx.Export("redriveCommand", worker.RedriveCommand)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, q := range r.OfType("aws:sqs/queue:Queue") {
		fmt.Println(q.Inputs["name"], q.Inputs["visibilityTimeoutSeconds"], q.Inputs["redrivePolicy"])
	}
	// Unordered output:
	// acme-import 360 {"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111111111111:acme-import-dead","maxReceiveCount":5}
	// acme-import-dead <nil> <nil>
}
