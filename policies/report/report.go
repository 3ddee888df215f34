// Package report shows policy reports to people and to programs: as text, JSON,
// SARIF 2.1.0, JUnit, GitHub's annotations and a Markdown summary. Secrets and
// unknown values are masked in the reports already.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// Decision is the report on one stack.
type Decision struct {
	Stack  string          `json:"stack"`
	Report policies.Report `json:"report"`
}

// Document is what a format shows.
type Document struct {
	Decisions []Decision
	// Rules are those of the evaluator; they describe what findings are of.
	Rules []policies.Rule
	// Source is the file that annotations and SARIF point at, a path relative to
	// the repository's root: a finding is of a resource, and a program's line is not
	// known. "Pulumi.yaml" when empty.
	Source string
	// Version is the program's version, for SARIF.
	Version string
}

func (d Document) source() string {
	if d.Source == "" {
		return "Pulumi.yaml"
	}
	return d.Source
}

// Allowed tells whether every run may go on; false without a decision.
func (d Document) Allowed() bool {
	return len(d.Decisions) > 0 && !slices.ContainsFunc(d.Decisions, func(d Decision) bool { return !d.Report.Allowed() })
}

// writers are the formats by name.
var writers = map[string]func(io.Writer, Document) error{
	"text": text, "json": jsonDocument, "sarif": sarif, "junit": junit, "github": github, "markdown": markdown,
}

// Formats gives the names of the formats, sorted.
func Formats() []string {
	var names []string
	for name := range writers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Write writes a document in one of Formats. The error is CodeInvalid for another
// format, else that of w.
func Write(w io.Writer, format string, d Document) error {
	write, ok := writers[format]
	if !ok {
		return tenants.Invalid(tenants.FieldError{Field: "format", Value: format, Allowed: "one of " + strings.Join(Formats(), ", ")})
	}
	return write(w, d)
}

// JSON writes a report as one indented JSON document. The error is that of w.
func JSON(w io.Writer, r policies.Report) error {
	if r.Findings == nil {
		r.Findings = []policies.Finding{}
	}
	return encode(w, r)
}

func jsonDocument(w io.Writer, d Document) error {
	out := struct {
		Allowed   bool       `json:"allowed"`
		Decisions []Decision `json:"decisions"`
	}{d.Allowed(), slices.Clone(d.Decisions)}
	for i := range out.Decisions {
		if out.Decisions[i].Report.Findings == nil {
			out.Decisions[i].Report.Findings = []policies.Finding{}
		}
	}
	if out.Decisions == nil {
		out.Decisions = []Decision{}
	}
	return encode(w, out)
}

// encode writes indented JSON in which no CI system finds a command, as harmless
// does for text.
func encode(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("##"), []byte(`#\u0023`)))
	return err
}

// standing says in a word what a finding does to the run.
func standing(f policies.Finding) string {
	switch {
	case f.Denies():
		return "denies"
	case f.Waiver != nil:
		return "waived"
	case f.Existing:
		return "existing"
	}
	return "advisory"
}

// notes says what the decision did without: rules that were disabled, and rules
// that others took the place of.
func notes(r policies.Report) []string {
	var out []string
	if disabled := r.Disabled(); len(disabled) > 0 {
		out = append(out, count(len(disabled), "rule")+" disabled here: "+ids(disabled, func(x policies.RuleResult) string { return x.Rule }))
	}
	if replaced := r.Replaced(); len(replaced) > 0 {
		out = append(out, count(len(replaced), "rule")+" replaced here: "+ids(replaced, func(x policies.RuleResult) string {
			return x.Rule + " by that of " + x.Source
		}))
	}
	return out
}

func ids(results []policies.RuleResult, name func(policies.RuleResult) string) string {
	names := make([]string, len(results))
	for i, x := range results {
		names[i] = name(x)
	}
	return strings.Join(names, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// clean keeps control characters from terminals and from the formats' own signs.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\r' {
			return ' '
		}
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '�'
		}
		return r
	}, text)
}
