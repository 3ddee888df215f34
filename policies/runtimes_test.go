package policies_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// asOf is the day of which lambda_supported_runtime says that its list is.
var asOf = time.Date(2026, time.November, 30, 0, 0, 0, 0, time.UTC)

// TestRuntimesAreThoseOfTenants holds the rule's list of runtimes against the days
// that package tenants knows: one list must not outlive the other.
func TestRuntimesAreThoseOfTenants(t *testing.T) {
	p := plan.Plan{Project: "p", Stack: "s"}
	for runtime := range tenants.RuntimeDeprecations() {
		p.Resources = append(p.Resources, plan.Resource{
			URN: "urn:pulumi:s::p::aws:lambda/function:Function::" + runtime, Type: "aws:lambda/function:Function", Name: runtime,
			Operation: plan.OperationCreate, Custom: true, Inputs: map[string]any{"name": runtime, "runtime": runtime},
		})
	}
	e, err := policies.New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	report, err := e.Evaluate(t.Context(), policies.NewInput(p, policies.Subject{}, tenants.Catalogue{}))
	if err != nil {
		t.Fatal(err)
	}
	var refused, want []string
	for _, f := range report.Findings {
		if f.Rule == "lambda_supported_runtime" {
			refused = append(refused, f.Value)
		}
	}
	supported := tenants.Runtimes(asOf)
	for runtime := range tenants.RuntimeDeprecations() {
		if !slices.Contains(supported, runtime) {
			want = append(want, runtime)
		}
	}
	slices.Sort(refused)
	slices.Sort(want)
	if !slices.Equal(refused, want) || len(want) == 0 || len(supported) == 0 {
		t.Errorf("the rule refuses\n%v; no longer patched on %s are\n%v", refused, asOf.Format(time.DateOnly), want)
	}
}
