// Package cases reads the cases that other projects' documentation defines for
// rules, and counts how a rule decides on them.
package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/policies"
)

// Pass and Violates are what a case says.
const (
	Pass     = "pass"
	Violates = "violates"
)

// Case is what another project's documentation says about resources, in values of
// our own.
type Case struct {
	ID   string // the other project's name for its rule, CKV_AWS_24 for example
	Says string // Pass or Violates
	Name string // what the case is about, or the fixture that it is
	// Differs is why our rule decides otherwise; empty where it does not.
	Differs string
	Input   policies.Input
}

// fixtureName is the name of a fixture that is a case: what it says, and of whom.
var fixtureName = regexp.MustCompile(`^(pass|violates)-(aws|cdk-nag|checkov|control-tower|fsbp|security-?hub)(-[a-z-]+)?\.json$`)

// Read gives the cases by rule: the fixtures that are named so, and those of
// testdata/independent, a file a rule. The directory is that of package policies.
// A case that is not complete, and a directory without any, is an error.
func Read(dir string) (map[string][]Case, error) {
	all := map[string][]Case{}
	names, err := filepath.Glob(filepath.Join(dir, "bundle", "rules", "*", "fixtures", "*.json"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		m := fixtureName.FindStringSubmatch(filepath.Base(name))
		if m == nil {
			continue
		}
		in, err := policies.ReadFixture(os.DirFS(filepath.Dir(name)), filepath.Base(name))
		if err != nil {
			return nil, err
		}
		rule := filepath.Base(filepath.Dir(filepath.Dir(name)))
		all[rule] = append(all[rule], Case{ID: m[2], Says: m[1], Name: filepath.Base(name), Input: in})
	}
	if names, err = filepath.Glob(filepath.Join(dir, "testdata", "independent", "*.json")); err != nil {
		return nil, err
	}
	for _, name := range names {
		of, err := readFile(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		rule := strings.TrimSuffix(filepath.Base(name), ".json")
		all[rule] = append(all[rule], of...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no case", dir)
	}
	return all, nil
}

// readFile reads the cases of one rule.
func readFile(name string) ([]Case, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var written []struct {
		ID        string            `json:"id"`
		Says      string            `json:"says"`
		Case      string            `json:"case"`
		Differs   string            `json:"differs"`
		Resources []json.RawMessage `json:"resources"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&written); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the list of cases")
	}
	out := make([]Case, 0, len(written))
	for i, w := range written {
		if w.ID == "" || w.Case == "" || !slices.Contains([]string{Pass, Violates}, w.Says) {
			return nil, fmt.Errorf("case %d is not complete: it needs id, case, and says, which is %s or %s", i, Pass, Violates)
		}
		c := Case{ID: w.ID, Says: w.Says, Name: w.Case, Differs: w.Differs}
		fixture, err := json.Marshal(map[string]any{"resources": w.Resources})
		if err == nil {
			c.Input, err = policies.ParseFixture(fixture)
		}
		if err != nil {
			return nil, fmt.Errorf("case %d: %w", i, err)
		}
		out = append(out, c)
	}
	return out, nil
}

// Score counts how a rule decides on cases. The zero value is of none.
type Score struct {
	TruePositive  int // refused, as the case says
	FalsePositive int // refused, and the case passes
	FalseNegative int // passed, and the case violates
	TrueNegative  int // passed, as the case says
}

// Decide gives how a rule decides on one case.
func (c Case) Decide(ctx context.Context, e *policies.Evaluator, rule string) (Score, error) {
	r, err := e.Evaluate(ctx, c.Input)
	if err != nil {
		return Score{}, fmt.Errorf("%s, %s: %w", rule, c.Name, err)
	}
	return c.count(slices.ContainsFunc(r.Findings, func(f policies.Finding) bool { return f.Rule == rule })), nil
}

func (c Case) count(refused bool) Score {
	violates := c.Says == Violates
	switch {
	case refused && violates:
		return Score{TruePositive: 1}
	case refused:
		return Score{FalsePositive: 1}
	case violates:
		return Score{FalseNegative: 1}
	}
	return Score{TrueNegative: 1}
}

// Add adds the counts of another score.
func (s *Score) Add(o Score) {
	s.TruePositive += o.TruePositive
	s.FalsePositive += o.FalsePositive
	s.FalseNegative += o.FalseNegative
	s.TrueNegative += o.TrueNegative
}

// Violate counts the cases that are to be refused.
func (s Score) Violate() int { return s.TruePositive + s.FalseNegative }

// Pass counts the cases that are not to be refused.
func (s Score) Pass() int { return s.TrueNegative + s.FalsePositive }

// Differ counts the cases that the rule decides otherwise.
func (s Score) Differ() int { return s.FalsePositive + s.FalseNegative }

// Precision says how many of the cases that are refused are to be refused, as 0.667; a
// dash when none is refused.
func (s Score) Precision() string { return part(s.TruePositive, s.FalsePositive) }

// Recall says how many of the cases that are to be refused are refused; a dash when
// none is to be.
func (s Score) Recall() string { return part(s.TruePositive, s.FalseNegative) }

func part(right, wrong int) string {
	if right+wrong == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", float64(right)/float64(right+wrong))
}
