package policies

import (
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tenantform/tenantform/automation/plan"
)

// shapes are what may stand where a rule expects something else.
var shapes = []any{nil, true, 0.0, -1.5, "", "x", []any{}, []any{nil, 1.0}, map[string]any{}, map[string]any{"a": []any{}}, plan.Unknown(), plan.Secret()}

// TestAnyShapeAnywhere puts values of every other shape in the place of every
// input of the fixtures, once for each property of a type. The rules must reach a
// decision on each. FuzzEvaluate goes on from there.
func TestAnyShapeAnywhere(t *testing.T) {
	e := evaluator(t)
	names, err := filepath.Glob("bundle/rules/*/fixtures/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no fixtures", err)
	}
	var (
		workers sync.WaitGroup
		tried   atomic.Int64
		seen    = map[string]bool{}
		places  = make(chan place)
	)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for at := range places {
				for _, shape := range shapes {
					if _, err := e.Evaluate(t.Context(), at.with(shape)); err != nil {
						t.Errorf("%s: %s with %v as %v: %v", at.file, at.in.Plan.Resources[at.resource].Name, at.path, shape, err)
					}
					tried.Add(1)
				}
			}
		})
	}
	for _, name := range names {
		in := readInput(t, name)
		for i, r := range in.Plan.Resources {
			for _, old := range []bool{false, true} {
				inputs := r.Inputs
				if old {
					inputs = r.OldInputs
				}
				for _, path := range paths(inputs, nil) {
					key := fmt.Sprint(r.Type, old, anywhere(path))
					if !seen[key] {
						seen[key] = true
						places <- place{file: name, in: in, resource: i, old: old, path: path}
					}
				}
			}
		}
	}
	close(places)
	workers.Wait()
	if n := tried.Load(); n < 5000 || n != int64(len(seen)*len(shapes)) {
		t.Errorf("%d shapes were tried in %d places", n, len(seen))
	}
}

// passesHidden are the rules that pass a property that is not known before the run,
// and why.
var passesHidden = map[string]string{
	"tenant_event_source endpoint":                      "in a shared stack only an end that is known to be one tenant's is refused",
	"tenant_names_no_other dimensions":                  "the rule looks for names, and a value that is hidden shows none",
	"tenant_names_no_other environment":                 "the rule looks for names, and a value that is hidden shows none",
	"tenant_pool_grants granteePrincipal":               "a stack of all tenants has roles of its own, and the rule looks for one tenant's",
	"tenant_pool_grants policy":                         "the rule looks for one tenant's names; that a document cannot be read is for the rules about documents",
	"tenant_session_tag policy":                         "without its statements a role is not seen to serve several tenants; that a document cannot be read is for the rules about documents",
	"tenant_tier_limits apiStages":                      "the limits of methods are refused where they are seen, and those of the plan are held to the tier",
	"untrusted_function_invoker function":               "whose function it is follows from the name, and the permission's principal is looked at in any case",
	"vpc_default_security_group_closed securityGroupId": "the group is refused where it is known to be a VPC's default one",
}

// TestOffendingValuesHidden hides each value that a rule finds fault with in its
// fixtures, and wants the same rule to find fault with the resource all the same.
func TestOffendingValuesHidden(t *testing.T) {
	e := evaluator(t)
	names, err := filepath.Glob("bundle/rules/*/fixtures/violates*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no fixtures", err)
	}
	tried, excepted := 0, map[string]bool{}
	for _, name := range names {
		rule := filepath.Base(filepath.Dir(filepath.Dir(name)))
		in := readInput(t, name)
		for _, f := range fired(t, e, name)[rule] {
			property, _, _ := strings.Cut(strings.ReplaceAll(f.Property, "[", "."), ".")
			i := slices.IndexFunc(in.Plan.Resources, func(r plan.Resource) bool { return r.URN == f.URN })
			if i < 0 || in.Plan.Resources[i].Inputs[property] == nil {
				continue
			}
			for _, hidden := range []any{plan.Unknown(), plan.Secret()} {
				tried++
				at := place{file: name, in: in, resource: i, path: []any{property}}
				report, err := e.Evaluate(t.Context(), at.with(hidden))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				found := slices.ContainsFunc(report.Findings, func(g Finding) bool { return g.Rule == rule && g.URN == f.URN })
				key := rule + " " + property
				if reason := passesHidden[key]; reason != "" && !found {
					excepted[key] = true
				} else if !found {
					t.Errorf("%s: %s passes where %s is %v", name, key, f.URN, hidden)
				}
			}
		}
	}
	if tried < 300 {
		t.Errorf("%d values were hidden", tried)
	}
	for key := range passesHidden {
		if !excepted[key] {
			t.Errorf("%s is found although it is hidden, so it is no exception", key)
		}
	}
}

// place is where a value stands in a fixture.
type place struct {
	file     string
	in       Input
	resource int
	old      bool // among the old inputs
	path     []any
}

// with gives the fixture with another value in the place.
func (p place) with(shape any) Input {
	in := p.in
	in.Plan.Resources = slices.Clone(in.Plan.Resources)
	r := &in.Plan.Resources[p.resource]
	if p.old {
		r.OldInputs = replaced(r.OldInputs, p.path, shape).(map[string]any)
	} else {
		r.Inputs = replaced(r.Inputs, p.path, shape).(map[string]any)
	}
	return in
}

// anywhere gives a path without the places in lists.
func anywhere(path []any) []any {
	out := slices.Clone(path)
	for i, step := range out {
		if _, isIndex := step.(int); isIndex {
			out[i] = "#"
		}
	}
	return out
}

// paths lists the places within a value, the outermost first.
func paths(v any, at []any) [][]any {
	var all [][]any
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			here := append(slices.Clone(at), k)
			all = append(append(all, here), paths(v[k], here)...)
		}
	case []any:
		for i := range v {
			here := append(slices.Clone(at), i)
			all = append(append(all, here), paths(v[i], here)...)
		}
	}
	return all
}

func replaced(v any, path []any, with any) any {
	if len(path) == 0 {
		return with
	}
	switch key := path[0].(type) {
	case string:
		out := maps.Clone(v.(map[string]any))
		out[key] = replaced(out[key], path[1:], with)
		return out
	case int:
		out := slices.Clone(v.([]any))
		out[key] = replaced(out[key], path[1:], with)
		return out
	}
	panic(fmt.Sprintf("a path of %T", path[0]))
}
