package policies_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/internal/cases"
)

// TestIndependentCases holds the rules against cases that others define, and
// prints, with -v, the precision and recall of each. A case that a rule decides
// otherwise counts against it, and has to say why. A reason that is no longer
// needed is a fault as well.
func TestIndependentCases(t *testing.T) {
	e, err := policies.New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	all, err := cases.Read(".")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "RULE\tCASES\tVIOLATE\tPASS\tDIFFER\tPRECISION\tRECALL")
	row := func(name string, s cases.Score) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t%s\n", name, s.Violate()+s.Pass(), s.Violate(), s.Pass(), s.Differ(), s.Precision(), s.Recall())
	}
	var total cases.Score
	for _, rule := range slices.Sorted(maps.Keys(all)) {
		if !slices.ContainsFunc(e.Rules(), func(r policies.Rule) bool { return r.ID == rule }) {
			t.Errorf("there is no rule %s", rule)
		}
		var s cases.Score
		for _, c := range all[rule] {
			one, err := c.Decide(t.Context(), e, rule)
			if err != nil {
				t.Fatal(err)
			}
			s.Add(one)
			switch agrees := one.Differ() == 0; {
			case !agrees && c.Differs == "":
				t.Errorf("%s: %s says that %q %s; the rule decides otherwise, and the case does not say why", rule, c.ID, c.Name, c.Says)
			case agrees && c.Differs != "":
				t.Errorf("%s: the rule decides on %q as %s does; take away why it differs", rule, c.Name, c.ID)
			}
		}
		row(rule, s)
		total.Add(s)
	}
	row(fmt.Sprintf("%d rules", len(all)), total)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table.String())
	if n := total.Violate() + total.Pass(); n < 60 || len(all) < 70 {
		t.Errorf("there are %d independent cases of %d rules", n, len(all))
	}
}
