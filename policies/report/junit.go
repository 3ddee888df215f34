package report

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/tenantform/tenantform/policies"
)

// The parts of JUnit's XML that CI systems read: a suite a stack, a case a rule,
// so that rules that passed are seen, too.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
		Output   string      `xml:"system-out,omitempty"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Failure *junitFailure `xml:"failure,omitempty"`
		Skipped *struct {
			Message string `xml:"message,attr"`
		} `xml:"skipped,omitempty"`
		Output string `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

func junit(w io.Writer, d Document) error {
	all := junitSuites{}
	for _, one := range d.Decisions {
		s := suite(one)
		all.Tests, all.Failures, all.Suites = all.Tests+s.Tests, all.Failures+s.Failures, append(all.Suites, s)
	}
	if len(d.Decisions) == 0 {
		s := suite(Decision{Stack: "no stack", Report: policies.Report{Findings: []policies.Finding{{
			Rule: policies.ReasonNoResource, Severity: policies.SeverityCritical, Message: "no stack was looked at"}}}})
		all.Tests, all.Failures, all.Suites = s.Tests, s.Failures, []junitSuite{s}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func suite(d Decision) junitSuite {
	s := junitSuite{Name: clean(d.Stack)}
	byRule := map[string][]policies.Finding{}
	findings := d.Report.Findings
	if !d.Report.Allowed() && len(findings) == 0 {
		findings = []policies.Finding{noReason}
	}
	var more []string
	for _, f := range findings {
		if len(byRule[f.Rule]) == 0 {
			more = append(more, f.Rule)
		}
		byRule[f.Rule] = append(byRule[f.Rule], f)
	}
	s.Output = clean(strings.Join(notes(d.Report), "; "))
	seen := map[string]bool{}
	for _, r := range sorted(d.Report.Rules) {
		seen[r.Rule] = true
		c := caseOf(d.Stack, r.Rule, byRule[r.Rule])
		if r.Level == policies.LevelDisabled {
			s.Skipped++
			c.Skipped = &struct {
				Message string `xml:"message,attr"`
			}{"disabled in this environment"}
		}
		s.add(c)
	}
	for _, id := range more {
		if !seen[id] {
			s.add(caseOf(d.Stack, id, byRule[id]))
		}
	}
	return s
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	s.Cases = append(s.Cases, c)
}

// caseOf makes the case of a rule: a failure where a finding denies; what does
// not deny is its output.
func caseOf(stack, rule string, findings []policies.Finding) junitCase {
	c := junitCase{Class: "tenantform." + clean(stack), Name: rule}
	var deny, more []string
	var severity policies.Severity // of the first that denies
	for _, f := range findings {
		line := clean(sentence(f))
		if f.Remediation != "" {
			line += " (mend: " + clean(f.Remediation) + ")"
		}
		if f.Denies() {
			if len(deny) == 0 {
				severity = f.Severity
			}
			deny = append(deny, line)
		} else {
			more = append(more, standing(f)+": "+line)
		}
	}
	if len(deny) > 0 {
		c.Failure = &junitFailure{Message: count(len(deny), "finding"), Type: string(severity), Text: strings.Join(deny, "\n")}
	}
	c.Output = strings.Join(more, "\n")
	return c
}
