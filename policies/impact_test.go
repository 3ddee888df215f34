package policies_test

import (
	"fmt"
	"testing"

	"github.com/tenantform/tenantform/policies"
)

func TestImpact(t *testing.T) {
	f := func(rule, urn, property string) policies.Finding {
		return policies.Finding{Rule: rule, URN: urn, Property: property, Message: "of " + rule}
	}
	waived, advisory := f("a", "u1", "p"), f("b", "u1", "")
	waived.Waiver, advisory.Level = &policies.Waiver{}, policies.LevelAdvisory
	report := func(findings ...policies.Finding) policies.Report { return policies.Report{Findings: findings} }
	show := func(findings []policies.Finding) string {
		out := ""
		for _, f := range findings {
			out += fmt.Sprintf("%s %s %s;", f.Rule, f.URN, f.Property)
		}
		return out
	}
	reworded := f("a", "u1", "p")
	reworded.Message = "in other words"
	for name, c := range map[string]struct {
		before, after     policies.Report
		refused, released string
	}{
		"nothing":         {report(), report(), "", ""},
		"new":             {report(f("a", "u1", "p")), report(f("a", "u1", "p"), f("b", "u1", "")), "b u1 ;", ""},
		"another place":   {report(f("a", "u1", "p")), report(f("a", "u1", "q"), f("a", "u2", "p")), "a u1 q;a u2 p;", "a u1 p;"},
		"reworded":        {report(f("a", "u1", "p")), report(reworded), "", ""},
		"one more":        {report(f("a", "u1", "p")), report(f("a", "u1", "p"), f("a", "u1", "p")), "a u1 p;", ""},
		"was waived":      {report(waived), report(f("a", "u1", "p")), "a u1 p;", ""},
		"is waived now":   {report(f("a", "u1", "p")), report(waived), "", "a u1 p;"},
		"is only advised": {report(), report(advisory), "", ""},
	} {
		refused, released := policies.Impact(c.before, c.after)
		if show(refused) != c.refused || show(released) != c.released || refused == nil || released == nil {
			t.Errorf("%s: refused %q, released %q; want %q, %q", name, show(refused), show(released), c.refused, c.released)
		}
	}
}
