package policies

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tenantform/tenantform/automation/plan"
)

// shapes are what may stand where a rule expects something else.
var shapes = []any{nil, true, 0.0, -1.5, "", "x", []any{}, []any{nil, 1.0}, map[string]any{}, map[string]any{"a": []any{}}, plan.Unknown(), plan.Secret()}

// TestAnyShapeAnywhere puts a value of another shape in the place of every input
// of every fixture, the shapes by turns, so that each place that several fixtures
// have meets several. The rules must reach a decision on each. FuzzEvaluate goes
// on from there.
func TestAnyShapeAnywhere(t *testing.T) {
	e := evaluator(t)
	names, err := filepath.Glob("bundle/rules/*/fixtures/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no fixtures", err)
	}
	tried := 0
	for _, name := range names {
		in := readInput(t, name)
		for i := range in.Plan.Resources {
			r := &in.Plan.Resources[i]
			for _, side := range []*map[string]any{&r.Inputs, &r.OldInputs} {
				original := *side
				for _, path := range paths(original, nil) {
					shape := shapes[tried%len(shapes)]
					*side = replaced(original, path, shape).(map[string]any)
					if _, err := e.Evaluate(t.Context(), in); err != nil {
						t.Errorf("%s: %s with %v as %v: %v", name, r.Name, path, shape, err)
					}
					tried++
				}
				*side = original
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d shapes were tried", tried)
	}
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
