package location_test

import (
	"fmt"

	"github.com/tenantform/tenantform/components/location"
)

// ARNs are known before anything is made, so that documents that name them are
// complete in a preview.
func ExampleLocation() {
	at := location.Location{Environment: location.Production, Region: "us-gov-west-1", AccountID: "111111111111"}
	fmt.Println(at.Faults(), at.Production(), at.Partition())
	fmt.Println(at.ARN("sqs", "acme-import"))
	fmt.Println(at.BucketARN("acme-results"))
	fmt.Println(at.LogGroupARN("/aws/lambda/acme-import"))
	fmt.Println(at.Zones(2))
	// Output:
	// [] true aws-us-gov
	// arn:aws-us-gov:sqs:us-gov-west-1:111111111111:acme-import
	// arn:aws-us-gov:s3:::acme-results
	// arn:aws-us-gov:logs:us-gov-west-1:111111111111:log-group:/aws/lambda/acme-import
	// [us-gov-west-1a us-gov-west-1b]
}
