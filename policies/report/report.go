// Package report shows a policy report to people and to programs. Secrets and
// unknown values are masked in the report already.
package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/tenantform/tenantform/policies"
)

// Width is how many columns Text fills at most; a longer word is cut.
const Width = 100

// Text writes the report for a person: the verdict, then for each finding the
// rule, the resource, the property with its value, why it is refused and how to
// mend it. The error is that of w.
func Text(w io.Writer, r policies.Report) error {
	b := bufio.NewWriter(w)
	if r.Allowed() {
		fmt.Fprintf(b, "allowed: %s looked at %s and found nothing\n", count(r.RulesRun, "rule"), count(r.ResourcesSeen, "resource"))
		return b.Flush()
	}
	fmt.Fprintf(b, "refused: %s\n", count(len(r.Findings), "finding"))
	for _, f := range r.Findings {
		fmt.Fprintln(b)
		head := string(f.Severity) + "  " + f.Rule
		if f.Unknown {
			head += "  (not known before the run)"
		}
		paragraph(b, "", head+"  "+f.Title)
		if f.URN != "" {
			paragraph(b, "  resource  ", policies.TypeAndName(f.URN))
			paragraph(b, "  urn       ", f.URN)
		}
		if f.Property != "" {
			paragraph(b, "  property  ", f.Property)
		}
		if f.Value != "" {
			paragraph(b, "  value     ", f.Value)
		}
		paragraph(b, "  why       ", f.Message)
		if f.Remediation != "" {
			paragraph(b, "  mend      ", f.Remediation)
		}
	}
	return b.Flush()
}

// JSON writes the report as one indented JSON document. The error is that of w.
func JSON(w io.Writer, r policies.Report) error {
	if r.Findings == nil {
		r.Findings = []policies.Finding{}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// paragraph writes text after a label, broken into lines of at most Width
// columns, the further ones indented to where the first began. What could drive a
// terminal is replaced.
func paragraph(b *bufio.Writer, label, text string) {
	room := Width - len(label)
	indent := strings.Repeat(" ", len(label))
	for _, line := range wrap(clean(text), room) {
		fmt.Fprintln(b, label+line)
		label = indent
	}
}

// wrap breaks text at spaces; a word longer than a line is cut.
func wrap(text string, room int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Split(text, " ") {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= room:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
		for utf8.RuneCountInString(line) > room {
			runes := []rune(line)
			lines, line = append(lines, string(runes[:room])), string(runes[room:])
		}
	}
	return append(lines, strings.TrimRight(line, " "))
}

// clean keeps control characters from the terminal.
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

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
