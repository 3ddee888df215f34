package queries_test

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/queries"
)

func ExampleNew() {
	program := func(ctx *pulumi.Context) error {
		_, err := queries.New(ctx, "acme-queries", &queries.Args{
			Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "tenantform/acme",
			LogGroups: []string{"acme-silo-api/access", "acme-silo/application", "/aws/lambda/acme-greeting"},
		})
		return err
	}
	r, err := componenttest.Run("example", program, nil)
	if err != nil {
		fmt.Println(err)
	}
	for _, q := range r.OfType("aws:cloudwatch/queryDefinition:QueryDefinition") {
		if q.Name == "acme-queries-correlation" {
			fmt.Println(q.Inputs["queryString"])
		}
	}
	// Output:
	// fields @timestamp, @log, level, coalesce(message, @message) as said
	// | filter correlationId = "REPLACE-WITH-THE-ID" or correlation_id = "REPLACE-WITH-THE-ID" or requestId = "REPLACE-WITH-THE-ID"
	// | sort @timestamp asc
	// | limit 1000
}
