package policies

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// ruling is one independent case: what another project's documentation says about
// a resource, in values of our own.
type ruling struct {
	// ID is the other project's name for its rule, CKV_AWS_24 for example.
	ID string `json:"id"`
	// Says is its verdict, "pass" or "violates".
	Says string `json:"says"`
	Case string `json:"case"`
	// Differs is why our rule decides otherwise; empty where it does not.
	Differs   string            `json:"differs"`
	Resources []fixtureResource `json:"resources"`

	input Input
}

// independentName is the name of a fixture that is an independent case.
var independentName = regexp.MustCompile(`^(pass|violates)-(aws|cdk-nag|checkov|control-tower|fsbp|security-?hub)(-[a-z-]+)?\.json$`)

// independent gives the independent cases by rule: fixtures that are named so, and
// those of testdata/independent, a file a rule.
func independent(t *testing.T) map[string][]ruling {
	t.Helper()
	all := map[string][]ruling{}
	names, err := filepath.Glob("bundle/rules/*/fixtures/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		m := independentName.FindStringSubmatch(filepath.Base(name))
		if m == nil {
			continue
		}
		rule := filepath.Base(filepath.Dir(filepath.Dir(name)))
		all[rule] = append(all[rule], ruling{ID: m[2], Says: m[1], Case: filepath.Base(name), input: readInput(t, name)})
	}
	names, err = filepath.Glob("testdata/independent/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no independent cases", err)
	}
	for _, name := range names {
		rule := strings.TrimSuffix(filepath.Base(name), ".json")
		text, err := os.ReadFile(name)
		var cases []ruling
		if err == nil {
			err = strict(text, &cases)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, c := range cases {
			fixture, err := json.Marshal(map[string]any{"resources": c.Resources})
			if err == nil {
				c.input, err = ParseFixture(fixture)
			}
			if err != nil || c.ID == "" || c.Case == "" || c.Says != "pass" && c.Says != "violates" {
				t.Fatalf("%s: case %d is not complete: %v", name, i, err)
			}
			all[rule] = append(all[rule], c)
		}
	}
	return all
}

// score counts how a rule decides on cases: what it refuses rightly and wrongly,
// and what it lets pass wrongly and rightly.
type score struct{ truePositive, falsePositive, falseNegative, trueNegative int }

func (s *score) add(o score) {
	s.truePositive += o.truePositive
	s.falsePositive += o.falsePositive
	s.falseNegative += o.falseNegative
	s.trueNegative += o.trueNegative
}

func (s score) precision() float64 { return part(s.truePositive, s.falsePositive) }
func (s score) recall() float64    { return part(s.truePositive, s.falseNegative) }

// part gives how many of all are right; 1 when there is none at all.
func part(right, wrong int) float64 {
	if right+wrong == 0 {
		return 1
	}
	return float64(right) / float64(right+wrong)
}

// TestIndependentCases holds the rules against cases that others define, and
// prints, with -v, the precision and recall of each. A case that a rule decides
// otherwise counts against it, and has to say why. A reason that is no longer
// needed is a fault as well.
func TestIndependentCases(t *testing.T) {
	e := evaluator(t)
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "RULE\tCASES\tVIOLATE\tPASS\tDIFFER\tPRECISION\tRECALL")
	var total score
	cases, differ := 0, 0
	all := independent(t)
	for _, rule := range slices.Sorted(maps.Keys(all)) {
		if _, ok := e.byID[rule]; !ok {
			t.Errorf("there is no rule %s", rule)
		}
		var s score
		differing := 0
		for _, c := range all[rule] {
			one := decided(t, e, rule, c)
			s.add(one)
			agrees := one.falsePositive+one.falseNegative == 0
			if !agrees {
				differing++
			}
			switch {
			case !agrees && c.Differs == "":
				t.Errorf("%s: %s says that %q %s; the rule decides otherwise, and the case does not say why", rule, c.ID, c.Case, c.Says)
			case agrees && c.Differs != "":
				t.Errorf("%s: the rule decides on %q as %s does; take away why it differs", rule, c.Case, c.ID)
			}
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%.2f\t%.2f\n", rule, len(all[rule]), s.truePositive+s.falseNegative, s.trueNegative+s.falsePositive, differing, s.precision(), s.recall())
		total.add(s)
		cases, differ = cases+len(all[rule]), differ+differing
	}
	fmt.Fprintf(w, "%d rules\t%d\t%d\t%d\t%d\t%.3f\t%.3f\n", len(all), cases, total.truePositive+total.falseNegative, total.trueNegative+total.falsePositive, differ, total.precision(), total.recall())
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table.String())
	if cases < 60 || len(all) < 70 {
		t.Errorf("there are %d independent cases of %d rules", cases, len(all))
	}
}

// decided gives how a rule decides on one case.
func decided(t *testing.T, e *Evaluator, rule string, c ruling) score {
	t.Helper()
	report, err := e.Evaluate(t.Context(), c.input)
	if err != nil {
		t.Fatalf("%s, %s: %v", rule, c.Case, err)
	}
	refused := slices.ContainsFunc(report.Findings, func(f Finding) bool { return f.Rule == rule })
	switch {
	case refused && c.Says == "violates":
		return score{truePositive: 1}
	case refused:
		return score{falsePositive: 1}
	case c.Says == "violates":
		return score{falseNegative: 1}
	}
	return score{trueNegative: 1}
}
