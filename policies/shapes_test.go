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

// passes are the rules that pass a property that is not known before the run, or of
// another type than it can have, and why. The rules' metadata says so, too.
var passes = map[string]string{
	"tenant_names_no_other dimensions":                  "the rule looks for names in whatever there is, and here there is none",
	"tenant_names_no_other environment":                 "the rule looks for names in whatever there is, and here there is none",
	"vpc_default_security_group_closed securityGroupId": "most groups are made in the run, and one that is not known is refused where it comes from a default one",
}

// misfits are values of other types than one. An object is none for a list, because
// one element may stand for a list of it, and no empty text for what is on or off.
func misfits(v any) []any {
	switch v.(type) {
	case string:
		return []any{7.0, true, []any{}, []any{"x"}, []any{7.0}, map[string]any{}, map[string]any{"x": "y"}}
	case []any:
		return []any{"", "x", 7.0, true}
	case map[string]any:
		return []any{"", "x", 7.0, true, []any{}, []any{"x"}}
	case bool:
		return []any{"x", 7.0, []any{}, map[string]any{}}
	}
	return []any{"", "x", true, []any{}, map[string]any{}}
}

// TestOffendingValuesHidden hides each value that a rule finds fault with in its
// fixtures, and puts values of other types in its place; it wants the same rule to find
// fault with the resource all the same.
func TestOffendingValuesHidden(t *testing.T) {
	e := evaluator(t)
	names, err := filepath.Glob("bundle/rules/*/fixtures/violates*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no fixtures", err)
	}
	tried, excepted := map[string]int{}, map[string]bool{}
	for _, name := range names {
		rule := filepath.Base(filepath.Dir(filepath.Dir(name)))
		in := readInput(t, name)
		for _, f := range fired(t, e, name)[rule] {
			property, _, _ := strings.Cut(strings.ReplaceAll(f.Property, "[", "."), ".")
			i := slices.IndexFunc(in.Plan.Resources, func(r plan.Resource) bool { return r.URN == f.URN })
			if i < 0 || in.Plan.Resources[i].Inputs[property] == nil {
				continue
			}
			others := map[string][]any{"hidden": {plan.Unknown(), plan.Secret()}}
			if _, hidden := plan.Raw(in.Plan.Resources[i].Inputs[property]); !hidden && !f.Unknown {
				others["of another type"] = misfits(in.Plan.Resources[i].Inputs[property])
			}
			for kind, values := range others {
				for _, other := range values {
					tried[kind]++
					at := place{file: name, in: in, resource: i, path: []any{property}}
					report, err := e.Evaluate(t.Context(), at.with(other))
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					found := slices.ContainsFunc(report.Findings, func(g Finding) bool { return g.Rule == rule && g.URN == f.URN })
					key := rule + " " + property
					if passes[key] != "" && !found {
						excepted[key] = true
					} else if !found {
						t.Errorf("%s: %s passes where %s is %s: %v", name, key, f.URN, kind, other)
					}
				}
			}
		}
	}
	if tried["hidden"] < 300 || tried["of another type"] < 1000 {
		t.Errorf("tried were %v", tried)
	}
	for key := range passes {
		if !excepted[key] {
			t.Errorf("%s is found all the same, so it is no exception", key)
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
