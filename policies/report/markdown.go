package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/tenantform/tenantform/policies"
)

// maxRows is how many findings of a stack the summary shows: GitHub cuts a
// comment at 65,536 characters.
const maxRows = 50

// markdown writes a summary for a pull request.
func markdown(w io.Writer, d Document) error {
	b := bufio.NewWriter(w)
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
	for _, one := range d.Decisions {
		n := map[string]int{}
		for _, f := range one.Report.Findings {
			n[standing(f)]++
		}
		v := "allowed"
		if !one.Report.Allowed() {
			v = "**refused**"
		}
		fmt.Fprintf(b, "| %s | %s | %d | %d | %d | %d | %d | %d |\n", cell(one.Stack), v, n["denies"], n["advisory"], n["waived"], n["existing"],
			one.Report.RulesRun, one.Report.ResourcesSeen)
	}
	for _, one := range d.Decisions {
		rows(b, one)
	}
	return b.Flush()
}

func rows(b *bufio.Writer, d Decision) {
	for _, note := range notes(d.Report) {
		fmt.Fprintf(b, "\n%s: %s.\n", cell(d.Stack), cell(note))
	}
	if len(d.Report.Findings) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### %s\n\n| | severity | rule | resource | property | why | mend |\n| --- | --- | --- | --- | --- | --- | --- |\n", cell(d.Stack))
	for i, f := range d.Report.Findings {
		if i == maxRows {
			fmt.Fprintf(b, "\n%d more findings are not shown here.\n", len(d.Report.Findings)-maxRows)
			break
		}
		why := f.Message
		if f.Value != "" {
			why += " (found: " + f.Value + ")"
		}
		if f.Waiver != nil {
			why += "; waived " + waived(*f.Waiver)
		}
		fmt.Fprintf(b, "| %s | %s | `%s` | %s | %s | %s | %s |\n", standing(f), f.Severity, f.Rule, cell(policies.TypeAndName(f.URN)), cell(f.Property), cell(why), cell(f.Remediation))
	}
}

// cell makes text that stays in its cell: no table signs, no HTML, no mentions.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "`", "'", "@", "&#64;", "*", `\*`, "_", `\_`, "[", `\[`).Replace(clean(s))
}
