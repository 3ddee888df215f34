package policies

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// planOf makes a plan of n resources out of the recorded tenant and functions
// stacks, in one account and copied under other names of the same tenant until
// there are enough. The rules have as little to say about it as about those stacks.
func planOf(tb testing.TB, n int) Input {
	in := readInput(tb, "testdata/reference/tenant-acme.json")
	functions := readInput(tb, "testdata/reference/functions-acme.json")
	pattern := slices.Concat(in.Plan.Resources, functions.Plan.Resources)
	in.Plan.Resources = nil
	accounts := strings.NewReplacer(functions.Subject.Account, in.Subject.Account)
	for copies := 0; len(in.Plan.Resources) < n; copies++ {
		rename := func(urn string) string {
			if urn == "" {
				return ""
			}
			return fmt.Sprintf("%s-%d", strings.Replace(urn, "urn:pulumi:"+functions.Plan.Stack+"::", "urn:pulumi:"+in.Plan.Stack+"::", 1), copies)
		}
		for _, r := range pattern {
			if len(in.Plan.Resources) == n {
				break
			}
			r.URN, r.Name, r.Parent = rename(r.URN), rename(r.Name), rename(r.Parent)
			r.Dependencies = slices.Clone(r.Dependencies)
			for i, u := range r.Dependencies {
				r.Dependencies[i] = rename(u)
			}
			deps := map[string][]string{}
			for k, urns := range r.PropertyDependencies {
				for _, u := range urns {
					deps[k] = append(deps[k], rename(u))
				}
			}
			r.PropertyDependencies, r.Inputs = deps, renamed(r.Inputs, accounts, copies).(map[string]any)
			r.Provider.URN, r.Provider.Account = rename(r.Provider.URN), accounts.Replace(r.Provider.Account)
			in.Plan.Resources = append(in.Plan.Resources, r)
		}
	}
	return in
}

// named finds the tenant's physical names, without what is appended to them.
var named = regexp.MustCompile(`\bacme-(?:silo|pool-a|greeting|work-[0-9]{12})\b`)

// renamed tells the copies' documents and names apart, as those of several
// placements of a tenant are, so that nothing is parsed once for all.
func renamed(v any, accounts *strings.Replacer, copies int) any {
	switch v := v.(type) {
	case string:
		return named.ReplaceAllString(accounts.Replace(v), fmt.Sprintf("${0}-%d", copies))
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = renamed(e, accounts, copies)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = renamed(e, accounts, copies)
		}
		return out
	}
	return v
}

// TestPlanOf keeps the measured plan one that may go on, as a plan mostly may.
func TestPlanOf(t *testing.T) {
	report, err := evaluator(t).Evaluate(t.Context(), planOf(t, 2*107))
	if err != nil || !report.Allowed() {
		t.Errorf("the measured plan is refused: %+v %v", report.Denials(), err)
	}
}

// BenchmarkEvaluate is of a warm evaluator; p50 and p99 are of single decisions.
func BenchmarkEvaluate(b *testing.B) {
	e := evaluator(b)
	for _, n := range []int{20, 200, 2000} {
		b.Run(fmt.Sprintf("resources=%d", n), func(b *testing.B) {
			in := planOf(b, n)
			if report, err := e.Evaluate(b.Context(), in); err != nil || report.ResourcesSeen != n {
				b.Fatalf("%d resources seen, %v", report.ResourcesSeen, err)
			}
			var took []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				if _, err := e.Evaluate(b.Context(), in); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// BenchmarkNew is what a cold check pays before its first decision.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTerm is the share of a decision that turns the plan into Rego's values.
func BenchmarkTerm(b *testing.B) {
	in := planOf(b, 200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := term(in); err != nil {
			b.Fatal(err)
		}
	}
}

// TestEvaluateScales fails when a rule looks at every pair of resources: ten
// times the resources may take thirty times as long, not a hundred times.
func TestEvaluateScales(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	e := evaluator(t)
	best := func(n int) time.Duration {
		in := planOf(t, n)
		fastest := time.Hour
		for range 3 {
			start := time.Now()
			if _, err := e.Evaluate(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			fastest = min(fastest, time.Since(start))
		}
		return fastest
	}
	small, large := best(150), best(1500)
	if large > 30*small {
		t.Errorf("150 resources take %s and 1500 take %s", small, large)
	}
}
