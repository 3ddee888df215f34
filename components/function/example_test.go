package function_test

import (
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/encryption"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/tenants"
)

func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		where, whose := componenttest.Location(), componenttest.Tags()
		key, err := encryption.New(ctx, "orders-key", &encryption.Args{
			Location: where, Tags: whose, Alias: "acme-orders", Description: "Variables, log and records of acme-orders", LogGroups: []string{"/aws/lambda/acme-orders"},
		})
		if err != nil {
			return err
		}
		orders, err := function.New(ctx, "orders", &function.Args{
			Location: where, Tags: whose, Name: "acme-orders",
			Runtime: "python3.13", Handler: "index.handler", Archive: os.TempDir(),
			MemoryMB: 512, TimeoutSec: 30, Concurrency: 20,
			KeyARN: key.ARN.ToStringPtrOutput(), LogKeyARN: key.ARN.ToStringPtrOutput(),
			Grants:      []tenants.Grant{{Actions: []string{"dynamodb:PutItem"}, Resources: []string{where.ARN("dynamodb", "table/acme-orders")}}},
			Powertools:  &function.Powertools{Service: "orders"},
			Idempotency: &function.Idempotency{},
			OnFailure:   &function.OnFailure{ARN: where.ARN("sqs", "acme-orders-failed")},
			Publish:     true,
			Provisioned: &function.Provisioned{Min: 2, Max: 20},
		})
		if err != nil {
			return err
		}
		ctx.Export("invokeArn", orders.InvokeARN)
		return nil
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, f := range r.OfType("aws:lambda/function:Function") {
		fmt.Println(f.Inputs["name"], f.Inputs["layers"])
		fmt.Println(f.Inputs["environment"])
	}
	for _, s := range r.OfType("aws:appautoscaling/target:Target") {
		fmt.Println(s.Inputs["resourceId"], s.Inputs["minCapacity"], s.Inputs["maxCapacity"])
	}
	// Output:
	// acme-orders [arn:aws:lambda:eu-west-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:27]
	// map[variables:map[IDEMPOTENCY_TABLE:acme-orders-idempotency POWERTOOLS_LOG_LEVEL:INFO POWERTOOLS_METRICS_NAMESPACE:Tenantform POWERTOOLS_SERVICE_NAME:orders POWERTOOLS_TRACER_CAPTURE_RESPONSE:false]]
	// function:acme-orders:live 2 20
}
