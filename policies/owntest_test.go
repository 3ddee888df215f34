package policies

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tenantform/tenantform/tenants"
)

const ownRule = `# METADATA
# title: A
# description: B
# custom:
#   severity: low
#   scope: resource
#   on_unknown: C
#   waivable: "yes"
#   category: data
#   enforcement: advisory
#   remediation: D
#   related: []
package tenantform.rules.mine

import data.tenantform.lib.plan

findings contains plan.finding(r, "kind", "", "it has no kind") if {
	some r in plan.of_type("aws:x/y:Y")
	plan.get(r, "kind") == null
}

findings contains plan.finding(r, "kind", "", "it is odd") if {
	some r in plan.of_type("aws:x/y:Y")
	odd(plan.get(r, "kind"))
}

odd(kind) if {
	is_string(kind)
	upper(kind) == "ODD"
}
`

func ownFiles(files map[string]string) Own {
	fsys := fstest.MapFS{"rules/mine/rule.rego": {Data: []byte(ownRule)}}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return Own{Name: "bundle", FS: fsys}
}

func TestOwn(t *testing.T) {
	const input = ` with input as {"plan": {"resources": [{"urn": "u", "type": "aws:x/y:Y", "operation": "create", "inputs": {}}]}}`
	report, err := Test(t.Context(), ownFiles(map[string]string{
		"rules/mine/rule_test.rego": "package tenantform.rules.mine_test\n\nimport data.tenantform.rules.mine\n\n" +
			"test_found if count(mine.findings) == 1" + input + "\n\ntest_wrong if count(mine.findings) == 2" + input + "\n\n" +
			"test_none if count(mine.findings) == 0 with input as {\"plan\": {\"resources\": []}}\n",
		"lib/more/more_test.rego":            "package tenantform.lib.more_test\n\ntest_true if true\n",
		"rules/mine/fixtures/pass.json":      `{"resources": [{"type": "aws:x/y:Y", "name": "a", "inputs": {"kind": "even"}}]}`,
		"rules/mine/fixtures/pass-not.json":  `{"resources": [{"type": "aws:x/y:Y", "name": "a"}]}`,
		"rules/mine/fixtures/violates.json":  `{"resources": [{"type": "aws:x/y:Y", "name": "a", "inputs": {"kind": "odd"}}]}`,
		"rules/mine/fixtures/violates2.json": `{"resources": []}`,
		"rules/mine/fixtures/other.json":     `{"resources": []}`,
		"rules/mine/fixtures/violates3.json": `{`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	failed := map[string]string{}
	for _, r := range report.Tests {
		if !r.Passed {
			failed[r.Name] = r.Why
		}
	}
	for name, want := range map[string]string{
		"test_wrong": "not true", "fixtures/pass-not.json": "the rule refuses it: it has no kind", "fixtures/violates2.json": "finds nothing",
		"fixtures/other.json": "begin it with pass or violates", "fixtures/violates3.json": "unexpected end",
	} {
		if !strings.Contains(failed[name], want) {
			t.Errorf("%s: %q, want %q", name, failed[name], want)
		}
	}
	if len(failed) != 5 || len(report.Tests) != 10 || report.Passed() {
		t.Errorf("%+v", report)
	}
	if len(report.Rules) != 1 {
		t.Fatalf("%+v", report.Rules)
	}
	// The second line of odd is not reached: no kind is a text there.
	r := report.Rules[0]
	if r.Coverage <= 50 || r.Coverage >= 100 || len(r.Missed) == 0 || r.Tests != 3 || r.Passing != 2 || r.Refused != 3 || len(r.Lacks) > 0 {
		t.Errorf("%+v", r)
	}
}

func TestOwnLacks(t *testing.T) {
	report, err := Test(t.Context(), ownFiles(nil))
	if err != nil || report.Passed() || len(report.Rules) != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	if want := []string{"a Rego test", "a fixture that it passes", "a fixture that it refuses"}; !slices.Equal(report.Rules[0].Lacks, want) {
		t.Errorf("it lacks %v", report.Rules[0].Lacks)
	}
	if (TestReport{}).Passed() {
		t.Error("no test is a pass")
	}
}

func TestOwnRefused(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"a rule that does not compile": {"rules/mine/rule.rego": strings.Replace(ownRule, "odd(plan", "even(plan", 1)},
		"a test that is no Rego":       {"rules/mine/rule_test.rego": "package"},
		"a test that does not compile": {"rules/mine/rule_test.rego": "package tenantform.rules.mine_test\n\ntest_a if nothing.is.there(1)\n"},
		"a test that reaches out":      {"rules/mine/rule_test.rego": "package tenantform.rules.mine_test\n\ntest_a if http.send({\"method\": \"get\", \"url\": \"http://localhost\"})\n"},
	} {
		if report, err := Test(t.Context(), ownFiles(files)); tenants.CodeOf(err) != tenants.CodeInvalid || report.Passed() {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
	}
}
