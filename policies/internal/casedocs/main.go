// Casedocs writes the page about how the rules decide on cases that others define:
// precision and recall of each rule, and every case that it decides otherwise.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/internal/cases"
)

func main() {
	out := flag.String("out", "../docs/policies-cases.md", "the file to write")
	dir := flag.String("policies", ".", "the directory of the package policies")
	flag.Parse()
	text, err := page(context.Background(), *dir)
	if err == nil {
		err = os.WriteFile(*out, text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "casedocs:", err)
		os.Exit(1)
	}
}

const intro = `# Cases that others define

Other projects say in their documentation what they refuse and what they let pass: Checkov, cdk-nag, AWS Security Hub, AWS Control Tower and AWS
itself. The cases here are what they say about resources, with values of our own. Precision is how many of the cases that a rule refuses are
to be refused; recall is how many of those that are to be refused it refuses. This page is generated: ` + "`go generate ./policies`" + `. The tests of
the package hold the rules to the same cases; where a rule decides otherwise, the case has to say why.

| rule | cases | violate | pass | precision | recall |
| --- | ---: | ---: | ---: | ---: | ---: |
`

// page gives the text.
func page(ctx context.Context, dir string) ([]byte, error) {
	all, err := cases.Read(dir)
	if err != nil {
		return nil, err
	}
	e, err := policies.New(ctx, nil)
	if err != nil {
		return nil, err
	}
	var table, differ bytes.Buffer
	var total cases.Score
	for _, rule := range slices.Sorted(maps.Keys(all)) {
		var s cases.Score
		for _, c := range all[rule] {
			one, err := c.Decide(ctx, e, rule)
			if err != nil {
				return nil, err
			}
			s.Add(one)
			if one.Differ() > 0 {
				fmt.Fprintf(&differ, "| %s | %s | %s | %s | %s |\n", rule, cell(c.ID), cell(c.Name), c.Says, cell(c.Differs))
			}
		}
		fmt.Fprintf(&table, "| [%s](policies/%s.md) | %s |\n", rule, rule, row(s))
		total.Add(s)
	}
	out := bytes.NewBufferString(intro)
	fmt.Fprintf(out, "| **%d rules** | %s |\n%s", len(all), row(total), table.Bytes())
	if differ.Len() > 0 {
		fmt.Fprintf(out, "\n## Where a rule decides otherwise\n\n| rule | of | case | says | why the rule does not |\n| --- | --- | --- | --- | --- |\n%s", differ.Bytes())
	}
	return out.Bytes(), nil
}

// row gives the columns of a score.
func row(s cases.Score) string {
	return fmt.Sprintf("%d | %d | %d | %s | %s", s.Violate()+s.Pass(), s.Violate(), s.Pass(), s.Precision(), s.Recall())
}

func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s) }
