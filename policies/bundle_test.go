package policies

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/automation/plan"
)

// TestRego runs the rules' own tests.
func TestRego(t *testing.T) {
	src, err := load(os.DirFS("bundle"))
	if err == nil {
		err = src.addTests(os.DirFS("bundle"), "")
	}
	if err != nil {
		t.Fatal(err)
	}
	results, err := src.runTests(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	for _, r := range results {
		tested[r.Rule] = true
		if !r.Passed {
			t.Errorf("%s:%d %s failed: %s", r.File, r.Line, r.Name, r.Why)
		}
	}
	for _, r := range src.rules {
		if !tested[r.ID] {
			t.Errorf("rule %s has no Rego test", r.ID)
		}
	}
	if len(results) < 2*len(src.rules) {
		t.Errorf("%d Rego tests ran for %d rules", len(results), len(src.rules))
	}
}

func readInput(t testing.TB, name string) Input {
	t.Helper()
	in, err := ReadFixture(os.DirFS(filepath.Dir(name)), filepath.Base(name))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func evaluator(t testing.TB) *Evaluator {
	t.Helper()
	e, err := New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// fired gives the findings of each rule on a fixture.
func fired(t *testing.T, e *Evaluator, name string) map[string][]Finding {
	t.Helper()
	report, err := e.Evaluate(t.Context(), readInput(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if report.RulesRun != len(e.Rules()) {
		t.Errorf("%s: %d rules ran", name, report.RulesRun)
	}
	if (report.Verdict == VerdictAllow) != (len(report.Denials()) == 0) {
		t.Errorf("%s: the verdict is %q with %d findings", name, report.Verdict, len(report.Findings))
	}
	byRule := map[string][]Finding{}
	for _, f := range report.Findings {
		byRule[f.Rule] = append(byRule[f.Rule], f)
	}
	return byRule
}

// TestRulesAreComplete wants of every rule a test, fixtures that it passes and
// refuses, a page, and that it neither sleeps nor fires on everything.
func TestRulesAreComplete(t *testing.T) {
	e := evaluator(t)
	dirs, err := os.ReadDir("bundle/rules")
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, 0, len(dirs))
	for _, d := range dirs {
		ids = append(ids, d.Name())
	}
	known := make([]string, 0, len(ids))
	for _, r := range e.Rules() {
		known = append(known, r.ID)
	}
	if !slices.Equal(ids, known) {
		t.Fatalf("the directories are %v and the rules %v", ids, known)
	}
	silent := map[string]bool{}
	for _, id := range ids {
		for _, part := range []string{"rule.rego", "rule_test.rego", "../../../../docs/policies/" + id + ".md"} {
			if _, err := os.Stat(filepath.Join("bundle/rules", id, part)); err != nil {
				t.Errorf("rule %s lacks %s", id, part)
			}
		}
		passes, _ := filepath.Glob(filepath.Join("bundle/rules", id, "fixtures", "pass*.json"))
		violates, _ := filepath.Glob(filepath.Join("bundle/rules", id, "fixtures", "violates*.json"))
		if len(passes) == 0 || len(violates) == 0 {
			t.Errorf("rule %s has %d passing and %d violating fixtures; it needs one of each", id, len(passes), len(violates))
		}
		refused := map[string]bool{}
		for _, name := range violates {
			byRule := fired(t, e, name)
			if len(byRule[id]) == 0 {
				t.Errorf("rule %s does not fire on %s", id, name)
			}
			if strings.Contains(name, "unknown") != slices.ContainsFunc(byRule[id], func(f Finding) bool { return f.Unknown }) {
				t.Errorf("%s: findings are %+v; marked as unknown they must be where the fixture is about that", name, byRule[id])
			}
			for _, f := range byRule[id] {
				refused[typeOf(f.URN)] = true
			}
			for other := range maps.Keys(e.byID) {
				silent[other] = silent[other] || other != id && len(byRule[other]) == 0
			}
		}
		looked := false
		for _, name := range passes {
			if got := fired(t, e, name)[id]; len(got) > 0 {
				t.Errorf("rule %s fires on %s: %+v", id, name, got)
			}
			for _, r := range readInput(t, name).Plan.Resources {
				looked = looked || refused[r.Type]
			}
		}
		if !looked {
			t.Errorf("rule %s passes fixtures without any of the types it refuses: %v", id, refused)
		}
	}
	for _, id := range ids {
		if !silent[id] {
			t.Errorf("rule %s fires on every other rule's fixtures", id)
		}
	}
}

func typeOf(urn string) string {
	parts := strings.Split(urn, "::")
	return parts[2][strings.LastIndex(parts[2], "$")+1:]
}

// TestReferenceInputs runs the recorded plans of the project's own stacks, as
// TestReferenceStacks keeps them, and then each with its protection taken off.
func TestReferenceInputs(t *testing.T) {
	e := evaluator(t)
	names, err := filepath.Glob("testdata/reference/*.json")
	if err != nil || len(names) < 4 {
		t.Fatal("no reference inputs", err)
	}
	for _, name := range names {
		in := readInput(t, name)
		report, err := e.Evaluate(t.Context(), in)
		if err != nil || !report.Allowed() {
			t.Errorf("%s is refused: %+v %v", name, report.Findings, err)
		}
	}
	for _, tt := range []struct {
		input, rule string
		spoil       func(typ string, inputs map[string]any) bool // tells whether the resource stays
	}{
		{"tenant-acme", "vpc_flow_logs", func(typ string, _ map[string]any) bool { return typ != "aws:ec2/flowLog:FlowLog" }},
		{"platform", "vpc_flow_logs", func(typ string, _ map[string]any) bool { return typ != "aws:ec2/flowLog:FlowLog" }},
		{"tenant-acme", "s3_public_access_block", func(typ string, _ map[string]any) bool { return !strings.Contains(typ, "PublicAccessBlock") }},
		{"tenant-acme", "log_group_retention", func(_ string, in map[string]any) bool { delete(in, "retentionInDays"); return true }},
		{"pool-a", "tenant_tags", func(_ string, in map[string]any) bool { delete(in, "tags"); return true }},
		{"functions-acme", "untrusted_function_role", func(typ string, _ map[string]any) bool { return typ != "aws:iam/rolePolicy:RolePolicy" }},
		{"functions-acme", "untrusted_function_isolation", func(typ string, in map[string]any) bool {
			if typ == "aws:ec2/securityGroup:SecurityGroup" {
				in["egress"] = []any{map[string]any{"protocol": "-1"}}
			}
			return true
		}},
		{"functions-acme", "untrusted_function_isolation", func(typ string, _ map[string]any) bool { return typ != "aws:cloudwatch/logGroup:LogGroup" }},
		{"functions-acme", "untrusted_function_isolation", func(_ string, in map[string]any) bool { delete(in, "reservedConcurrentExecutions"); return true }},
		{"functions-acme", "untrusted_function_isolation", func(_ string, in map[string]any) bool { delete(in, "vpcConfig"); return true }},
	} {
		in := readInput(t, "testdata/reference/"+tt.input+".json")
		in.Plan.Resources = slices.DeleteFunc(in.Plan.Resources, func(r plan.Resource) bool { return !tt.spoil(r.Type, r.Inputs) })
		report, err := e.Evaluate(t.Context(), in)
		if err != nil || report.Allowed() || !slices.ContainsFunc(report.Findings, func(f Finding) bool { return f.Rule == tt.rule }) {
			t.Errorf("%s, spoilt for %s, got %+v %v", tt.input, tt.rule, report, err)
		}
	}
}

// TestReferenceDestruction deletes and replaces what the reference stacks hold.
func TestReferenceDestruction(t *testing.T) {
	e := evaluator(t)
	for _, tt := range []struct {
		name      string
		operation string
		release   *Release
		want      int // findings of tenant_data_deletion at least; 0 means none at all
	}{
		{"replace", "replace", &Release{Kind: ReleaseDelete}, 3},
		{"delete", "delete", nil, 3},
		{"delete of what is protected", "delete", &Release{Kind: ReleaseDelete}, 2},
	} {
		in := readInput(t, "testdata/reference/tenant-acme-unchanged.json")
		in.Subject.Release, in.Subject.Destroy = tt.release, tt.operation == "delete"
		for i := range in.Plan.Resources {
			r := &in.Plan.Resources[i]
			r.Operation, r.OldInputs = plan.Operation(tt.operation), r.Inputs
			if r.Operation == "delete" {
				r.Inputs = nil
			}
		}
		report, err := e.Evaluate(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, f := range report.Findings {
			if f.Rule == "tenant_data_deletion" {
				n++
			}
		}
		if n < tt.want {
			t.Errorf("%s: %d findings, want at least %d", tt.name, n, tt.want)
		}
	}
}

func TestReportJSONIsStable(t *testing.T) {
	e := evaluator(t)
	in := readInput(t, "bundle/rules/untrusted_function_isolation/fixtures/violates.json")
	var first string
	for range 5 {
		report, err := e.Evaluate(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(text)
		}
		if string(text) != first {
			t.Errorf("the same input gave\n%s and\n%s", first, text)
		}
	}
}
