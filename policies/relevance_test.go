package policies

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// TestRelevanceLeavesNothingOut asks every rule about every fixture, also those
// that look at no type in it, and wants what the evaluator finds.
func TestRelevanceLeavesNothingOut(t *testing.T) {
	e, all := evaluator(t), evaluator(t)
	all.relevance = nil
	if n := len(e.relevance.types); n < len(e.rules)/5 {
		t.Errorf("the types of %d of %d rules are known", n, len(e.rules))
	}
	names, err := filepath.Glob("bundle/rules/*/fixtures/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, name := range append(names, "testdata/reference/tenant-acme.json", "testdata/reference/platform.json") {
		in := readInput(t, name)
		got, err := e.Evaluate(t.Context(), in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want, err := all.Evaluate(t.Context(), in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.EqualFunc(got.Findings, want.Findings, func(a, b Finding) bool {
			return a.Rule == b.Rule && a.URN == b.URN && a.Property == b.Property && a.Value == b.Value && a.Message == b.Message
		}) || got.RulesRun != want.RulesRun {
			t.Errorf("%s: found\n%+v, want\n%+v", name, got.Findings, want.Findings)
		}
	}
}

func TestRelevanceOfModules(t *testing.T) {
	src, err := load(os.DirFS("bundle"))
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string][]string{
		`findings contains r if some r in plan.of_type("a:b/c:D")`:                                                 {"a:b/c:D"},
		`t := ["a:b/c:D", "a:b/e:F"]` + "\n" + `findings contains r if { some x in t; some r in plan.of_type(x) }`: {"a:b/c:D", "a:b/e:F"},
		`findings contains r if { some r in plan.of_type("a:b/c:D"); input.subject.program == "" }`:                nil,
		`findings contains r if { plan.of_type("a:b/c:D"); some r in plan.live }`:                                  nil,
		`findings contains r if { plan.of_type("a:b/c:D"); some r in plan.by_urn }`:                                nil,
		`findings contains r if { plan.of_type("a:b/c:D"); some rs in plan; some r in rs }`:                        nil,
		`findings contains r if { plan.of_type("a:b/c:D"); some r in data.tenantform.lib.plan.live }`:              nil,
		`findings contains r if { plan.of_type("a:b/c:D"); x := "live"; some r in plan[x] }`:                       nil,
		`findings := set()`: nil,
	} {
		m, err := ast.ParseModuleWithOpts("x.rego", "package tenantform.rules.x\n\nimport data.tenantform.lib.plan\n\n"+body+"\n", ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		one := source{modules: map[string]*ast.Module{"x.rego": m, "plan": src.modules["lib/plan/plan.rego"]}, rules: []Rule{{ID: "x", Source: builtIn}}, data: src.data}
		var got []string
		for kind := range relevant(one).types["x"] {
			got = append(got, kind)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s looks at %v, want %v", body, got, want)
		}
	}
}
