package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"slices"

	"github.com/tenantform/tenantform/policies"
)

// The parts of SARIF 2.1.0 that are written; its property names are the
// standard's ("Static Analysis Results Interchange Format (SARIF) Version 2.1.0",
// OASIS), and properties.security-severity is what GitHub's code scanning reads.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations,omitempty"`
		Results     []sarifResult     `json:"results"`
	}
	// sarifInvocation carries what the decisions did without.
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolConfigurationNotifications"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID            string           `json:"id"`
		Short         sarifText        `json:"shortDescription"`
		Full          *sarifText       `json:"fullDescription,omitempty"`
		Help          *sarifText       `json:"help,omitempty"`
		Configuration sarifLevel       `json:"defaultConfiguration"`
		Properties    *sarifProperties `json:"properties,omitempty"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifProperties struct {
		Tags     []string `json:"tags,omitempty"`
		Severity string   `json:"security-severity"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Baseline     string             `json:"baselineState,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region struct {
			StartLine int `json:"startLine"`
		} `json:"region"`
	}
	sarifLogical struct {
		Name  string `json:"name"`
		Fully string `json:"fullyQualifiedName"`
		Kind  string `json:"kind"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// scores are how GitHub's code scanning ranks a severity: above 9.0 critical,
// from 7.0 high, from 4.0 medium, else low.
var scores = map[policies.Severity]string{
	policies.SeverityCritical: "9.5", policies.SeverityHigh: "8.0", policies.SeverityMedium: "5.0", policies.SeverityLow: "2.0",
}

// sarif writes one run with all rules of the evaluator, so that a result's id is
// always described, and a result for each finding.
func sarif(w io.Writer, d Document) error {
	run := sarifRun{Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "tenantform", Version: d.Version, Rules: []sarifRule{}}
	index := map[string]int{}
	add := func(r sarifRule) {
		if _, there := index[r.ID]; !there {
			index[r.ID] = len(run.Tool.Driver.Rules)
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, r)
		}
	}
	for _, r := range d.Rules {
		add(sarifRule{
			ID: r.ID, Short: sarifText{Text: r.Title}, Full: &sarifText{Text: r.Description},
			Help:          &sarifText{Text: r.Remediation, Markdown: r.Remediation},
			Configuration: sarifLevel{Level: "error"},
			Properties:    &sarifProperties{Tags: append([]string{"security", r.Category}, r.Related...), Severity: scores[r.Severity]},
		})
	}
	var told []sarifNotification
	seen := map[string]int{}
	for _, one := range d.Decisions {
		for _, note := range notes(one.Report) {
			told = append(told, sarifNotification{"warning", sarifText{Text: clean("stack " + one.Stack + ": " + note)}})
		}
		findings := one.Report.Findings
		if !one.Report.Allowed() && len(findings) == 0 {
			findings = []policies.Finding{noReason}
		}
		for _, f := range findings {
			add(sarifRule{ID: f.Rule, Short: sarifText{Text: f.Title}, Configuration: sarifLevel{Level: "error"},
				Properties: &sarifProperties{Severity: scores[f.Severity]}})
			run.Results = append(run.Results, d.result(one.Stack, f, index[f.Rule], seen))
		}
	}
	if len(told) > 0 {
		run.Invocations = []sarifInvocation{{Successful: true, Notifications: told}}
	}
	return encode(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

// noReason stands for a refusal that names none, such as the zero report.
var noReason = policies.Finding{Rule: policies.ReasonUndefined, Title: "A run goes on only after a decision on all of it",
	Severity: policies.SeverityCritical, Message: "the run is refused and no reason was given"}

// result makes the result of a finding. Seen counts the fingerprints that were
// given so far.
func (d Document) result(stack string, f policies.Finding, index int, seen map[string]int) sarifResult {
	mark := fingerprint(stack, f)
	seen[mark]++
	mark = fmt.Sprintf("%s:%d", mark, seen[mark])
	r := sarifResult{
		RuleID: f.Rule, RuleIndex: index, Level: "error", Message: sarifText{Text: clean(sentence(f))},
		Fingerprints: map[string]string{lineHash: mark, "finding/v2": mark},
	}
	if !f.Denies() {
		r.Level = "warning"
	}
	if f.Waiver != nil {
		r.Level = "note"
		r.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: clean(waived(*f.Waiver))}}
	}
	if f.Existing {
		r.Baseline = "unchanged"
	}
	location := sarifLocation{}
	location.Physical.Artifact.URI, location.Physical.Region.StartLine = (&url.URL{Path: d.source()}).String(), 1
	if f.URN != "" {
		location.Logical = []sarifLogical{{Name: clean(policies.TypeAndName(f.URN)), Fully: clean(f.URN), Kind: "resource"}}
	}
	r.Locations = []sarifLocation{location}
	return r
}

// sentence says where, what and why in one line.
func sentence(f policies.Finding) string {
	s := ""
	if f.URN != "" {
		s = policies.TypeAndName(f.URN) + ": "
	}
	if f.Property != "" {
		s += f.Property + ": "
	}
	return s + f.Message
}

// lineHash names the fingerprint by which GitHub's code scanning knows a result
// again, beside rule and file. It is commonly of the lines around a result; ours are
// all at the same line of one file.
const lineHash = "primaryLocationLineHash"

// fingerprint tells a finding apart from others, but for those that say the same of
// the same value, and is the same in the next run. A value that changes makes it
// another, so that who dismissed an alert is asked again.
func fingerprint(stack string, f policies.Finding) string {
	sum := sha256.New()
	for _, part := range []string{stack, f.Rule, f.URN, f.Property, f.Message, f.Digest} {
		sum.Write([]byte(part))
		sum.Write([]byte{0})
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// sorted gives the rules that gave a decision, by id.
func sorted(results []policies.RuleResult) []policies.RuleResult {
	return slices.SortedFunc(slices.Values(results), func(a, b policies.RuleResult) int {
		if a.Rule < b.Rule {
			return -1
		}
		return 1
	})
}
