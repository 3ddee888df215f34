package policies

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// planOf makes a plan of about n resources out of the recorded tenant and
// functions stacks, copied under other names until there are enough.
func planOf(tb testing.TB, n int) Input {
	in := readInput(tb, "testdata/reference/tenant-acme.json")
	functions := readInput(tb, "testdata/reference/functions-acme.json")
	pattern := slices.Concat(in.Plan.Resources, functions.Plan.Resources)
	in.Plan.Resources = nil
	for copies := 0; len(in.Plan.Resources) < n; copies++ {
		rename := func(urn string) string {
			if urn == "" {
				return ""
			}
			return fmt.Sprintf("%s-%d", urn, copies)
		}
		for _, r := range pattern {
			if len(in.Plan.Resources) == n {
				break
			}
			r.URN, r.Name, r.Parent = rename(r.URN), rename(r.Name), rename(r.Parent)
			deps := map[string][]string{}
			for k, urns := range r.PropertyDependencies {
				for _, u := range urns {
					deps[k] = append(deps[k], rename(u))
				}
			}
			r.PropertyDependencies, r.Inputs = deps, renamed(r.Inputs, copies).(map[string]any)
			in.Plan.Resources = append(in.Plan.Resources, r)
		}
	}
	return in
}

// renamed tells the copies' documents and names apart, as those of other
// tenants are, so that nothing is parsed once for all.
func renamed(v any, copies int) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "acme", fmt.Sprintf("acme%d", copies))
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			if k == "tenant-id" {
				out[k] = e
				continue
			}
			out[k] = renamed(e, copies)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = renamed(e, copies)
		}
		return out
	}
	return v
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
