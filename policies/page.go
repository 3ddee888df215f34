package policies

import (
	"bytes"
	"fmt"
	"strings"
)

// Page gives all of a rule's metadata as a page of Markdown, with what its
// refusals say where that is known.
func (r Rule) Page(refusals []string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n| category | severity | scope | enforcement | waivable |\n| --- | --- | --- | --- | --- |\n| %s | %s | %s | %s | %s |\n\n",
		r.ID, r.Title, r.Category, r.Severity, r.Scope, r.Enforcement, r.Waivable)
	if r.Source != "" && r.Source != builtIn {
		fmt.Fprintf(&b, "From the bundle %s.\n\n", r.Source)
	}
	fmt.Fprintf(&b, "%s\n\n## What is not known before the run\n\n%s\n\n## What to do\n\n%s\n\n", r.Description, r.OnUnknown, r.Remediation)
	if len(refusals) > 0 {
		b.WriteString("## What a refusal says\n\n")
		for _, line := range refusals {
			fmt.Fprintf(&b, "- %s\n", line)
		}
		b.WriteString("\n")
	}
	related := strings.Join(r.Related, ", ")
	if related == "" {
		related = "Nothing: this rule is of its own."
	}
	fmt.Fprintf(&b, "## Known elsewhere as\n\n%s\n", related)
	return b.Bytes()
}
