package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/tenantform/tenantform/policies"
)

// maxRows is how many findings of a stack the summary shows, maxSummary how many
// bytes the rows of all stacks have together: GitHub refuses a comment above 65,536
// characters, and the summaries of two documents fit into one.
const (
	maxRows    = 50
	maxSummary = 30_000
)

// markdown writes a summary for a pull request. What does not fit is counted.
func markdown(w io.Writer, d Document) error {
	b := bufio.NewWriter(w)
	room := maxSummary
	verdict := "allowed"
	if !d.Allowed() {
		verdict = "refused"
	}
	fmt.Fprintf(b, "## Policies: %s\n\n", verdict)
	if len(d.Decisions) == 0 {
		fmt.Fprintln(b, "No stack was looked at.")
		return b.Flush()
	}
	fmt.Fprint(b, "| stack | verdict | denies | advisory | waived | existing | rules | resources |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for i, one := range d.Decisions {
		n := map[string]int{}
		for _, f := range one.Report.Findings {
			n[standing(f)]++
		}
		v := "allowed"
		if !one.Report.Allowed() {
			v = "**refused**"
		}
		row := fmt.Sprintf("| %s | %s | %d | %d | %d | %d | %d | %d |\n", cell(one.Stack), v, n["denies"], n["advisory"], n["waived"], n["existing"],
			one.Report.RulesRun, one.Report.ResourcesSeen)
		if room -= len(row); room < 0 {
			fmt.Fprintf(b, "\n%s more not shown here.\n", count(len(d.Decisions)-i, "stack"))
			return b.Flush()
		}
		fmt.Fprint(b, row)
	}
	for i, one := range d.Decisions {
		if room < 0 {
			fmt.Fprintf(b, "\nThe findings of %s more are not shown here.\n", count(len(d.Decisions)-i, "stack"))
			break
		}
		room = rows(b, one, room)
	}
	return b.Flush()
}

// rows writes what a decision did without and its findings, and gives what is left
// of the room, less than 0 when not all had a place.
func rows(b *bufio.Writer, d Decision, room int) int {
	for _, note := range notes(d.Report) {
		line := fmt.Sprintf("\n%s: %s.\n", cell(d.Stack), cell(note))
		room -= len(line)
		fmt.Fprint(b, line)
	}
	all := d.Report.Findings
	if len(all) == 0 {
		return room
	}
	fmt.Fprintf(b, "\n### %s\n\n| | severity | rule | resource | property | why | mend |\n| --- | --- | --- | --- | --- | --- | --- |\n", cell(d.Stack))
	for i, f := range all {
		why := f.Message
		if f.Value != "" {
			why += " (found: " + f.Value + ")"
		}
		if f.Waiver != nil {
			why += "; waived " + waived(*f.Waiver)
		}
		row := fmt.Sprintf("| %s | %s | `%s` | %s | %s | %s | %s |\n", standing(f), f.Severity, f.Rule, cell(policies.TypeAndName(f.URN)), cell(f.Property), cell(why), cell(f.Remediation))
		if i == maxRows || len(row) > room {
			fmt.Fprintf(b, "\n%s more not shown here.\n", count(len(all)-i, "finding"))
			if i < maxRows {
				room = -1
			}
			break
		}
		room -= len(row)
		fmt.Fprint(b, row)
	}
	return room
}

// cell makes text that stays in its cell: no table signs, no HTML, no mentions.
func cell(s string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "`", "'", "@", "@"+gap, "*", `\*`, "_", `\_`, "[", `\[`).Replace(clean(s))
}
