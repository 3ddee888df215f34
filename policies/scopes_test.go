package policies

import (
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// TestEvaluateScopes decides by the rules of some scopes: the others run, and say nothing.
func TestEvaluateScopes(t *testing.T) {
	bundle := fstest.MapFS{"main.rego": {Data: []byte(mainRego)}}
	for _, scope := range allScopes {
		bundle["rules/about_"+scope+"/rule.rego"] = &fstest.MapFile{Data: []byte(`# METADATA
# title: Nothing is right
# description: It refuses every resource.
# custom:
#   severity: low
#   scope: ` + scope + `
#   on_unknown: The same.
#   waivable: "yes"
#   category: data
#   enforcement: mandatory
#   remediation: None.
#   related: []
package tenantform.rules.about_` + scope + `

findings contains {"urn": r.urn, "property": "", "value": null, "message": "it is there", "unknown": false} if some r in input.plan.resources
`)}
	}
	e, err := New(t.Context(), &Options{Bundle: bundle, Waivers: []Waiver{{Rule: "about_operation", Stack: "s", Resource: "none",
		Reason: "it is not needed", Owner: "nobody", Expires: today.AddDate(0, 1, 0)}}, Now: func() time.Time { return today }})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ scopes, want []string }{
		{[]string{ScopeResource}, []string{"about_resource"}},
		{[]string{ScopeResource, ScopeStack}, []string{"about_resource", "about_stack"}},
		{allScopes, []string{"about_operation", "about_resource", "about_stack", WaiverUnused}},
	} {
		r, err := e.EvaluateScopes(t.Context(), onePlan(), tt.scopes...)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range r.Findings {
			got = append(got, f.Rule)
		}
		if slices.Sort(got); !slices.Equal(got, tt.want) || r.RulesRun != len(tt.scopes) || len(r.Rules) != len(tt.scopes) || r.Allowed() {
			t.Errorf("%v: %v, %d rules run, %d told of, allowed %v", tt.scopes, got, r.RulesRun, len(r.Rules), r.Allowed())
		}
	}
	for _, scopes := range [][]string{nil, {"everything"}} {
		if r, err := e.EvaluateScopes(t.Context(), onePlan(), scopes...); tenants.CodeOf(err) != tenants.CodeInvalid || r.Allowed() {
			t.Errorf("%v: %v", scopes, err)
		}
	}
}
