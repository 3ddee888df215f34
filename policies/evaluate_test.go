package policies

import (
	"context"
	"testing"

	"github.com/tenantform/tenantform/automation/plan"
)

func TestSmoke(t *testing.T) {
	e, err := New(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Evaluate(context.Background(), Input{Version: 1, Plan: plan.Plan{Resources: []plan.Resource{{URN: "u", Type: "aws:cloudwatch/logGroup:LogGroup", Operation: "create", Inputs: map[string]any{"name": "x"}}}}})
	t.Logf("%+v %v", r, err)
}
