// Casedocs writes the page about how the rules decide on cases that others define:
// precision and recall of each rule, and every case that it decides otherwise.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/policies"
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

// ruling is one case: what another project's documentation says about resources.
type ruling struct {
	ID        string            `json:"id"`   // the other project's name for its rule
	Says      string            `json:"says"` // pass or violates
	Case      string            `json:"case"`
	Differs   string            `json:"differs"` // why our rule decides otherwise
	Resources []json.RawMessage `json:"resources"`

	input policies.Input
}

// independentName is the name of a fixture that is an independent case.
var independentName = regexp.MustCompile(`^(pass|violates)-(aws|cdk-nag|checkov|control-tower|fsbp|security-?hub)(-[a-z-]+)?\.json$`)

// rulings gives the cases by rule: fixtures that are named so, and those of
// testdata/independent, a file a rule.
func rulings(dir string) (map[string][]ruling, error) {
	all := map[string][]ruling{}
	names, err := filepath.Glob(filepath.Join(dir, "bundle", "rules", "*", "fixtures", "*.json"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		m := independentName.FindStringSubmatch(filepath.Base(name))
		if m == nil {
			continue
		}
		in, err := policies.ReadFixture(os.DirFS(filepath.Dir(name)), filepath.Base(name))
		if err != nil {
			return nil, err
		}
		rule := filepath.Base(filepath.Dir(filepath.Dir(name)))
		all[rule] = append(all[rule], ruling{ID: m[2], Says: m[1], Case: filepath.Base(name), input: in})
	}
	if names, err = filepath.Glob(filepath.Join(dir, "testdata", "independent", "*.json")); err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var cases []ruling
		if err := json.Unmarshal(text, &cases); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		rule := strings.TrimSuffix(filepath.Base(name), ".json")
		for i, c := range cases {
			fixture, err := json.Marshal(map[string]any{"resources": c.Resources})
			if err == nil {
				c.input, err = policies.ParseFixture(fixture)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: case %d: %w", name, i, err)
			}
			all[rule] = append(all[rule], c)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no case", dir)
	}
	return all, nil
}

// score counts how a rule decides: what it refuses rightly and wrongly, and what it
// lets pass wrongly and rightly.
type score struct{ truePositive, falsePositive, falseNegative, trueNegative int }

// add counts one decision, and tells whether it is the case's own.
func (s *score) add(says string, refused bool) bool {
	violates := says == "violates"
	switch {
	case refused && violates:
		s.truePositive++
	case refused:
		s.falsePositive++
	case violates:
		s.falseNegative++
	default:
		s.trueNegative++
	}
	return refused == violates
}

func (s *score) sum(o score) {
	s.truePositive += o.truePositive
	s.falsePositive += o.falsePositive
	s.falseNegative += o.falseNegative
	s.trueNegative += o.trueNegative
}

// row gives the columns of a score: cases, those that violate and pass, precision
// and recall.
func (s score) row() string {
	violate, pass := s.truePositive+s.falseNegative, s.trueNegative+s.falsePositive
	return fmt.Sprintf("%d | %d | %d | %s | %s", violate+pass, violate, pass, part(s.truePositive, s.falsePositive), part(s.truePositive, s.falseNegative))
}

// part gives how many of all are right, a dash when there is none at all.
func part(right, wrong int) string {
	if right+wrong == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", float64(right)/float64(right+wrong))
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
	all, err := rulings(dir)
	if err != nil {
		return nil, err
	}
	e, err := policies.New(ctx, nil)
	if err != nil {
		return nil, err
	}
	var table, differ bytes.Buffer
	var total score
	for _, rule := range slices.Sorted(maps.Keys(all)) {
		var s score
		for _, c := range all[rule] {
			r, err := e.Evaluate(ctx, c.input)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", rule, c.Case, err)
			}
			refused := slices.ContainsFunc(r.Findings, func(f policies.Finding) bool { return f.Rule == rule })
			if !s.add(c.Says, refused) {
				fmt.Fprintf(&differ, "| %s | %s | %s | %s | %s |\n", rule, cell(c.ID), cell(c.Case), c.Says, cell(c.Differs))
			}
		}
		fmt.Fprintf(&table, "| [%s](policies/%s.md) | %s |\n", rule, rule, s.row())
		total.sum(s)
	}
	out := bytes.NewBufferString(intro)
	fmt.Fprintf(out, "| **%d rules** | %s |\n%s", len(all), total.row(), table.Bytes())
	if differ.Len() > 0 {
		fmt.Fprintf(out, "\n## Where a rule decides otherwise\n\n| rule | of | case | says | why the rule does not |\n| --- | --- | --- | --- | --- |\n%s", differ.Bytes())
	}
	return out.Bytes(), nil
}

func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s) }
