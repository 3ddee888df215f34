package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/report"
)

func TestDriftRulesAreListed(t *testing.T) {
	dir := t.TempDir()
	listed := decode[[]policies.Rule](t, must(t, dir, "policy", "list", "-o", "json"))
	if !slices.IsSortedFunc(listed, func(a, b policies.Rule) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("the list is not sorted")
	}
	for _, rule := range policies.DriftRules() {
		if !slices.ContainsFunc(listed, func(r policies.Rule) bool { return r.ID == rule.ID }) {
			t.Errorf("%s is not listed", rule.ID)
		}
		if page := must(t, dir, "policy", "explain", rule.ID).out; !strings.Contains(page, rule.Description) || !strings.Contains(page, rule.Remediation) {
			t.Errorf("%s is explained as\n%s", rule.ID, page)
		}
	}
	if got := command(t, dir, "policy", "new", policies.DriftChanged, "--rules", dir); got.code != exitInvalid {
		t.Errorf("a rule of one's own of that name: exit code %d", got.code)
	}
}

// TestImpactFormats has the same answer in each format that reports have.
func TestImpactFormats(t *testing.T) {
	dir := twoStacks(t)
	own := t.TempDir()
	must(t, dir, "policy", "new", "table_class", "--rules", own)
	write(t, filepath.Join(own, "rules", "table_class", "rule.rego"), tableClass)
	ask := []string{"policy", "impact", "--bundle", own}
	all := map[string]string{}
	for _, format := range report.Formats() {
		all[format] = must(t, dir, append(ask, "--format", format)...).out
		if strings.Count(all[format], "no table class") == 0 || strings.Contains(all[format], "dynamodb_deletion_protection: ") {
			t.Errorf("%s:\n%s", format, all[format])
		}
	}
	type sarif struct {
		Version string
		Runs    []struct {
			Results []struct{ RuleID, Level string }
		}
	}
	if s := decode[sarif](t, answer{out: all["sarif"]}); s.Version != "2.1.0" || len(s.Runs) != 1 || len(s.Runs[0].Results) != 1 || s.Runs[0].Results[0].RuleID != "table_class" {
		t.Errorf("SARIF: %+v", s)
	}
	var junit struct {
		Suites []struct {
			Failures int `xml:"failures,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(all["junit"]), &junit); err != nil || len(junit.Suites) != 2 || junit.Suites[0].Failures+junit.Suites[1].Failures != 1 {
		t.Errorf("JUnit: %v, %+v", err, junit)
	}
	if !strings.Contains(all["github"], "::error ") || !strings.Contains(all["markdown"], "`table_class`") {
		t.Errorf("GitHub and Markdown:\n%s\n%s", all["github"], all["markdown"])
	}

	file := filepath.Join(t.TempDir(), "impact.sarif")
	got := must(t, dir, append(ask, "--format", "sarif", "--output-file", file)...)
	if !strings.Contains(got.out, "2 stacks looked at") || readFile(t, file) != all["sarif"] {
		t.Errorf("with a file:\n%s\n%s", got.out, readFile(t, file))
	}
	if got := must(t, dir, append(ask, "--format", "junit", "--output-file", file, "-o", "json")...); !decode[impact](t, got).Refuses {
		t.Error("with a file and JSON nothing would be refused")
	}
	for _, more := range [][]string{{"--format", "xml"}, {"--format", "junit", "-o", "json"}} {
		if got := command(t, dir, append(ask, more...)...); got.code != exitInvalid || !strings.Contains(got.errors+got.out, "--format") {
			t.Errorf("%v: exit code %d: %s", more, got.code, got.errors)
		}
	}

	state := filepath.Join(dir, "state", ".pulumi", "stacks", "tenantform", "tenant-acme.json")
	write(t, state, "{")
	for _, format := range []string{"sarif", "junit", "github", "markdown"} {
		if got := command(t, dir, append(ask, "--format", format)...); got.code == exitDone || !strings.Contains(got.out, "cannot be read") || !strings.Contains(got.out, "no table class") {
			t.Errorf("%s of a state that cannot be read: exit code %d\n%s", format, got.code, got.out)
		}
	}
}

// TestTagsOfWhatIsDeployed has a rule about a stack's own tags decide on what is deployed.
func TestTagsOfWhatIsDeployed(t *testing.T) {
	dir := twoStacks(t)
	own := t.TempDir()
	must(t, dir, "policy", "new", "stack_team", "--rules", own)
	rule := strings.NewReplacer("table_class", "stack_team", "scope: resource", "scope: stack").Replace(tableClass)
	rule = rule[:strings.Index(rule, "findings contains")] + `findings contains plan.finding(r, "", null, "no team") if {
	some r in plan.of_type("pulumi:pulumi:Stack")
	not input.subject.tags.team
}
`
	write(t, filepath.Join(own, "rules", "stack_team", "rule.rego"), rule)
	if err := os.WriteFile(filepath.Join(dir, "state", ".pulumi", "stacks", "tenantform", "pool-a.pulumi-tags"), []byte(`{"version": 1, "tags": {"team": "payments"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	doc := decode[driftDocument](t, command(t, dir, "drift", "--all", "--bundle", own, "-o", "json"))
	if doc.refusals("pool-a") != "" || doc.refusals("tenant-acme") != "stack_team " {
		t.Errorf("drift: pool-a is refused for %q, tenant-acme for %q", doc.refusals("pool-a"), doc.refusals("tenant-acme"))
	}
	got := decode[impact](t, must(t, dir, "policy", "impact", "--bundle", own, "-o", "json"))
	if len(got.Stacks) != 2 || len(got.Stacks[0].Refused) != 0 || len(got.Stacks[1].Refused) != 1 {
		t.Errorf("impact: %+v", got.Stacks)
	}
}
