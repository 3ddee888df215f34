package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/policyfile"
	"github.com/tenantform/tenantform/policies/report"
	"github.com/tenantform/tenantform/tenants"
)

const policyCheckLong = `Reads what "pulumi preview --json --show-sames" printed, from files or from
standard input ("-", or no argument), and gives the policies' verdict on each;
with --state what "pulumi stack export" printed, and the deployed resources are
judged as they are. What the flags say of the stack is said of every file; what
they do not say is unknown to the rules, which then check what can be checked
without it. An environment that is not given is taken for production.

Exit code 0: every plan is allowed. 2: a file or flag cannot be used. 3: one is
refused, and so is one without a resource, or where every rule is disabled. 1: no
decision on one could be reached, because a rule failed or gave no answer, or time
ran out; the report refuses it, and says why.

Formats (--format):
  text       for people: rule, resource, property, value, why, how to mend it
  json       everything, one document
  sarif      SARIF 2.1.0, for code scanning
  junit      a test case for each rule
  github     annotations in the log of a GitHub workflow
  markdown   a summary for a pull request

With --output-file the format goes to that file, and the verdict as text, or as
JSON with --output json, to standard output.

To adopt the rules on an old stack write a baseline once, commit it, and give it
to every later check: what it holds is shown and no longer refused.

  tenantform policy check --write-baseline baseline.json preview.json
  tenantform policy check --baseline baseline.json preview.json`

// check is one run of "policy check".
type check struct {
	app     *app
	subject policies.Subject
	release string
	tags    []string // key=value

	levels, waivers         string // files
	baseline, writeBaseline string // files
	bundles                 bundles
	format, file, source    string
	state                   bool
	silent                  bool // the document goes to its file alone
}

func (a *app) policyCheckCommand() *cobra.Command {
	c := &check{app: a}
	cmd := &cobra.Command{
		Use:   "check [FILE|-]...",
		Short: "Decide on the output of \"pulumi preview --json --show-sames\"",
		Long:  policyCheckLong,
		Args:  cobra.ArbitraryArgs,
		RunE:  c.run,
	}
	f := cmd.Flags()
	f.StringVar(&c.subject.Program, "program", "", "platform, pool, tenant or functions; a program of another kind when empty")
	f.StringVar(&c.subject.TenantID, "tenant", "", "the tenant that the stack belongs to")
	f.StringArrayVar(&c.subject.Tiers, "tier", nil, "a tier that the stack's resources may carry; may be repeated")
	f.StringArrayVar(&c.tags, "stack-tag", nil, "a tag of the stack, as \"pulumi stack tag ls\" shows it, KEY=VALUE; may be repeated")
	f.BoolVar(&c.subject.Destroy, "destroy", false, "the plan deletes the whole stack")
	f.StringVar(&c.release, "release", "", "delete: the deletion of the tenant is confirmed, so that its data may go")
	f.BoolVar(&c.state, "state", false, "the files are the output of \"pulumi stack export\"")
	c.addDecision(cmd)
	return cmd
}

// addDecision adds the flags of a command that decides: which rules hold, what is
// known, and how the decision is shown.
func (c *check) addDecision(cmd *cobra.Command) {
	c.addEnforcement(cmd)
	cmd.Flags().StringVar(&c.writeBaseline, "write-baseline", "", "write the findings that refuse to this file, and take them as known")
	c.bundles.add(cmd)
	c.addReport(cmd)
}

// addEnforcement adds the flags for the files that say how rules are enforced.
func (c *check) addEnforcement(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.levels, "config", "", "levels of rules by rule, category and environment, a YAML file")
	f.StringVar(&c.waivers, "waivers", "", "waivers, a YAML file")
	f.StringVar(&c.baseline, "baseline", "", "findings that are known and no longer refused, as --write-baseline of \"policy check\" wrote them")
}

// addReport adds the flags for the form of the report.
func (c *check) addReport(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.format, "format", "text", "one of "+strings.Join(report.Formats(), ", "))
	f.StringVar(&c.file, "output-file", "", "the file that the format is written to, as a whole or not at all (default: standard output)")
	f.StringVar(&c.source, "source", "", "the file that annotations and SARIF point at, relative to the repository (default: Pulumi.yaml)")
}

// defaultFormat makes the format follow --output json where nothing else is said.
func (c *check) defaultFormat(cmd *cobra.Command) {
	if c.app.flags.output == outputJSON && !cmd.Flags().Changed("format") && c.file == "" {
		c.format = "json"
	}
}

func (c *check) run(cmd *cobra.Command, args []string) error {
	flags := c.app.flags
	if cmd.Flags().Changed("environment") {
		c.subject.Environment = flags.environment
	}
	if cmd.Flags().Changed("region") {
		c.subject.Region = flags.region
	}
	if cmd.Flags().Changed("account") {
		c.subject.Account = flags.account
	}
	if cmd.Flags().Changed("functions-account") {
		c.subject.FunctionsAccount = flags.functionsAccount
	}
	if c.release != "" {
		c.subject.Release = &policies.Release{Kind: c.release}
	}
	c.defaultFormat(cmd)
	if len(args) == 0 {
		args = []string{"-"}
	}
	catalogue, err := flags.catalogue()
	if err != nil {
		return err
	}
	tags, faults := stackTags(c.tags)
	c.subject.Tags = tags
	if err := tenants.Invalid(slices.Concat(c.faults(args), faults, subjectFaults(c.subject, catalogue))...); err != nil {
		return err
	}
	opts, err := c.options()
	if err != nil {
		return err
	}
	inputs := make([]policies.Input, 0, len(args))
	var unreadable []error
	for _, file := range args {
		p, err := c.read(file)
		if err != nil {
			unreadable = append(unreadable, err)
			continue
		}
		in := policies.NewInput(p, c.subject, catalogue)
		// A whole stack may be gone already where one is destroyed; here the plan is
		// what was to be looked at.
		in.Subject.Destroy = in.Subject.Destroy && len(p.Resources) > 0
		inputs = append(inputs, in)
	}
	if len(unreadable) > 0 {
		return errors.Join(unreadable...)
	}
	return c.decide(cmd.Context(), opts, args, inputs)
}

// faults gives what is wrong with flags and arguments.
func (c *check) faults(args []string) []tenants.FieldError {
	fields := oneOf("--format", c.format, report.Formats()...)
	if c.app.flags.output == outputJSON && c.file == "" && len(fields) == 0 {
		for _, f := range oneOf("--format", c.format, "json", "sarif") {
			f.Allowed = "json or sarif with --output json; any other with --output-file FILE"
			fields = append(fields, f)
		}
	}
	if n := slices.Index(args, "-"); n >= 0 && slices.Contains(args[n+1:], "-") {
		fields = append(fields, tenants.FieldError{Field: "FILE", Value: "-", Allowed: "standard input once, files beside it"})
	}
	if c.state && c.subject.Destroy {
		fields = append(fields, tenants.FieldError{Field: "--destroy", Value: "true", Allowed: "a preview of a destruction; --state is about what is deployed"})
	}
	return fields
}

// stackTags reads KEY=VALUE of each; nil for none.
func stackTags(given []string) (map[string]string, []tenants.FieldError) {
	var tags map[string]string
	var fields []tenants.FieldError
	for _, tag := range given {
		key, value, ok := strings.Cut(tag, "=")
		if !ok || key == "" {
			fields = append(fields, tenants.FieldError{Field: "--stack-tag", Value: tag, Allowed: "KEY=VALUE"})
			continue
		}
		if tags == nil {
			tags = map[string]string{}
		}
		tags[key] = value
	}
	return tags, fields
}

func subjectFaults(s policies.Subject, c tenants.Catalogue) []tenants.FieldError {
	var fields []tenants.FieldError
	if s.Program != "" {
		fields = append(fields, oneOf("--program", s.Program, policies.ProgramPlatform, policies.ProgramPool, policies.ProgramTenant, policies.ProgramFunctions, policies.ProgramGuardrails)...)
	}
	if s.TenantID != "" {
		fields = append(fields, tenants.ValidateID("--tenant", s.TenantID)...)
	}
	for _, tier := range s.Tiers {
		fields = append(fields, oneOf("--tier", tier, c.Names()...)...)
	}
	if s.Release != nil {
		fields = append(fields, oneOf("--release", s.Release.Kind, policies.ReleaseDelete)...)
	}
	return fields
}

// options reads the files that say how the rules are enforced.
func (c *check) options() (policies.Options, error) {
	var o policies.Options
	var err error
	if o.Own, err = c.bundles.own(); err != nil {
		return o, err
	}
	if c.levels != "" {
		if o.Enforcement, err = policyfile.ReadEnforcement(c.levels); err != nil {
			return o, err
		}
	}
	if c.waivers != "" {
		if o.Waivers, err = policyfile.ReadWaivers(c.waivers); err != nil {
			return o, err
		}
	}
	if c.baseline != "" {
		data, err := os.ReadFile(c.baseline)
		if err != nil {
			return o, tenants.Errorf(tenants.CodeInvalid, "the baseline %s cannot be read: %w", c.baseline, plainReason(err))
		}
		b, err := policies.ParseBaseline(c.baseline, data)
		if err != nil {
			return o, err
		}
		o.Baseline = &b
	}
	return o, nil
}

// evaluator compiles the rules. Faults of the files name file and line.
func (c *check) evaluator(ctx context.Context, o policies.Options) (*policies.Evaluator, error) {
	e, err := policies.New(ctx, &o)
	return e, refield(err, func(f *tenants.FieldError) {
		var i int
		switch {
		case strings.HasPrefix(f.Field, "enforcement["):
			f.Source = c.levels
		case strings.HasPrefix(f.Field, "waivers["):
			f.Source = c.waivers
			if _, err := fmt.Sscanf(f.Field, "waivers[%d]", &i); err == nil && i < len(o.Waivers) {
				f.Source = o.Waivers[i].Source
			}
		}
	})
}

// decide evaluates the inputs, one for each file, and shows the decisions.
func (c *check) decide(ctx context.Context, o policies.Options, files []string, inputs []policies.Input) error {
	e, err := c.evaluator(ctx, o)
	if err != nil {
		return err
	}
	doc, failure := c.judge(ctx, e, files, inputs)
	if c.writeBaseline != "" && failure == nil {
		if o.Baseline, err = c.record(doc); err != nil {
			return err
		}
		if e, err = c.evaluator(ctx, o); err != nil {
			return err
		}
		doc, failure = c.judge(ctx, e, files, inputs)
	}
	if err := c.show(doc); err != nil {
		return err
	}
	switch {
	case failure != nil:
		return &failed{err: failure, silent: c.app.flags.output == outputJSON}
	case !doc.Allowed():
		return denied("a plan")
	}
	return nil
}

// judge gives the decisions. The error is of those that could not be reached,
// which deny in the document.
func (c *check) judge(ctx context.Context, e *policies.Evaluator, files []string, inputs []policies.Input) (report.Document, error) {
	doc := report.Document{Rules: e.Rules(), Source: c.source, Version: versionOf().Version}
	var failures []error
	named := map[string]bool{}
	for i, in := range inputs {
		r, err := e.Evaluate(ctx, in)
		if err != nil && !slices.ContainsFunc(r.Findings, func(f policies.Finding) bool { return f.Rule == policies.ReasonDisabled }) {
			failures = append(failures, fmt.Errorf("%s: %w", nameOf(files[i]), err))
		}
		name := in.Plan.Stack
		if name == "" {
			name = nameOf(files[i])
		} else if named[name] {
			name += " (" + nameOf(files[i]) + ")"
		}
		named[name] = true
		doc.Decisions = append(doc.Decisions, report.Decision{Stack: name, Report: r})
	}
	return doc, errors.Join(failures...)
}

// record writes the baseline. A plan that no rule looked at has none.
func (c *check) record(doc report.Document) (*policies.Baseline, error) {
	var reports []policies.Report
	for _, d := range doc.Decisions {
		if d.Report.RulesRun == 0 {
			return nil, tenants.Errorf(tenants.CodeForbidden, "no baseline is written: no rule looked at %s", d.Stack)
		}
		reports = append(reports, d.Report)
	}
	b := policies.NewBaseline(doc.Rules, reports...)
	data, err := b.JSON()
	if err != nil {
		return nil, err
	}
	return &b, writeFile("--write-baseline", c.writeBaseline, data)
}

// show writes the document to where it was asked for.
func (c *check) show(doc report.Document) error {
	return c.showAs(func(w io.Writer, format string) error { return report.Write(w, format, doc) })
}

// showAs writes what there is in the format that was asked for to where it was asked
// for; beside a file, standard output gets it as --output says.
func (c *check) showAs(write func(w io.Writer, format string) error) error {
	var out bytes.Buffer
	if err := write(&out, c.format); err != nil {
		return err
	}
	if c.file != "" {
		if err := writeFile("--output-file", c.file, out.Bytes()); err != nil {
			return err
		}
		if c.silent {
			return nil
		}
		out.Reset()
		if err := write(&out, c.app.flags.output); err != nil {
			return err
		}
	}
	var err error
	c.app.progress.pause(func() { _, err = c.app.out.Write(out.Bytes()) })
	return err
}

// nameOf gives a file as messages call it.
func nameOf(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

// read reads a plan or a state from a file, or from standard input for "-". A
// plan without resources is no error here: the rules refuse it.
func (c *check) read(file string) (plan.Plan, error) {
	what, from := "preview", plan.FromPreviewJSON
	if c.state {
		what, from = "state", plan.FromStateJSON
	}
	in := c.app.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return plan.Plan{}, tenants.Errorf(tenants.CodeInvalid, "the %s %s cannot be read: %w", what, file, plainReason(err))
		}
		defer f.Close()
		in = f
	}
	p, err := from(in)
	switch {
	case err == nil:
		return p, nil
	case errors.Is(err, plan.ErrEmpty):
		return plan.Plan{}, nil
	}
	return plan.Plan{}, &tenants.Error{Code: tenants.CodeInvalid, Cause: err, Message: nameOf(file) + ": " + oneLine(err.Error())}
}
