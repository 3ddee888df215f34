package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/tenantform/tenantform/policies"
)

// github writes a workflow command for each finding, which GitHub shows at the
// source file: errors deny, warnings are advisory, notices are waived or known
// ("Workflow commands for GitHub Actions").
func github(w io.Writer, d Document) error {
	b := bufio.NewWriter(w)
	shown := 0
	for _, one := range d.Decisions {
		for _, note := range notes(one.Report) {
			fmt.Fprintf(b, "::notice title=tenantform::%s\n", data("stack "+one.Stack+": "+note))
		}
		findings := one.Report.Findings
		if !one.Report.Allowed() && len(findings) == 0 {
			findings = []policies.Finding{noReason}
		}
		for _, f := range findings {
			command := "warning"
			switch {
			case f.Denies():
				command = "error"
			case f.Waiver != nil || f.Existing:
				command = "notice"
			}
			message := "stack " + one.Stack + ": " + sentence(f)
			if f.Remediation != "" {
				message += "\n" + f.Remediation
			}
			fmt.Fprintf(b, "::%s file=%s,line=1,title=%s::%s\n", command, property(d.source()), property(f.Rule+" ("+string(f.Severity)+")"), data(message))
			shown++
		}
	}
	switch {
	case len(d.Decisions) == 0:
		fmt.Fprintln(b, "::error title=tenantform::no stack was looked at")
	case shown == 0:
		fmt.Fprintf(b, "::notice title=tenantform::%s: the policies allow it\n", data(count(len(d.Decisions), "stack")))
	}
	return b.Flush()
}

// data escapes the text of a command, property the value of one of its
// properties, as GitHub's own toolkit does. Other control characters are replaced.
func data(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.ReplaceAll(clean(l), "%", "%25")
	}
	return strings.Join(lines, "%0A")
}

func property(s string) string {
	return strings.NewReplacer("%", "%25", ":", "%3A", ",", "%2C").Replace(clean(s))
}
