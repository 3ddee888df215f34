package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/scaffold"
	"github.com/tenantform/tenantform/tenants"
)

// ownDir is where rules of one's own are, where a command is told nothing else.
const ownDir = "policies"

// rules gives the built-in rules and those of the bundles, by id, and the rules about
// drift among them.
func (b bundles) rules(cmd *cobra.Command) ([]policies.Rule, error) {
	own, err := b.own()
	if err != nil {
		return nil, err
	}
	e, err := policies.New(cmd.Context(), &policies.Options{Own: own})
	if err != nil {
		return nil, err
	}
	all := slices.Concat(policies.DriftRules(), e.Rules())
	slices.SortFunc(all, func(a, b policies.Rule) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

func (a *app) policyListCommand() *cobra.Command {
	var own bundles
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the rules",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			rules, err := own.rules(cmd)
			if err != nil {
				return err
			}
			a.show(rules, func(w io.Writer) { writeRules(w, rules) })
			return nil
		},
	}
	own.add(cmd)
	return cmd
}

func writeRules(w io.Writer, rules []policies.Rule) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "RULE\tCATEGORY\tSEVERITY\tENFORCEMENT\tWAIVABLE\tTITLE")
	for _, r := range rules {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Category, r.Severity, r.Enforcement, r.Waivable, printable(r.Title))
	}
	_ = tw.Flush()
}

// printable keeps what could drive a terminal out of the text of a bundle.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r >= ' ' && r != 0x7f && (r < 0x80 || r > 0x9f) {
			return r
		}
		return -1
	}, s)
}

func (a *app) policySchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of what the rules are given as input",
		Args:  exactly(),
		RunE: func(*cobra.Command, []string) error {
			var err error
			a.progress.pause(func() { _, err = a.out.Write(policies.InputSchema()) })
			return err
		},
	}
}

func (a *app) policyExplainCommand() *cobra.Command {
	var own bundles
	cmd := &cobra.Command{
		Use:   "explain RULE",
		Short: "Show all about one rule: what it demands, why, and what to do",
		Args:  exactly("RULE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rules, err := own.rules(cmd)
			if err != nil {
				return err
			}
			for _, r := range rules {
				if r.ID == args[0] {
					a.show(r, func(w io.Writer) { fmt.Fprint(w, printable(string(r.Page(nil)))) })
					return nil
				}
			}
			return invalid("RULE", args[0], "the id of a rule; \"tenantform policy list\" shows them")
		},
	}
	own.add(cmd)
	return cmd
}

// newRule is what "policy new" did or would do.
type newRule struct {
	Rule    string   `json:"rule"`
	Files   []string `json:"files"`
	Written bool     `json:"written"` // false of a dry run
}

func (a *app) policyNewCommand() *cobra.Command {
	var dir string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Begin a rule of one's own: rule, tests, fixtures and page",
		Long: `Writes rules/NAME below --rules with a rule to begin with, its tests, a fixture
that it passes and one that it refuses, and a page. They pass "tenantform policy
test" as they are. A directory that exists is not touched.`,
		Args: exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			files, err := scaffold.Files(name)
			if err != nil {
				return renamed(err, map[string]string{"name": "NAME"})
			}
			builtIn, err := bundles(nil).rules(cmd)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(builtIn, func(r policies.Rule) bool { return r.ID == name }) {
				return invalid("NAME", name, "a name that no built-in rule has")
			}
			at := scaffold.Dir(dir, name)
			if exists(at) {
				return tenants.Errorf(tenants.CodeConflict, "%s is there already", at)
			}
			made := newRule{Rule: name, Written: !dryRun}
			for file := range files {
				made.Files = append(made.Files, filepath.Join(at, filepath.FromSlash(file)))
			}
			slices.Sort(made.Files)
			if !dryRun {
				if _, err := scaffold.Write(dir, name); err != nil {
					return err
				}
			}
			a.show(made, func(w io.Writer) {
				for _, file := range made.Files {
					fmt.Fprintln(w, file)
				}
				if !dryRun {
					fmt.Fprintf(w, "\ntest it:  tenantform policy test %s\nuse it:   tenantform policy check --bundle %s FILE\n", dir, dir)
				}
			})
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "rules", ownDir, "the directory of rules of one's own")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show the files; write nothing")
	return cmd
}

func (a *app) policyTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test [DIR]",
		Short: "Test rules of one's own",
		Long: `Runs the Rego tests of the rules below DIR ("policies" where it is not given)
together with the built-in libraries, and holds each rule against the fixtures
beside it: it must refuse violates*.json and pass pass*.json. Exit code 1 means
that a test failed, or that a rule has none.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return invalid("argument", args[1], "one directory")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := ownDir
			if len(args) > 0 {
				dir = args[0]
			}
			own, err := ownRules("DIR", dir)
			if err != nil {
				return err
			}
			r, err := policies.Test(cmd.Context(), own)
			if err != nil {
				return err
			}
			a.show(struct {
				Passed bool `json:"passed"`
				policies.TestReport
			}{r.Passed(), r}, func(w io.Writer) { writeTests(w, dir, r) })
			if !r.Passed() {
				return &failed{err: tenants.Errorf(tenants.CodeInternal, "the tests of %s failed", dir), silent: true}
			}
			return nil
		},
	}
}

func writeTests(w io.Writer, dir string, r policies.TestReport) {
	var b bytes.Buffer
	passed := 0
	for _, t := range r.Tests {
		if t.Passed {
			passed++
			continue
		}
		where := filepath.Join(dir, filepath.FromSlash(t.File))
		if t.Line > 0 {
			where = fmt.Sprintf("%s:%d", where, t.Line)
		}
		fmt.Fprintf(&b, "failed  %s  %s: %s\n", where, t.Name, oneLine(t.Why))
	}
	for _, rule := range r.Rules {
		for _, what := range rule.Lacks {
			fmt.Fprintf(&b, "failed  rule %s lacks %s\n", rule.Rule, what)
		}
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	tw := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "RULE\tTESTS\tPASSES\tREFUSES\tCOVERAGE\tLINES NOT REACHED")
	for _, rule := range r.Rules {
		var missed []string
		for _, l := range rule.Missed {
			if l.First == l.Last {
				missed = append(missed, fmt.Sprint(l.First))
				continue
			}
			missed = append(missed, fmt.Sprintf("%d-%d", l.First, l.Last))
		}
		fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%.0f %%\t%s\n", rule.Rule, rule.Tests, rule.Passing, rule.Refused, rule.Coverage, strings.Join(missed, ", "))
	}
	_ = tw.Flush()
	if r.Passed() {
		fmt.Fprintf(&b, "\npassed: %s of %s\n", count(len(r.Tests), "test"), count(len(r.Rules), "rule"))
	} else {
		fmt.Fprintf(&b, "\nfailed: %d of %s did not pass\n", len(r.Tests)-passed, count(len(r.Tests), "test"))
	}
	fmt.Fprint(w, printable(b.String()))
}
