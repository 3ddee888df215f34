package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	schema "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

const urn = "urn:pulumi:tenant-acme::tenantform::tenantform:silo:Silo$aws:s3/bucketV2:BucketV2::files"

// mixed is a document with a finding of every standing, one of them hostile.
func mixed() Document {
	f := func(rule string, change func(*policies.Finding)) policies.Finding {
		out := policies.Finding{Rule: rule, Title: "Title of " + rule, Severity: policies.SeverityHigh, Category: "storage", Level: policies.LevelMandatory,
			URN: urn, Property: "p", Value: "v", Message: "why", Remediation: "mend it"}
		if change != nil {
			change(&out)
		}
		return out
	}
	return Document{
		Version: "1.2.3",
		Rules: []policies.Rule{
			{ID: "denies", Title: "Title of denies", Description: "d", Severity: policies.SeverityCritical, Category: "storage", Remediation: "mend it", Related: []string{"CKV_AWS_1"}},
			{ID: "silent", Title: "Silent", Description: "d", Severity: policies.SeverityLow, Category: "network", Remediation: "r"},
		},
		Decisions: []Decision{
			{Stack: "tenant-acme", Report: policies.Report{
				Verdict: policies.VerdictDeny, RulesRun: 3, ResourcesSeen: 9,
				Rules: []policies.RuleResult{{Rule: "denies", Level: policies.LevelMandatory}, {Rule: "off", Level: policies.LevelDisabled}, {Rule: "silent", Level: policies.LevelMandatory, Source: "mine", Replaces: "built in"}},
				Findings: []policies.Finding{
					f("denies", func(f *policies.Finding) {
						f.Message = "bad\x1b[31m | <script> %0A::error::\nnext, @everyone a\\|b"
					}),
					f("advisory", func(f *policies.Finding) { f.Level = policies.LevelAdvisory }),
					f("waived", func(f *policies.Finding) {
						f.Waiver = &policies.Waiver{Rule: "waived", Owner: "storage team", Reason: "until the move", Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)}
					}),
					f("existing", func(f *policies.Finding) { f.Existing = true }),
				},
			}},
			{Stack: "pool-a", Report: policies.Report{Verdict: policies.VerdictAllow, RulesRun: 3, ResourcesSeen: 4, Rules: []policies.RuleResult{{Rule: "silent"}}}},
		},
	}
}

func render(t *testing.T, format string, d Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, d); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.String()
}

func TestEveryFormat(t *testing.T) {
	for _, format := range Formats() {
		out := render(t, format, mixed())
		for _, rule := range []string{"denies", "advisory", "waived", "existing"} {
			if !strings.Contains(out, rule) {
				t.Errorf("%s does not show the finding of %s:\n%s", format, rule, out)
			}
		}
		if strings.Contains(out, "\x1b") {
			t.Errorf("%s lets control characters through", format)
		}
		if format != "json" && format != "sarif" && !strings.Contains(out, "acme") {
			t.Errorf("%s does not name the stack", format)
		}
		if err := Write(broken{}, format, mixed()); err == nil {
			t.Errorf("%s: a failed write went unnoticed", format)
		}
	}
	var e *tenants.Error
	if err := Write(io.Discard, "html", mixed()); !errors.As(err, &e) || e.Code != tenants.CodeInvalid || !strings.Contains(err.Error(), "sarif") {
		t.Errorf("an unknown format gives %v", err)
	}
}

// TestEveryFormatSaysWhatWasLeftOut tells of rules that are disabled or replaced.
func TestEveryFormatSaysWhatWasLeftOut(t *testing.T) {
	d := mixed()
	d.Rules = nil
	d.Decisions[0].Report.Verdict, d.Decisions[0].Report.Findings = policies.VerdictAllow, nil
	for _, format := range Formats() {
		signs := []string{"1 rule disabled here: off", "1 rule replaced here: silent by that of mine"}
		if format == "json" {
			signs = []string{`"level": "disabled"`, `"replaces": "built in"`}
		}
		for _, sign := range signs {
			if out := render(t, format, d); strings.Count(out, sign) != 1 {
				t.Errorf("%s does not say %q once:\n%s", format, sign, out)
			}
		}
		if out := render(t, format, Document{Decisions: d.Decisions[1:]}); strings.Contains(out, " here:") {
			t.Errorf("%s speaks of what is not so:\n%s", format, out)
		}
	}
}

// TestNothingSeenIsNoPass holds every format to telling a refusal where there is
// no decision, or one that names no reason.
func TestNothingSeenIsNoPass(t *testing.T) {
	for name, d := range map[string]Document{"no decision": {}, "no reason": {Decisions: []Decision{{Stack: "s"}}}} {
		if d.Allowed() {
			t.Errorf("%s is allowed", name)
		}
		for format, sign := range map[string]string{
			"text": "refused", "json": `"allowed": false`, "junit": `failures="1"`, "github": "::error", "markdown": "refused",
		} {
			if out := render(t, format, d); !strings.Contains(out, sign) {
				t.Errorf("%s, %s: %s", name, format, out)
			}
		}
	}
	if out := render(t, "sarif", Document{Decisions: []Decision{{Stack: "s"}}}); !strings.Contains(out, `"level": "error"`) {
		t.Errorf("no reason, sarif: %s", out)
	}
}

func TestSARIF(t *testing.T) {
	text := render(t, "sarif", mixed())
	log, err := schema.FromString(text)
	if err != nil {
		t.Fatal(err)
	}
	// What the library writes for parts that are left out is not what the schema
	// allows; the rest is ours.
	for _, run := range log.Runs {
		run.Language, run.Tool.Driver.Language, run.NewlineSequences = "en-US", "en-US", []string{"\n"}
	}
	if err := log.Validate(); err != nil {
		t.Errorf("not what the standard's schema asks for: %v", err)
	}
	var doc sarifLog
	if err := json.Unmarshal([]byte(text), &doc); err != nil || len(doc.Runs) != 1 {
		t.Fatal(err, text)
	}
	run := doc.Runs[0]
	if len(run.Results) != 4 || run.Tool.Driver.Version != "1.2.3" {
		t.Fatalf("%d results", len(run.Results))
	}
	prints := map[string]bool{}
	for i, want := range []string{"error", "warning", "note", "warning"} {
		r := run.Results[i]
		if r.Level != want || run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.Locations[0].Logical[0].Fully != urn || r.Locations[0].Physical.Artifact.URI != "Pulumi.yaml" {
			t.Errorf("result %d: %+v, want level %s", i, r, want)
		}
		prints[r.Fingerprints[lineHash]] = true
	}
	if len(prints) != 4 {
		t.Errorf("findings share fingerprints: %v", prints)
	}
	if s := run.Results[2].Suppressions; len(s) != 1 || !strings.Contains(s[0].Justification, "storage team") || run.Results[3].Baseline != "unchanged" {
		t.Errorf("suppressions %+v, baseline %q", s, run.Results[3].Baseline)
	}
	if p := run.Tool.Driver.Rules[0].Properties; p.Severity != "9.5" || p.Tags[2] != "CKV_AWS_1" {
		t.Errorf("properties: %+v", p)
	}
	if again := render(t, "sarif", mixed()); again != text {
		t.Error("the same findings are written differently")
	}
	if out := render(t, "sarif", Document{Decisions: []Decision{{Report: policies.Report{Verdict: policies.VerdictAllow}}}}); !strings.Contains(out, `"results": []`) {
		t.Errorf("GitHub wants results, if none: %s", out)
	}
}

func TestJUnit(t *testing.T) {
	var doc junitSuites
	text := render(t, "junit", mixed())
	if err := xml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if doc.Tests != 7 || doc.Failures != 1 || len(doc.Suites) != 2 || doc.Suites[0].Skipped != 1 {
		t.Errorf("%d tests, %d failures, %d suites:\n%s", doc.Tests, doc.Failures, len(doc.Suites), text)
	}
	for _, c := range doc.Suites[0].Cases {
		if (c.Failure != nil) != (c.Name == "denies") || (c.Skipped != nil) != (c.Name == "off") {
			t.Errorf("case %+v", c)
		}
	}
}

// TestGitHub keeps a finding's text from being taken for a command.
func TestGitHub(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(render(t, "github", mixed())), "\n")
	if len(lines) != 6 {
		t.Fatalf("%d commands: %q", len(lines), lines)
	}
	lines = lines[2:]
	for i, want := range []string{"::error ", "::warning ", "::notice ", "::notice "} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d is %q, want %s", i, lines[i], want)
		}
	}
	if !strings.Contains(lines[0], "%250A") || !strings.Contains(lines[0], "title=denies (high)") {
		t.Errorf("not escaped: %q", lines[0])
	}
	if out := render(t, "github", Document{Decisions: mixed().Decisions[1:]}); !strings.HasPrefix(out, "::notice") {
		t.Errorf("allowed: %q", out)
	}
}

func TestMarkdown(t *testing.T) {
	out := render(t, "markdown", mixed())
	for _, want := range []string{"## Policies: refused", "| tenant-acme | **refused** | 1 | 1 | 1 | 1 | 3 | 9 |", "| pool-a | allowed | 0 |", `\|`, "&lt;script&gt;", "@\u200beveryone", `a\\\|b`} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
	for _, line := range strings.Split(out, "\n") {
		if strings.HasPrefix(line, "| denies") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 8 {
			t.Errorf("a row of another width: %s", line)
		}
	}
	many := mixed()
	for range 200 {
		many.Decisions[0].Report.Findings = append(many.Decisions[0].Report.Findings, many.Decisions[0].Report.Findings[1])
	}
	if out := render(t, "markdown", many); len(out) > 65536 || !strings.Contains(out, "154 findings more") {
		t.Errorf("%d characters", len(out))
	}
}

func TestTextSaysWhatDoesNotDeny(t *testing.T) {
	out := render(t, "text", mixed())
	for _, want := range []string{"stack tenant-acme: refused: 1 finding, and 3 more that do not deny (1 advisory, 1 waived, 1 existing)", "(waived)", "until 2027-01-31 by storage team", "stack pool-a: allowed"} {
		if !strings.Contains(out, want) {
			t.Errorf("lacks %q:\n%s", want, out)
		}
	}
	d := mixed()
	d.Decisions[0].Report.Verdict, d.Decisions[0].Report.Findings = policies.VerdictAllow, d.Decisions[0].Report.Findings[1:]
	if out := render(t, "text", d); !strings.Contains(out, "nothing that denies; 3 findings beside") {
		t.Error(out)
	}
}

// TestSARIFTellsFindingsApart gives every finding its own fingerprint under the name
// that GitHub knows results by, and the same one in the next run.
func TestSARIFTellsFindingsApart(t *testing.T) {
	one := policies.Finding{Rule: "r", Severity: policies.SeverityHigh, Level: policies.LevelMandatory, URN: urn, Property: "policy", Message: "statement 0", Digest: "aa"}
	two, worse, elsewhere := one, one, one
	two.Message = "statement 1"
	worse.Digest = "bb"
	elsewhere.Property = "other"
	d := Document{Source: "in fra/a#b?c.go", Decisions: []Decision{
		{Stack: "a", Report: policies.Report{Findings: []policies.Finding{one, two, worse, elsewhere, one}}},
		{Stack: "b", Report: policies.Report{Findings: []policies.Finding{one}}},
	}}
	prints := func(d Document) []string {
		var doc sarifLog
		if err := json.Unmarshal([]byte(render(t, "sarif", d)), &doc); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, r := range doc.Runs[0].Results {
			all = append(all, r.Fingerprints["primaryLocationLineHash"])
			if uri := r.Locations[0].Physical.Artifact.URI; uri != "in%20fra/a%23b%3Fc.go" {
				t.Errorf("a file is named %q", uri)
			}
		}
		return all
	}
	all := prints(d)
	if unique := slices.Compact(slices.Sorted(slices.Values(all))); len(unique) != 6 || unique[0] == "" {
		t.Errorf("six findings have %d fingerprints: %v", len(unique), all)
	}
	d.Decisions[0].Report.Findings = d.Decisions[0].Report.Findings[2:]
	if later := prints(d); later[0] != all[2] || later[1] != all[3] || later[3] != all[5] {
		t.Errorf("without the first two findings the others are %v, and were %v", later, all)
	}
}

// TestJUnitNamesWhatDenies takes the severity of a failure from what denies.
func TestJUnitNamesWhatDenies(t *testing.T) {
	d := Document{Decisions: []Decision{{Stack: "s", Report: policies.Report{Findings: []policies.Finding{
		{Rule: "r", Severity: policies.SeverityLow, Level: policies.LevelAdvisory, Message: "m"},
		{Rule: "r", Severity: policies.SeverityCritical, Level: policies.LevelMandatory, Message: "m"},
	}}}}}
	if out := render(t, "junit", d); !strings.Contains(out, `type="critical"`) || strings.Contains(out, `type="low"`) {
		t.Error(out)
	}
}

// TestLogsHoldNoCommand looks in what may go to the log of a CI system for lines
// that it would take for a command.
func TestLogsHoldNoCommand(t *testing.T) {
	blanks := strings.Repeat(" ", 200)
	for _, hostile := range []string{
		blanks + "::stop-commands::x", strings.Repeat("x", Width-12) + "::stop-commands::x", "word" + blanks + "\u00a0::set-env name=A::b",
		"##[stop-commands]x", "text ##vso[task.setvariable variable=A]b", "###[add-mask]x",
	} {
		f := policies.Finding{Rule: "r", Title: hostile, Severity: policies.SeverityHigh, URN: "urn:pulumi:s::p::t::" + hostile, Property: hostile, Value: hostile,
			Message: hostile, Remediation: hostile}
		d := Document{Decisions: []Decision{{Stack: hostile, Report: policies.Report{Findings: []policies.Finding{f}}}}}
		for _, format := range []string{"text", "json", "sarif"} {
			out := render(t, format, d)
			for _, line := range strings.Split(out, "\n") {
				if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") || strings.Contains(line, "##vso[") {
					t.Errorf("%s has a command: %q", format, line)
				}
			}
			if format == "json" && (!json.Valid([]byte(out)) || !strings.Contains(out, "urn:pulumi:s::p")) {
				t.Errorf("not JSON: %s", out)
			}
		}
	}
}

// TestMarkdownFitsIntoAComment shows so many stacks with so many findings that not
// all have a place.
func TestMarkdownFitsIntoAComment(t *testing.T) {
	findings := make([]policies.Finding, 40)
	for i := range findings {
		findings[i] = policies.Finding{Rule: "r", Severity: policies.SeverityHigh, URN: urn, Message: strings.Repeat("why ", 20)}
	}
	var d Document
	for range 30 {
		d.Decisions = append(d.Decisions, Decision{Stack: "s", Report: policies.Report{Findings: findings}})
	}
	out := render(t, "markdown", d)
	if len(out) > maxSummary+2000 || len(out) < maxSummary-2000 || strings.Count(out, "| s | **refused** | 40 |") != 30 || !strings.Contains(out, " stacks more are not shown here") {
		t.Errorf("%d bytes:\n%s", len(out), out[max(0, len(out)-300):])
	}
	for range 2000 {
		d.Decisions = append(d.Decisions, d.Decisions[0])
	}
	if out := render(t, "markdown", d); len(out) > maxSummary+2000 || !strings.Contains(out, " stacks more not shown here") || !strings.HasPrefix(out, "## Policies: refused") {
		t.Errorf("%d bytes:\n%s", len(out), out[max(0, len(out)-300):])
	}
}
