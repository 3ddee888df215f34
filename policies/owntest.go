package policies

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/tenantform/tenantform/tenants"
)

// TestReport is what the tests of rules of one's own came to. The zero value has
// not passed.
type TestReport struct {
	Rules []RuleTests `json:"rules"` // by id
	// Tests are the Rego tests and then the fixtures, in the order of their names.
	Tests []TestResult `json:"tests"`
}

// RuleTests is how far one rule is tested.
type RuleTests struct {
	Rule string `json:"rule"`
	// Coverage is the share of the lines of rule.rego that the Rego tests reach, in
	// percent.
	Coverage float64 `json:"coverage"`
	Missed   []Lines `json:"missed,omitempty"` // those that they do not reach
	Tests    int     `json:"tests"`            // Rego tests
	Passing  int     `json:"passing"`          // fixtures that the rule must pass
	Refused  int     `json:"refused"`          // fixtures that the rule must refuse
	// Lacks is what a rule needs and this one has not: "a Rego test" for example.
	Lacks []string `json:"lacks,omitempty"`
}

// Lines are lines of a file, both ends included.
type Lines struct {
	First int `json:"first"`
	Last  int `json:"last"`
}

// TestResult is one Rego test, or one fixture.
type TestResult struct {
	Rule   string `json:"rule,omitempty"` // empty for a test of a library
	Name   string `json:"name"`           // "test_retention" or "fixtures/pass.json"
	File   string `json:"file"`           // as in the bundle
	Line   int    `json:"line,omitempty"` // of a Rego test
	Passed bool   `json:"passed"`
	Why    string `json:"why,omitempty"` // it did not pass
}

// Passed tells whether every rule is tested and every test passed; false where
// nothing was.
func (r TestReport) Passed() bool {
	return len(r.Rules) > 0 && len(r.Tests) > 0 &&
		!slices.ContainsFunc(r.Tests, func(t TestResult) bool { return !t.Passed }) &&
		!slices.ContainsFunc(r.Rules, func(r RuleTests) bool { return len(r.Lacks) > 0 })
}

// Test runs the Rego tests of rules of one's own (files *_test.rego), together
// with the libraries and rules that are embedded, and holds each rule against its
// fixtures: it must find something in fixtures/violates*.json beside it, and
// nothing in fixtures/pass*.json. A rule that lacks a test or one of the two
// fixtures is told of in the report. The error is CodeInvalid for a bundle that
// cannot be used or does not compile.
func Test(ctx context.Context, own Own) (TestReport, error) {
	evaluator, err := New(ctx, &Options{Own: []Own{own}})
	if err != nil {
		return TestReport{}, err
	}
	src, err := load(Bundle())
	if err == nil {
		src, err = src.with(own)
	}
	if err == nil {
		err = src.addTests(own.FS, own.Name+"/")
	}
	if err != nil {
		return TestReport{}, tenants.Errorf(tenants.CodeInvalid, "the policy bundle %s cannot be tested: %w", own.Name, err)
	}
	covered := cover.New()
	results, err := src.runTests(ctx, covered)
	if err != nil {
		return TestReport{}, tenants.Errorf(tenants.CodeInvalid, "the tests of %s cannot be run: %w", own.Name, err)
	}
	report := TestReport{Tests: []TestResult{}}
	prefix := own.Name + "/"
	for _, t := range results {
		t.File = strings.TrimPrefix(t.File, prefix)
		report.Tests = append(report.Tests, t)
	}
	for _, name := range slices.Sorted(maps.Keys(src.modules)) {
		rule, isRule, _ := ruleOf(src.modules[name])
		file, isOwn := strings.CutPrefix(name, prefix)
		if !isRule || !isOwn || !slices.ContainsFunc(src.rules, func(r Rule) bool { return r.ID == rule.ID && r.Source == own.Name }) {
			continue
		}
		tested := RuleTests{Rule: rule.ID}
		// The report knows files by the names they were parsed with.
		at := src.modules[name].Package.Location.File
		if f := covered.Report(map[string]*ast.Module{at: src.modules[name]}).Files[at]; f != nil {
			tested.Coverage = f.Coverage
			for _, missed := range f.NotCovered {
				tested.Missed = append(tested.Missed, Lines{missed.Start.Row, missed.End.Row})
			}
		}
		for _, t := range report.Tests {
			if t.Rule == rule.ID {
				tested.Tests++
			}
		}
		fixtures, err := evaluator.testFixtures(ctx, own.FS, rule.ID, path.Dir(file), &tested)
		if err != nil {
			return TestReport{}, err
		}
		report.Tests = append(report.Tests, fixtures...)
		tested.Lacks = tested.lacks()
		report.Rules = append(report.Rules, tested)
	}
	slices.SortFunc(report.Rules, func(a, b RuleTests) int { return cmp.Compare(a.Rule, b.Rule) })
	return report, nil
}

func (r RuleTests) lacks() []string {
	var lacks []string
	for _, need := range []struct {
		have int
		what string
	}{{r.Tests, "a Rego test"}, {r.Passing, "a fixture that it passes"}, {r.Refused, "a fixture that it refuses"}} {
		if need.have == 0 {
			lacks = append(lacks, need.what)
		}
	}
	return lacks
}

// testFixtures holds a rule against the fixtures beside it.
func (e *Evaluator) testFixtures(ctx context.Context, fsys fs.FS, id, dir string, tested *RuleTests) ([]TestResult, error) {
	names, err := fs.Glob(fsys, path.Join(dir, "fixtures", "*.json"))
	if err != nil {
		return nil, err
	}
	results := make([]TestResult, 0, len(names))
	for _, name := range names {
		t := TestResult{Rule: id, Name: "fixtures/" + path.Base(name), File: name}
		passes, refuses := strings.HasPrefix(path.Base(name), "pass"), strings.HasPrefix(path.Base(name), "violates")
		var found []Finding
		in, err := ReadFixture(fsys, name)
		if err == nil {
			var r Report
			if r, err = e.Evaluate(ctx, in); err == nil {
				found = slices.DeleteFunc(r.Findings, func(f Finding) bool { return f.Rule != id })
			}
		}
		switch {
		case ctx.Err() != nil:
			return nil, tenants.Errorf(tenants.CodeUnavailable, "the tests were ended before they were through: %w", ctx.Err())
		case err != nil:
			t.Why = err.Error()
		case !passes && !refuses:
			t.Why = "its name says neither that it passes nor that it violates; begin it with pass or violates"
		case passes && len(found) > 0:
			t.Why = "the rule refuses it: " + found[0].Message
		case refuses && len(found) == 0:
			t.Why = "the rule finds nothing in it"
		default:
			t.Passed = true
		}
		if passes {
			tested.Passing++
		}
		if refuses {
			tested.Refused++
		}
		results = append(results, t)
	}
	return results, nil
}

// addTests adds the Rego tests of a bundle to the source.
func (s *source) addTests(bundle fs.FS, prefix string) error {
	return fs.WalkDir(bundle, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, "_test.rego") {
			return err
		}
		text, err := fs.ReadFile(bundle, name)
		if err != nil {
			return err
		}
		m, err := ast.ParseModuleWithOpts(prefix+name, string(text), ast.ParserOptions{RegoVersion: ast.RegoV1, Capabilities: capabilities()})
		if err != nil {
			return err
		}
		s.modules[prefix+name] = m
		return nil
	})
}

// runTests runs all Rego tests of the source. covered, unless nil, notes the
// lines that they reach.
func (s source) runTests(ctx context.Context, covered *cover.Cover) ([]TestResult, error) {
	store := inmem.NewFromObject(s.data)
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Abort(ctx, txn)
	runner := tester.NewRunner().SetCompiler(ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(true)).
		RaiseBuiltinErrors(true).SetStore(store).SetModules(s.modules)
	if covered != nil {
		runner = runner.SetCoverageQueryTracer(covered)
	}
	ran, err := runner.RunTests(ctx, txn)
	if err != nil {
		return nil, err
	}
	results := []TestResult{}
	for r := range ran {
		t := TestResult{Rule: ruleTested(r.Package), Name: r.Name, Passed: r.Pass()}
		if r.Location != nil {
			t.File, t.Line = r.Location.File, r.Location.Row
		}
		switch {
		case t.Passed:
		case r.Error != nil:
			t.Why = r.Error.Error()
		case r.Skip:
			t.Why = "it is skipped (todo_)"
		default:
			t.Why = "it is not true"
		}
		results = append(results, t)
	}
	slices.SortStableFunc(results, func(a, b TestResult) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name, b.Name))
	})
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("ended before they were through: %w", err)
	}
	return results, nil
}

// ruleTested gives the rule that a package of tests is for, by its name: that of
// the rule, with or without "_test" behind it.
func ruleTested(pkg string) string {
	id, ok := strings.CutPrefix(pkg, strings.Join(rulesPrefix, ".")+".")
	if !ok || strings.Contains(id, ".") {
		return ""
	}
	return strings.TrimSuffix(id, "_test")
}
