package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tenantform/tenantform/policies"
)

// Width is how many columns Text fills at most; a longer word is cut.
const Width = 100

// Text writes a report for a person: the verdict, then each finding with its
// rule, the resource, the property with its value, why it is refused and how to
// mend it; those that deny first. The error is that of w.
func Text(w io.Writer, r policies.Report) error {
	b := bufio.NewWriter(w)
	verdict(b, "", r)
	return b.Flush()
}

func text(w io.Writer, d Document) error {
	b := bufio.NewWriter(w)
	if len(d.Decisions) == 0 {
		fmt.Fprintln(b, "refused: no stack was looked at")
	}
	for i, one := range d.Decisions {
		if i > 0 {
			fmt.Fprintln(b)
		}
		title := ""
		if one.Stack != "" {
			title = harmless("stack " + clean(one.Stack) + ": ")
		}
		verdict(b, title, one.Report)
	}
	return b.Flush()
}

func verdict(b *bufio.Writer, title string, r policies.Report) {
	fmt.Fprintln(b, title+Summary(r))
	for _, note := range notes(r) {
		paragraph(b, "  ", note)
	}
	for _, f := range r.Findings {
		fmt.Fprintln(b)
		finding(b, "", f)
	}
}

// Summary gives the verdict and what it rests on, on one line.
func Summary(r policies.Report) string {
	denials := len(r.Denials())
	switch {
	case r.Allowed() && len(r.Findings) == 0:
		return fmt.Sprintf("allowed: %s looked at %s and found nothing", count(r.RulesRun, "rule"), count(r.ResourcesSeen, "resource"))
	case r.Allowed():
		return fmt.Sprintf("allowed: %s looked at %s and found nothing that denies; %s beside (%s)",
			count(r.RulesRun, "rule"), count(r.ResourcesSeen, "resource"), count(len(r.Findings), "finding"), tally(r))
	case denials == len(r.Findings):
		return fmt.Sprintf("refused: %s", count(denials, "finding"))
	}
	return fmt.Sprintf("refused: %s, and %d more that do not deny (%s)", count(denials, "finding"), len(r.Findings)-denials, tally(r))
}

// Findings writes findings as Text does, each line after an indent. The error is
// that of w.
func Findings(w io.Writer, indent string, findings []policies.Finding) error {
	b := bufio.NewWriter(w)
	for i, f := range findings {
		if i > 0 {
			fmt.Fprintln(b)
		}
		finding(b, indent, f)
	}
	return b.Flush()
}

// tally counts the findings that do not deny by what they are.
func tally(r policies.Report) string {
	n := map[string]int{}
	for _, f := range r.Findings {
		n[standing(f)]++
	}
	var parts []string
	for _, s := range []string{"advisory", "waived", "existing"} {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	return strings.Join(parts, ", ")
}

func finding(b *bufio.Writer, indent string, f policies.Finding) {
	head := string(f.Severity) + "  " + f.Rule
	if !f.Denies() {
		head += "  (" + standing(f) + ")"
	}
	if f.Unknown {
		head += "  (not known before the run)"
	}
	paragraph(b, indent, head+"  "+f.Title)
	if f.URN != "" {
		paragraph(b, indent+"  resource  ", policies.TypeAndName(f.URN))
		paragraph(b, indent+"  urn       ", f.URN)
	}
	if f.Property != "" {
		paragraph(b, indent+"  property  ", f.Property)
	}
	if f.Value != "" {
		paragraph(b, indent+"  value     ", f.Value)
	}
	paragraph(b, indent+"  why       ", f.Message)
	if f.Waiver != nil {
		paragraph(b, indent+"  waived    ", waived(*f.Waiver))
	}
	if f.Remediation != "" {
		paragraph(b, indent+"  mend      ", f.Remediation)
	}
}

func waived(w policies.Waiver) string {
	return fmt.Sprintf("until %s by %s: %s", w.Expires.Format(time.DateOnly), w.Owner, w.Reason)
}

// paragraph writes text after a label, broken into lines of at most Width
// columns, the further ones indented to where the first began. What could drive a
// terminal is replaced, what could drive a CI system is broken up.
func paragraph(b *bufio.Writer, label, text string) {
	room := Width - len(label)
	indent := strings.Repeat(" ", len(label))
	for _, line := range wrap(clean(text), room) {
		fmt.Fprintln(b, harmless(label+line))
		label = indent
	}
}

// gap keeps two signs apart for a program, and is not seen.
const gap = "\u200b"

// harmless gives a line in which no CI system finds a command: GitHub's runner looks
// for "::" where a line begins, blanks aside, and it and Azure's agent for "##[" and
// "##vso[" anywhere.
func harmless(line string) string {
	if text := strings.TrimLeftFunc(line, unicode.IsSpace); strings.HasPrefix(text, "::") {
		line = line[:len(line)-len(text)] + gap + text
	}
	return strings.NewReplacer("#[", "#"+gap+"[", "#vso[", "#"+gap+"vso[").Replace(line)
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
