package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/policyfile"
	"github.com/tenantform/tenantform/policies/report"
	"github.com/tenantform/tenantform/tenants"
)

const policyImpactLong = `Says what rules that are not in force yet would refuse: --bundle holds new rules
and changed ones, --new-config other levels. Every stack's state, or those of the
stacks that are named, is judged twice, by what is in force and by what would be;
only the difference is shown. The cloud is not asked, no stack is held and nothing
is changed. Rules about operations have nothing to say: in a state nothing is
created, replaced or deleted. A stack is judged by the environment that
--environment or its variable says, else by the one in its resources' tags, else as
production.

What is in force is said by --current, --config, --waivers and --baseline; they
hold for both. Waivers of rules that are new count on their side alone.

Formats (--format) are those of "policy check". In those beside text and json what
would be refused and is not today is all that is found; text and json also have
what no longer would.

Exit code 0: it could be told, whatever it is. 3: with --fail, something would be
refused that is not today. 4: there is no stack, or no resource in them. Others: a
state could not be read; the answer has the other stacks.

  tenantform policy impact --bundle policies
  tenantform policy impact --bundle policies --fail pool-a tenant-acme`

// impactOf is one run of "policy impact".
type impactOf struct {
	check             // with the bundles that are in force, and what holds for both sides
	proposed  bundles // the new rules
	newLevels string  // file; in the place of levels
	fail      bool
}

// impact is its answer.
type impact struct {
	// Refuses tells whether anything would be refused that is not today.
	Refuses bool          `json:"refuses"`
	Rules   []impactRule  `json:"rules"`  // those that are new or changed, and others whose findings differ
	Stacks  []impactStack `json:"stacks"` // in the order of their names
}

// impactRule is what one rule would do.
type impactRule struct {
	Rule     string `json:"rule"`
	Change   string `json:"change"`   // new, changed, level, or "" for one that is neither
	Stacks   int    `json:"stacks"`   // in which it would refuse what is not refused today
	Refused  int    `json:"refused"`  // findings
	Released int    `json:"released"` // findings that no longer refuse
}

// impactStack is what would be of one stack.
type impactStack struct {
	Stack         string             `json:"stack"`
	Environment   string             `json:"environment"` // by which it was judged; empty when nothing is known of it
	Notice        string             `json:"notice,omitempty"`
	ResourcesSeen int                `json:"resourcesSeen"`
	Refused       []policies.Finding `json:"refused"`
	Released      []policies.Finding `json:"released"`
	Error         string             `json:"error,omitempty"` // why nothing is known of it

	would policies.Report // what would be decided
}

func (a *app) policyImpactCommand() *cobra.Command {
	c := &impactOf{check: check{app: a}}
	cmd := &cobra.Command{
		Use:   "impact [STACK]...",
		Short: "Say what new rules or levels would refuse in the stacks that there are, and is not refused today",
		Long:  policyImpactLong,
		Args:  cobra.ArbitraryArgs,
		RunE:  c.run,
	}
	f := cmd.Flags()
	f.StringArrayVar((*[]string)(&c.proposed), "bundle", nil, "a directory with rules that are not in force yet; may be repeated")
	f.StringVar(&c.newLevels, "new-config", "", "levels that are not in force yet, in the place of --config, a YAML file")
	f.StringArrayVar((*[]string)(&c.bundles), "current", nil, "a directory with rules of one's own that are in force; may be repeated")
	c.addEnforcement(cmd)
	c.addReport(cmd)
	f.BoolVar(&c.fail, "fail", false, "exit code 3 when something would be refused that is not today")
	return cmd
}

func (c *impactOf) run(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	if len(c.proposed) == 0 && c.newLevels == "" {
		return invalid("--bundle", "", "a directory with new or changed rules, or --new-config FILE")
	}
	c.defaultFormat(cmd)
	if err := tenants.Invalid(c.faults(nil)...); err != nil {
		return err
	}
	before, after, err := c.sides(ctx)
	if err != nil {
		return err
	}
	s, stacks, err := c.app.stacksNamed(ctx, args, len(args) == 0)
	if err != nil {
		return err
	}
	defer s.close()
	answer, failure := c.measure(ctx, s, stacks, before, after)
	answer.Rules = c.rules(before, after, answer.Stacks)
	if err := c.showAs(func(w io.Writer, format string) error { return c.write(w, format, answer, after.Rules()) }); err != nil {
		return err
	}
	switch {
	case failure != nil:
		return &failed{err: failure, silent: c.app.flags.output == outputJSON}
	case !slices.ContainsFunc(answer.Stacks, func(s impactStack) bool { return s.ResourcesSeen > 0 }):
		return &failed{err: tenants.Errorf(tenants.CodeNotFound, "the stacks hold no resource, so nothing was looked at"), silent: c.app.flags.output == outputJSON}
	case c.fail && answer.Refuses:
		return denied("what is deployed")
	}
	return nil
}

// rulings are a set of rules with what holds for it.
type rulings struct {
	*policies.Evaluator
	enforcement policies.Enforcement
}

// sides gives what is in force and what would be.
func (c *impactOf) sides(ctx context.Context) (before, after rulings, err error) {
	o, err := c.options()
	if err != nil {
		return before, after, err
	}
	now, would := o, o
	own, err := c.proposed.own()
	if err != nil {
		return before, after, err
	}
	would.Own = slices.Concat(o.Own, own)
	if c.newLevels != "" {
		if would.Enforcement, err = policyfile.ReadEnforcement(c.newLevels); err != nil {
			return before, after, err
		}
	}
	if len(own) > 0 && len(o.Waivers) > 0 {
		plain, err := policies.New(ctx, &policies.Options{Own: o.Own})
		if err != nil {
			return before, after, err
		}
		known := slices.Concat(plain.Rules(), policies.DriftRules())
		now.Waivers = slices.DeleteFunc(slices.Clone(o.Waivers), func(w policies.Waiver) bool {
			return !slices.ContainsFunc(known, func(r policies.Rule) bool { return r.ID == w.Rule })
		})
	}
	// Faults are told of the whole of the files first.
	proposal := *c
	if c.newLevels != "" {
		proposal.levels = c.newLevels
	}
	if after.Evaluator, err = proposal.evaluator(ctx, would); err != nil {
		return before, after, err
	}
	before.Evaluator, err = c.evaluator(ctx, now)
	before.enforcement, after.enforcement = now.Enforcement, would.Enforcement
	return before, after, err
}

// measure judges the states of the stacks. The error is of those that could not
// be read or judged.
func (c *impactOf) measure(ctx context.Context, s *session, stacks []target, before, after rulings) (impact, error) {
	answer := impact{Stacks: []impactStack{}}
	var errs []error
	for _, st := range stacks {
		one := impactStack{Stack: st.Name, Refused: []policies.Finding{}, Released: []policies.Finding{}}
		if st.orphan {
			one.Notice = orphaned.Message
		}
		var p plan.Plan
		err := st.err
		if err == nil {
			p, err = s.engine.Deployed(ctx, st.Name)
		}
		if err == nil {
			st.Subject.Tags, err = s.engine.Tags(ctx, st.Name)
		}
		if err == nil {
			one.Environment = c.app.judgedAs(p)
			st.Subject.Environment = one.Environment
			in := policies.NewInput(p, st.Subject, s.catalogue)
			var was, would policies.Report
			if was, err = before.Evaluate(ctx, in); err == nil {
				would, err = after.Evaluate(ctx, in)
			}
			one.ResourcesSeen, one.would = would.ResourcesSeen, would
			if err == nil {
				one.Refused, one.Released = policies.Impact(was, would)
			}
		}
		if err != nil {
			one.Error = oneLine(err.Error())
			errs = append(errs, fmt.Errorf("%s: %w", st.Name, err))
		}
		answer.Refuses = answer.Refuses || len(one.Refused) > 0
		answer.Stacks = append(answer.Stacks, one)
	}
	return answer, errors.Join(errs...)
}

// rules says what each rule would do, by id.
func (c *impactOf) rules(before, after rulings, stacks []impactStack) []impactRule {
	all := map[string]*impactRule{}
	of := func(id string) *impactRule {
		if all[id] == nil {
			all[id] = &impactRule{Rule: id}
		}
		return all[id]
	}
	was := map[string]policies.Rule{}
	for _, r := range before.Rules() {
		was[r.ID] = r
	}
	for _, r := range after.Rules() {
		old, there := was[r.ID]
		switch {
		case !there:
			of(r.ID).Change = "new"
		case old.Source != r.Source:
			of(r.ID).Change = "changed"
		case slices.ContainsFunc(stacks, func(s impactStack) bool {
			return before.enforcement.Level(old, s.Environment) != after.enforcement.Level(r, s.Environment)
		}):
			of(r.ID).Change = "level"
		}
	}
	for _, s := range stacks {
		seen := map[string]bool{}
		for _, f := range s.Refused {
			r := of(f.Rule)
			r.Refused++
			if !seen[f.Rule] {
				r.Stacks++
			}
			seen[f.Rule] = true
		}
		for _, f := range s.Released {
			of(f.Rule).Released++
		}
	}
	out := make([]impactRule, 0, len(all))
	for _, r := range all {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b impactRule) int { return cmp.Or(b.Refused-a.Refused, strings.Compare(a.Rule, b.Rule)) })
	return out
}

// write writes the answer. In the formats that "policy check" has beside text and
// JSON it is a report for each stack, in which what would be refused is all that is found.
func (c *impactOf) write(w io.Writer, format string, answer impact, rules []policies.Rule) error {
	switch format {
	case "text":
		writeImpact(w, answer)
		return nil
	case "json":
		writeJSON(w, answer)
		return nil
	}
	doc := report.Document{Rules: rules, Source: c.source, Version: versionOf().Version}
	for _, s := range answer.Stacks {
		doc.Decisions = append(doc.Decisions, report.Decision{Stack: s.Stack, Report: s.report()})
	}
	return report.Write(w, format, doc)
}

// report is what would be decided on the stack, without what is refused today.
func (s impactStack) report() policies.Report {
	out := s.would
	out.Findings, out.Rules, out.Waivers = s.Refused, slices.Clone(out.Rules), nil
	for i, r := range out.Rules {
		out.Rules[i].Findings = 0
		for _, f := range s.Refused {
			if f.Rule == r.Rule {
				out.Rules[i].Findings++
			}
		}
	}
	if s.Error != "" {
		out.Findings = []policies.Finding{{
			Rule: stateNotJudged, Title: "Every stack can be judged", Severity: policies.SeverityCritical, Level: policies.LevelMandatory,
			Message: s.Error, Remediation: "Nothing is known of this stack. Mend what the message says and ask again.",
		}}
	}
	out.Verdict = policies.VerdictAllow
	if len(out.Findings) > 0 {
		out.Verdict = policies.VerdictDeny
	}
	return out
}

// stateNotJudged is the Rule of a finding about a stack of which nothing is known.
const stateNotJudged = "state_not_judged"

func writeImpact(w io.Writer, answer impact) {
	var b strings.Builder
	tw := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "RULE\tCHANGE\tSTACKS\tWOULD REFUSE\tNO LONGER")
	for _, r := range answer.Rules {
		fmt.Fprintf(tw, "%s\t%s\t%d\t%d\t%d\n", r.Rule, r.Change, r.Stacks, r.Refused, r.Released)
	}
	_ = tw.Flush()
	refused := 0
	for _, s := range answer.Stacks {
		if s.Notice != "" {
			fmt.Fprintf(&b, "\nstack %s: %s\n", s.Stack, s.Notice)
		}
		if len(s.Refused)+len(s.Released) == 0 && s.Error == "" {
			continue
		}
		refused += len(s.Refused)
		if s.Error != "" {
			fmt.Fprintf(&b, "\nstack %s: nothing is known of it: %s\n", s.Stack, s.Error)
			continue
		}
		fmt.Fprintf(&b, "\nstack %s: %s would be refused, %d no longer\n", s.Stack, count(len(s.Refused), "finding"), len(s.Released))
		writeFindings(&b, "  ", s.Refused)
		for _, f := range s.Released {
			fmt.Fprintf(&b, "  no longer: %s on %s\n", f.Rule, resourceOf(f.URN))
		}
	}
	fmt.Fprintf(&b, "\n%s looked at: %s would be refused that %s not refused today\n", count(len(answer.Stacks), "stack"), count(refused, "finding"),
		map[bool]string{true: "is", false: "are"}[refused == 1])
	fmt.Fprint(w, printable(b.String()))
}
