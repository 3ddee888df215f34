package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/report"
	"github.com/tenantform/tenantform/tenants"
)

// previewJSON is a preview of a role that may do everything.
func previewJSON(t *testing.T, policy string) string {
	t.Helper()
	urn := "urn:pulumi:dev::shop::"
	tags := map[string]string{}
	for _, key := range tenants.RequiredTags() {
		tags[key] = "shared"
	}
	tags["model"], tags["managed-by"], tags["environment"] = "pool", "tenantform", "dev"
	step := func(typ, name string, state map[string]any) map[string]any {
		state["urn"], state["type"] = urn+typ+"::"+name, typ
		return map[string]any{"op": "create", "urn": state["urn"], "newState": state}
	}
	data, err := json.Marshal(map[string]any{"duration": 1, "changeSummary": map[string]int{"create": 2}, "steps": []any{
		step("pulumi:pulumi:Stack", "shop-dev", map[string]any{"custom": false}),
		step("aws:iam/policy:Policy", "everything", map[string]any{
			"custom": true, "inputs": map[string]any{"policy": policy, "tags": tags}, "parent": urn + "pulumi:pulumi:Stack::shop-dev",
		}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const (
	policyOfAll  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	policyNarrow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-west-1:111111111111:orders"}]}`
)

func TestPolicyCheck(t *testing.T) {
	dir := t.TempDir()
	got := commandIn(t, dir, previewJSON(t, policyOfAll), nil, "policy", "check", "-")
	if got.code != exitRefused || !strings.Contains(got.out, "iam_no_full_admin") || !strings.Contains(got.out, "aws:iam/policy:Policy everything") {
		t.Errorf("exit code %d:\n%s%s", got.code, got.out, got.errors)
	}
	got = commandIn(t, dir, "", nil, "policy", "check", write(t, filepath.Join(dir, "plan.json"), previewJSON(t, policyNarrow)), "-o", "json")
	if got.code != exitDone || !strings.Contains(got.out, `"verdict": "allow"`) {
		t.Errorf("exit code %d:\n%s%s", got.code, got.out, got.errors)
	}
}

// document is what "policy check" answers in JSON.
type document struct {
	Allowed   bool              `json:"allowed"`
	Decisions []report.Decision `json:"decisions"`
}

func TestPolicyCheckSeveral(t *testing.T) {
	dir := t.TempDir()
	good := write(t, filepath.Join(dir, "good.json"), previewJSON(t, policyNarrow))
	bad := write(t, filepath.Join(dir, "bad.json"), strings.ReplaceAll(previewJSON(t, policyOfAll), "pulumi:dev::", "pulumi:prod::"))
	got := commandIn(t, dir, previewJSON(t, policyNarrow), nil, "policy", "check", good, bad, "-", "-o", "json")
	doc := decode[document](t, got)
	if got.code != exitRefused || doc.Allowed || len(doc.Decisions) != 3 {
		t.Fatalf("exit code %d:\n%s", got.code, got.out)
	}
	for i, want := range []struct {
		stack   string
		allowed bool
	}{{"dev", true}, {"prod", false}, {"dev (standard input)", true}} {
		if d := doc.Decisions[i]; d.Stack != want.stack || d.Report.Allowed() != want.allowed {
			t.Errorf("decision %d is on %q, allowed: %v", i, d.Stack, d.Report.Allowed())
		}
	}
	got = command(t, dir, "policy", "check", good, bad)
	if got.code != exitRefused || !strings.Contains(got.out, "stack dev: allowed") || !strings.Contains(got.out, "stack prod: refused") {
		t.Errorf("exit code %d:\n%s", got.code, got.out)
	}
}

// TestPolicyCheckNothing looks at nothing, and refuses it.
func TestPolicyCheckNothing(t *testing.T) {
	dir := t.TempDir()
	empty := write(t, filepath.Join(dir, "empty.json"), `{"duration": 1}`)
	for name, args := range map[string][]string{
		"a preview without resources":      {empty},
		"a destruction without resources":  {empty, "--destroy"},
		"a state without resources":        {"--state", write(t, filepath.Join(dir, "state.json"), `{"version": 3, "deployment": {"manifest": {}}}`)},
		"beside a preview that is allowed": {write(t, filepath.Join(dir, "plan.json"), previewJSON(t, policyNarrow)), empty},
		"as a baseline":                    {empty, "--write-baseline", filepath.Join(dir, "baseline.json")},
	} {
		got := command(t, dir, append([]string{"policy", "check"}, args...)...)
		if got.code != exitRefused || !strings.Contains(got.out+got.errors, "refused: 1 finding") && !strings.Contains(got.errors, "no baseline is written") {
			t.Errorf("%s: exit code %d:\n%s%s", name, got.code, got.out, got.errors)
		}
	}
	if exists(filepath.Join(dir, "baseline.json")) {
		t.Error("a baseline of nothing was written")
	}
}

func TestPolicyCheckWaiversAndBaseline(t *testing.T) {
	dir := t.TempDir()
	plan := write(t, filepath.Join(dir, "plan.json"), previewJSON(t, policyOfAll))
	check := func(args ...string) answer {
		return command(t, dir, append([]string{"policy", "check", plan}, args...)...)
	}

	refused := check("-o", "json")
	findings := decode[document](t, refused).Decisions[0].Report.Denials()
	if refused.code != exitRefused || len(findings) == 0 {
		t.Fatalf("exit code %d:\n%s", refused.code, refused.out)
	}
	baseline := filepath.Join(dir, "baseline.json")
	for _, args := range [][]string{{"--write-baseline", baseline}, {"--baseline", baseline}} {
		got := check(append(args, "-o", "json")...)
		for _, f := range decode[document](t, got).Decisions[0].Report.Findings {
			if f.Denies() && !neverWaived(t, f.Rule) {
				t.Errorf("%v: %s still denies", args, f.Rule)
			}
		}
	}
	if data, err := os.ReadFile(baseline); err != nil || !strings.Contains(string(data), `"version": 2`) {
		t.Errorf("the baseline is %s, %v", data, err)
	}

	wrong := write(t, filepath.Join(dir, "waivers.yaml"), "waivers:\n  - rule: no_such_rule\n    stack: dev\n    resource: aws:iam/policy:Policy everything\n    reason: for this test alone\n    owner: platform\n    expires: \"2020-01-01\"\n")
	got := check("--waivers", wrong)
	if got.code != exitInvalid || !strings.Contains(got.errors, "waivers.yaml:2") || !strings.Contains(got.errors, "no_such_rule") {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
	wrong = write(t, filepath.Join(dir, "levels.yaml"), "enforcement:\n  - rule: no_such_rule\n    level: advisory\n")
	got = check("--config", wrong)
	if got.code != exitInvalid || !strings.Contains(got.errors, "levels.yaml") || !strings.Contains(got.errors, "no_such_rule") {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
}

func neverWaived(t *testing.T, rule string) bool {
	t.Helper()
	e, err := policies.New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range e.Rules() {
		if r.ID == rule {
			return r.Waivable == policies.WaivableNever
		}
	}
	return false
}

// TestPolicyCheckFormats looks for a secret's value in what every format says of
// a preview and of a state, and for what the format is.
func TestPolicyCheckFormats(t *testing.T) {
	const canary = "canary-5b1e"
	secret := func(form string) map[string]any {
		return map[string]any{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", form: `"` + canary + `"`}
	}
	urn := "urn:pulumi:dev::shop::"
	state := func(form string) map[string]any {
		return map[string]any{"urn": urn + "aws:iam/policy:Policy::p", "type": "aws:iam/policy:Policy", "custom": true, "id": "p",
			"inputs": map[string]any{"policy": secret(form), "tags": map[string]any{"tenant-id": secret(form)}}, "outputs": map[string]any{"policy": secret(form)}}
	}
	dir := t.TempDir()
	file := func(name string, v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return write(t, filepath.Join(dir, name), string(data))
	}
	files := map[string][]string{"states": {"--state"}}
	for _, form := range []string{"plaintext", "ciphertext", "value"} {
		s := state(form)
		files["previews"] = append(files["previews"], file("preview-"+form+".json", map[string]any{"duration": 1, "changeSummary": map[string]int{"create": 1},
			"config": map[string]string{"shop:key": "[secret]"}, "steps": []any{map[string]any{"op": "create", "urn": s["urn"], "newState": s}}}))
		files["states"] = append(files["states"], file("state-"+form+".json", map[string]any{"version": 3, "deployment": map[string]any{"resources": []any{s}}}))
	}
	for name, args := range files {
		for format, want := range map[string]string{
			"text": "[secret]", "json": `"allowed": false`, "sarif": `"2.1.0"`, "junit": "<testsuites", "github": "::error file=infra/main.go", "markdown": "## Policies: refused",
		} {
			to := filepath.Join(dir, "report")
			got := command(t, dir, append([]string{"policy", "check", "--format", format, "--output-file", to, "--source", "infra/main.go"}, args...)...)
			written, err := os.ReadFile(to)
			if err != nil || got.code != exitRefused {
				t.Fatalf("%s as %s: exit code %d, %v\n%s%s", name, format, got.code, err, got.out, got.errors)
			}
			if strings.Contains(string(written)+got.out+got.errors, canary) {
				t.Errorf("%s as %s shows a secret:\n%s", name, format, written)
			}
			if !strings.Contains(string(written), want) || !strings.Contains(got.out, "stack dev: refused") {
				t.Errorf("%s as %s lacks %q:\n%s\n%s", name, format, want, written, got.out)
			}
			if (format == "json" || format == "sarif") && !json.Valid(written) || format == "junit" && xml.Unmarshal(written, new(any)) != nil && !strings.HasPrefix(string(written), "<?xml") {
				t.Errorf("%s as %s is not well formed", name, format)
			}
		}
	}
	if got := command(t, dir, append([]string{"policy", "check", "--format", "sarif"}, files["previews"]...)...); got.code != exitRefused || !json.Valid([]byte(got.out)) {
		t.Errorf("SARIF on standard output: exit code %d\n%s", got.code, got.out)
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".tenantform-*"))
	if len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestPolicyCheckBadInput(t *testing.T) {
	dir := t.TempDir()
	plan := write(t, filepath.Join(dir, "plan.json"), previewJSON(t, policyNarrow))
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"a format that is none":        {[]string{plan, "--format", "pdf"}, "markdown"},
		"another format beside JSON":   {[]string{plan, "--format", "junit", "-o", "json"}, "--output-file"},
		"standard input twice":         {[]string{"-", "-"}, "once"},
		"a file that is not there":     {[]string{plan, filepath.Join(dir, "no.json")}, "no.json cannot be read"},
		"a bundle that is not there":   {[]string{plan, "--bundle", filepath.Join(dir, "no")}, "--bundle"},
		"a bundle without a rule":      {[]string{plan, "--bundle", dir}, "no rule"},
		"a baseline that is none":      {[]string{plan, "--baseline", plan}, "not a baseline"},
		"a directory to write to":      {[]string{plan, "--output-file", dir}, "plain file"},
		"a state that is a preview":    {[]string{plan, "--state"}, "no deployment"},
		"a destruction of a state":     {[]string{plan, "--state", "--destroy"}, "--destroy"},
		"no directory to write into":   {[]string{plan, "--output-file", filepath.Join(dir, "no", "x")}, "cannot be written"},
		"a preview that is a state":    {[]string{write(t, filepath.Join(dir, "s.json"), `{"version": 3, "deployment": {}}`)}, "no summary"},
		"waivers that are not there":   {[]string{plan, "--waivers", filepath.Join(dir, "no.yaml")}, "no.yaml"},
		"levels that are not there":    {[]string{plan, "--config", filepath.Join(dir, "no.yaml")}, "no.yaml"},
		"a baseline that is not there": {[]string{plan, "--baseline", filepath.Join(dir, "no.json")}, "no.json"},
	} {
		got := command(t, dir, append([]string{"policy", "check"}, tt.args...)...)
		all := got.errors + got.out
		if tt.want == "--output-file" {
			doc := decode[errorAnswer](t, got)
			all = doc.Error.Message
		}
		if got.code != exitInvalid || !strings.Contains(all, tt.want) {
			t.Errorf("%s: exit code %d: %s%s", name, got.code, got.errors, got.out)
		}
	}
}

func TestPolicySchema(t *testing.T) {
	if got := must(t, t.TempDir(), "policy", "schema"); got.out != string(policies.InputSchema()) || !strings.Contains(got.out, `"$schema"`) {
		t.Errorf("%s", got.out)
	}
}

// TestPolicyCheckTellsTags gives the stack's tags to a rule.
func TestPolicyCheckTellsTags(t *testing.T) {
	dir := t.TempDir()
	plan := write(t, filepath.Join(dir, "plan.json"), previewJSON(t, policyNarrow))
	rule := filepath.Join(ownRule(t, dir, "stack_has_a_team"), "rules", "stack_has_a_team", "rule.rego")
	text, err := os.ReadFile(rule)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(text), "\npackage ")
	write(t, rule, head+`
package tenantform.rules.stack_has_a_team

findings contains {"urn": "", "property": "tags.team", "value": null, "message": "nobody owns the stack", "unknown": false} if {
	not input.subject.tags.team
}
`)
	own := filepath.Dir(filepath.Dir(filepath.Dir(rule)))
	for want, args := range map[int][]string{exitRefused: nil, exitDone: {"--stack-tag", "team=payments", "--stack-tag", "note=a=b"}, exitInvalid: {"--stack-tag", "=payments"}} {
		got := command(t, dir, append([]string{"policy", "check", plan, "--bundle", own}, args...)...)
		if got.code != want || strings.Contains(got.out, "nobody owns the stack") != (want == exitRefused) {
			t.Errorf("%v: exit code %d:\n%s%s", args, got.code, got.out, got.errors)
		}
	}
}

func TestPolicyListAndExplain(t *testing.T) {
	dir := t.TempDir()
	own := ownRule(t, dir, "topic_display_name")
	list := must(t, dir, "policy", "list", "--bundle", own, "-o", "json")
	rules := decode[[]policies.Rule](t, list)
	found := map[string]policies.Rule{}
	for _, r := range rules {
		found[r.ID] = r
	}
	if mine := found["topic_display_name"]; mine.Source != own || mine.Severity != policies.SeverityMedium || found["iam_no_full_admin"].Source != "built in" {
		t.Errorf("%+v", found)
	}
	text := must(t, dir, "policy", "list").out
	if lines := strings.Count(text, "\n"); lines != len(rules) || !strings.Contains(text, "iam_no_full_admin") || strings.Contains(text, "topic_display_name") {
		t.Errorf("%d lines for %d rules:\n%s", lines, len(rules), text)
	}
	page := must(t, dir, "policy", "explain", "topic_display_name", "--bundle", own).out
	for _, want := range []string{"# topic_display_name", "Every topic says what it is for", "messaging | medium | resource | mandatory | yes", "Set displayName", own} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if r := decode[policies.Rule](t, must(t, dir, "policy", "explain", "iam_no_full_admin", "-o", "json")); r.ID != "iam_no_full_admin" || r.Remediation == "" {
		t.Errorf("%+v", r)
	}
	if got := command(t, dir, "policy", "explain", "moon"); got.code != exitInvalid || !strings.Contains(got.errors, "policy list") {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
}

// ownRule scaffolds a rule of one's own and gives the directory of the bundle.
func ownRule(t *testing.T, dir, name string) string {
	t.Helper()
	own := filepath.Join(dir, "own")
	must(t, dir, "policy", "new", name, "--rules", own)
	return own
}

func TestPolicyNewAndTest(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own")
	dry := decode[newRule](t, must(t, dir, "policy", "new", "topic_display_name", "--rules", own, "--dry-run", "-o", "json"))
	if dry.Written || len(dry.Files) != 5 || exists(own) {
		t.Errorf("a dry run: %+v", dry)
	}
	ownRule(t, dir, "topic_display_name")
	for _, file := range dry.Files {
		if !exists(file) {
			t.Errorf("%s was not written", file)
		}
	}
	before := tree(t, own)
	for name, code := range map[string]int{"topic_display_name": exitConflict, "Topic": exitInvalid, "../up": exitInvalid, "iam_no_full_admin": exitInvalid} {
		if got := command(t, dir, "policy", "new", name, "--rules", own); got.code != code || tree(t, own) != before {
			t.Errorf("%s: exit code %d: %s", name, got.code, got.errors)
		}
	}
	got := must(t, dir, "policy", "test", own)
	if !strings.Contains(got.out, "passed: 8 tests of 1 rule") || !strings.Contains(got.out, "100 %") {
		t.Errorf("%s", got.out)
	}

	rule := filepath.Join(own, "rules", "topic_display_name", "rule.rego")
	text, err := os.ReadFile(rule)
	if err != nil {
		t.Fatal(err)
	}
	write(t, rule, strings.Replace(string(text), "not says(name)", "name == null", 1))
	got = command(t, dir, "policy", "test", own)
	if got.code != exitFailed || !strings.Contains(got.out, "rule_test.rego:16  test_empty: it is not true") || !strings.Contains(got.out, "failed: 4 of 8 tests did not pass") {
		t.Errorf("exit code %d:\n%s%s", got.code, got.out, got.errors)
	}
	result := decode[struct {
		Passed bool                  `json:"passed"`
		Tests  []policies.TestResult `json:"tests"`
	}](t, command(t, dir, "policy", "test", own, "-o", "json"))
	if result.Passed || len(result.Tests) != 8 {
		t.Errorf("%+v", result)
	}
	write(t, rule, "package tenantform.rules.topic_display_name\n")
	if got := command(t, dir, "policy", "test", own); got.code != exitInvalid || !strings.Contains(got.errors, "metadata") {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
	if got := command(t, dir, "policy", "test", filepath.Join(dir, "no")); got.code != exitInvalid || !strings.Contains(got.errors, "DIR") {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
}

// TestPolicyCheckOwn lets a rule of one's own refuse a plan.
func TestPolicyCheckOwn(t *testing.T) {
	dir := t.TempDir()
	plan := strings.NewReplacer("aws:iam/policy:Policy", "aws:sns/topic:Topic").Replace(previewJSON(t, policyNarrow))
	got := commandIn(t, dir, plan, nil, "policy", "check", "--bundle", ownRule(t, dir, "topic_display_name"))
	if got.code != exitRefused || !strings.Contains(got.out, "topic_display_name  Every topic says what it is for") {
		t.Errorf("exit code %d:\n%s%s", got.code, got.out, got.errors)
	}
}

// TestPolicyRefusalNamesWhatDenies leaves findings that only advise out of the
// reasons of a refusal.
func TestPolicyRefusalNamesWhatDenies(t *testing.T) {
	r := sampleReport()
	advice := r.Findings[0]
	advice.Rule, advice.Level = "only_advice", policies.LevelAdvisory
	r.Findings = append(r.Findings, advice)
	var b strings.Builder
	writeReport(&b, "", r)
	if got := b.String(); strings.Contains(got, "only_advice") || !strings.Contains(got, "refused: 2 findings, and 1 more") {
		t.Errorf("%s", got)
	}
}
