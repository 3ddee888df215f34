package policies

import (
	"testing"

	"github.com/tenantform/tenantform/automation/plan"
)

// TestAbout holds a report on a part of a plan to the findings about the part.
func TestAbout(t *testing.T) {
	whole := Report{Verdict: VerdictDeny, RulesRun: 2, Findings: []Finding{{Rule: "a", URN: "x"}, {Rule: "b", URN: "y", Level: LevelAdvisory}}}
	part := func(urns ...string) plan.Plan {
		var p plan.Plan
		for _, u := range urns {
			p.Resources = append(p.Resources, plan.Resource{URN: u})
		}
		return p
	}
	all := part("x", "y", "z")
	if r := whole.About(all, part("x")); r.Allowed() || len(r.Findings) != 1 {
		t.Errorf("about x: %+v", r)
	}
	if r := whole.About(all, part("y", "z")); !r.Allowed() || len(r.Findings) != 1 || r.RulesRun != 2 {
		t.Errorf("about y: %+v", r)
	}
	whole.Findings = append(whole.Findings, Finding{Rule: "c"})
	if r := whole.About(all, part("z")); r.Allowed() || len(r.Findings) != 1 {
		t.Errorf("about the run: %+v", r)
	}
	if len(whole.Findings) != 3 {
		t.Error("the report on the whole was changed")
	}
	for name, r := range map[string]Report{
		"the zero report":                      {},
		"a denial without a finding":           {Verdict: VerdictDeny},
		"a denial with advice alone":           {Verdict: VerdictDeny, Findings: []Finding{{Rule: "a", URN: "x", Level: LevelAdvisory}}},
		"an allowance in spite of a denial":    {Verdict: VerdictAllow, Findings: []Finding{{Rule: "a", URN: "x"}}},
		"no verdict, and a denial that is not": {Findings: []Finding{{Rule: "a", URN: "x"}}},
	} {
		if got := r.About(all, part("z")); got.Allowed() {
			t.Errorf("%s became an allowance: %+v", name, got)
		}
	}
}

// TestAboutKeepsWhatIsUncovered keeps findings on resources that stay as they are
// where what the run changes may be what kept them in order.
func TestAboutKeepsWhatIsUncovered(t *testing.T) {
	of := func(urn string, op plan.Operation, needs ...string) plan.Resource {
		return plan.Resource{URN: urn, Type: "aws:s3/x:X", Custom: true, Operation: op, Dependencies: needs}
	}
	byProperty := of("policy", plan.OperationSame)
	byProperty.PropertyDependencies = map[string][]string{"bucket": {"key"}}
	for name, c := range map[string]struct {
		plan []plan.Resource
		kept string
	}{
		"depends on what is updated":        {[]plan.Resource{of("key", plan.OperationUpdate), of("bucket", plan.OperationSame, "key")}, "bucket"},
		"by a property":                     {[]plan.Resource{of("key", plan.OperationUpdate), byProperty}, "policy"},
		"what goes depended on it":          {[]plan.Resource{of("bucket", plan.OperationSame), of("block", plan.OperationDelete, "bucket")}, "bucket"},
		"what is new depends on it":         {[]plan.Resource{of("bucket", plan.OperationSame), of("block", plan.OperationCreate, "bucket")}, ""},
		"depends on what stays":             {[]plan.Resource{of("key", plan.OperationSame), of("bucket", plan.OperationSame, "key")}, ""},
		"depends on what is read every run": {[]plan.Resource{of("key", plan.OperationRead), of("bucket", plan.OperationSame, "key")}, ""},
	} {
		whole := plan.Plan{Resources: c.plan}
		r := Report{Verdict: VerdictDeny}
		for _, p := range c.plan {
			if p.Operation == plan.OperationSame {
				r.Findings = append(r.Findings, Finding{Rule: "a", URN: p.URN})
			}
		}
		kept := ""
		got := r.About(whole, whole.Touched())
		for _, f := range got.Findings {
			kept += f.URN
		}
		if kept != c.kept || got.Allowed() != (c.kept == "") {
			t.Errorf("%s: kept %q, want %q; allowed: %v", name, kept, c.kept, got.Allowed())
		}
	}
}
