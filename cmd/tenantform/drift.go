package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/report"
	"github.com/tenantform/tenantform/tenants"
)

const driftLong = `Asks the cloud for every resource of some stacks, or of all, and says what is not
as the stacks have recorded it, property by property; the policies decide on that
and on what is deployed now. Nothing is changed: not the cloud, not a state.

Rules of drift, of which "tenantform policy explain" has more:
  drift_deleted   a resource is gone                                (mandatory)
  drift_changed   a property that the program sets has another value (mandatory)
  drift_beside    something else differs: an output, a default       (advisory)
  drift_tenant_unknown  the stack's tenant is not in the store       (advisory)

Their levels, waivers and baselines are those of "policy check", whose formats
these are too. A stack is held while it is looked at; one that another run holds
is waited for (--wait). A stack is judged by the environment that --environment or
its variable says, else by the one in its resources' tags, else as production.

Exit code 0: nothing that refuses. 3: something does, or nothing was seen. 4 and
more, or 1: a stack could not be looked at; the report has the others. 7: there
is drift and somebody could not be told of it.

Where a drift refuses, others are told, for each stack with one event of type
com.tenantform.drift.detected.v1 (CloudEvents 1.0 in JSON):
  --events FILE|-      a line for each event, added to the file
  --topic URL          awssns:///ARN, awssqs://..., spool:///DIR
  --on-drift COMMAND   a command line for /bin/sh, the event on standard input
With --all, --metrics adds a line in CloudWatch's embedded metric format for each
look, also when nothing drifted, so that an alarm can go back.

  tenantform drift pool-a
  tenantform drift --all --format sarif --output-file drift.sarif
  tenantform drift --all -q --metrics - --events drift.jsonl --output-file drift.txt`

// The Rules of findings about a stack that could not be looked at, and about one
// of a tenant that the store does not know.
const (
	driftNotSeen    = "drift_not_seen"
	driftTenantGone = "drift_tenant_unknown"
)

// drift is one run of "drift". Of check it has what is said of rules and formats.
type drift struct {
	check
	tell     telling
	all      bool
	parallel int
	wait     time.Duration
}

// looked is what came of the look at one stack.
type looked struct {
	stack    string
	subject  policies.Subject
	observed plan.Observed
	report   policies.Report
	orphan   bool  // its tenant is not known
	err      error // the stack could not be looked at, or no decision could be had
}

func (a *app) driftCommand() *cobra.Command {
	d := &drift{check: check{app: a}, tell: telling{app: a}}
	cmd := &cobra.Command{
		Use:   "drift [STACK]... | --all",
		Short: "Say how the cloud differs from what the stacks have recorded, and what the policies say to it",
		Long:  driftLong,
		Args:  cobra.ArbitraryArgs,
		RunE:  d.run,
	}
	f := cmd.Flags()
	f.BoolVar(&d.all, "all", false, "look at every stack of the directory")
	f.IntVar(&d.parallel, "parallel", 4, "how many stacks are looked at at once, each with about 150 MB")
	f.DurationVar(&d.wait, "wait", time.Minute, "how long to wait for a stack that another run holds")
	d.addDecision(cmd)
	d.tell.add(cmd)
	return cmd
}

func (d *drift) run(cmd *cobra.Command, args []string) error {
	ctx, a := cmd.Context(), d.app
	d.defaultFormat(cmd)
	if err := tenants.Invalid(slices.Concat(d.faults(args), d.tell.faults(d.all, d.file))...); err != nil {
		return err
	}
	opts, err := d.options()
	if err != nil {
		return err
	}
	e, err := d.evaluator(ctx, opts)
	if err != nil {
		return err
	}
	if err := d.tell.open(ctx); err != nil {
		return err
	}
	defer d.tell.close()
	s, stacks, err := a.stacksNamed(ctx, args, d.all)
	if err != nil {
		return err
	}
	defer s.close()
	all := d.look(ctx, s, stacks)
	doc, err := d.decide(ctx, s, e, opts, all)
	if err != nil {
		return err
	}
	if d.all {
		doc = withoutStack(doc, e, all)
	}
	// Who is to be told is told also where the report cannot be written.
	untold := d.tell.all(ctx, all)
	d.silent = d.tell.onOutput()
	shown := d.show(doc)
	return d.verdict(doc, all, untold, shown)
}

// faults gives what is wrong with flags and arguments.
func (d *drift) faults(args []string) []tenants.FieldError {
	fields := d.check.faults(nil)
	switch {
	case d.all && len(args) > 0:
		fields = append(fields, tenants.FieldError{Field: "STACK", Value: args[0], Allowed: "nothing beside --all"})
	case !d.all && len(args) == 0:
		fields = append(fields, tenants.FieldError{Field: "STACK", Allowed: "the names of stacks, or --all"})
	}
	if d.parallel < 1 || d.parallel > 64 {
		fields = append(fields, tenants.FieldError{Field: "--parallel", Value: fmt.Sprint(d.parallel), Allowed: "1 to 64"})
	}
	if d.wait < 0 {
		fields = append(fields, tenants.FieldError{Field: "--wait", Value: d.wait.String(), Allowed: "a duration such as 30s, or 0"})
	}
	return fields
}

// target is a stack that is to be looked at.
type target struct {
	automation.Stack
	// orphan marks a stack whose tenant the store does not know: of its subject only
	// the environment and the region are there.
	orphan bool
	err    error // what the stack is of is not known, so nothing can be said of it
}

// stacksNamed starts a session and gives the stacks that are named, each once, or
// all that there are. The caller closes the session.
func (a *app) stacksNamed(ctx context.Context, names []string, all bool) (*session, []target, error) {
	if !exists(a.flags.dir) {
		return nil, nil, noStack(a.flags.dir)
	}
	s, err := a.look()
	if err != nil {
		return nil, nil, err
	}
	if !all {
		slices.Sort(names)
		names = slices.Compact(names)
		if err := s.known(ctx, names); err != nil {
			return nil, nil, err
		}
	}
	if err := s.start(ctx); err != nil {
		return nil, nil, err
	}
	if all {
		if names, err = s.engine.Stacks(ctx); err == nil && len(names) == 0 {
			err = noStack(a.flags.dir)
		}
		if err != nil {
			s.close()
			return nil, nil, err
		}
	}
	stacks := make([]target, 0, len(names))
	for _, name := range names {
		st, err := s.stack(ctx, name)
		one := target{Stack: st}
		if err != nil {
			settings := a.flags.settings()
			one.Stack = automation.Stack{Name: name, Subject: policies.Subject{Environment: settings.Environment, Region: settings.Region}}
			_, plain := s.runner.Stack(ctx, name) // in which who is not found is no wrong argument
			if one.orphan = tenants.CodeOf(plain) == tenants.CodeNotFound; !one.orphan {
				one.err = err
			}
		}
		stacks = append(stacks, one)
	}
	return s, stacks, nil
}

// known refuses names that no stack can have here.
func (s *session) known(ctx context.Context, names []string) error {
	var unknown []error
	for _, name := range names {
		if _, err := s.stack(ctx, name); err != nil {
			unknown = append(unknown, err)
		}
	}
	return errors.Join(unknown...)
}

func noStack(dir string) error {
	return tenants.Errorf(tenants.CodeNotFound, "there is no stack in %s, so nothing was looked at; --dir says where the stacks are", dir)
}

// look looks at the stacks, some at once, and gives what came of each in their
// order.
func (d *drift) look(ctx context.Context, s *session, stacks []target) []looked {
	all := make([]looked, len(stacks))
	free := make(chan struct{}, d.parallel)
	var wg sync.WaitGroup
	for i, st := range stacks {
		all[i] = looked{stack: st.Name, subject: st.Subject, orphan: st.orphan, err: st.err}
		if st.err != nil {
			d.app.progress.note("%s: %s", st.Name, all[i].summary())
			continue
		}
		wg.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			if err := context.Cause(ctx); err != nil {
				all[i].err = tenants.Errorf(tenants.CodeUnavailable, "stack %s was not looked at: %w", st.Name, err)
				return
			}
			start := time.Now()
			if all[i].observed, all[i].err = s.engine.Drift(ctx, st.Stack, d.wait); all[i].err == nil {
				all[i].subject.Tags, all[i].err = s.engine.Tags(ctx, st.Name)
			}
			d.app.progress.note("%s: %s, %.1f s", st.Name, all[i].summary(), time.Since(start).Seconds())
		})
	}
	wg.Wait()
	return all
}

// summary says in a few words what came of a look.
func (l looked) summary() string {
	if l.err != nil {
		return "could not be looked at"
	}
	n := map[plan.DriftKind]int{}
	for _, x := range l.observed.Drifted {
		n[x.Kind]++
	}
	seen := 0
	for _, r := range l.observed.Deployed.Resources {
		if r.Real() {
			seen++
		}
	}
	said := []string{count(seen, "resource") + " seen"}
	for _, k := range []struct {
		kind plan.DriftKind
		word string
	}{{plan.DriftDeleted, "deleted"}, {plan.DriftChanged, "changed"}, {plan.DriftBeside, "beside"}} {
		if n[k.kind] > 0 {
			said = append(said, fmt.Sprintf("%d %s", n[k.kind], k.word))
		}
	}
	if len(said) == 1 {
		said = append(said, "no drift")
	}
	return strings.Join(said, ", ")
}

// decide lets the policies decide on what was seen, and gives the document; the
// error is that of files that cannot be used.
func (d *drift) decide(ctx context.Context, s *session, e *policies.Evaluator, o policies.Options, all []looked) (report.Document, error) {
	doc := d.judge(ctx, e, s.catalogue, all)
	if d.writeBaseline == "" || !complete(all) {
		return doc, nil
	}
	var err error
	if o.Baseline, err = d.record(doc); err != nil {
		return doc, err
	}
	if e, err = d.evaluator(ctx, o); err != nil {
		return doc, err
	}
	return d.judge(ctx, e, s.catalogue, all), nil
}

func (d *drift) judge(ctx context.Context, e *policies.Evaluator, catalogue tenants.Catalogue, all []looked) report.Document {
	doc := report.Document{Rules: slices.Concat(policies.DriftRules(), e.Rules()), Source: d.source, Version: versionOf().Version}
	for i := range all {
		l := &all[i]
		if l.err == nil {
			l.subject.Environment = d.app.judgedAs(l.observed.Deployed)
			l.report, l.err = e.EvaluateDrift(ctx, policies.NewInput(l.observed.Deployed, l.subject, catalogue), l.observed)
		} else {
			l.report = policies.Report{Verdict: policies.VerdictDeny, Findings: []policies.Finding{{
				Rule: driftNotSeen, Title: "Every stack can be looked at", Severity: policies.SeverityCritical, Level: policies.LevelMandatory,
				Message: oneLine(l.err.Error()), Remediation: "Nothing is known of this stack. Mend what the message says and look again.",
			}}}
		}
		if l.orphan {
			l.report.Findings = append(l.report.Findings, orphaned)
		}
		doc.Decisions = append(doc.Decisions, report.Decision{Stack: l.stack, Report: l.report})
	}
	return doc
}

// orphaned is the finding about a stack whose tenant is not known.
var orphaned = policies.Finding{
	Rule: driftTenantGone, Title: "Every tenant's stack has its tenant", Severity: policies.SeverityMedium, Level: policies.LevelAdvisory,
	Message:     "the store does not know the tenant of this stack, so rules of tenancy had nothing to compare with",
	Remediation: "Look whether --dir is the right one. Where the tenant is gone, what is left of its stack has to go as well.",
}

// judgedAs gives the environment by which deployed resources are judged: the one
// that is said, by flag or variable; else the one that all resources carry in their
// tag, of those that carry one; else, and for another one, production. A default
// would make the rules of production advisory where somebody forgot to say it.
func (a *app) judgedAs(p plan.Plan) string {
	if a.flags.environmentSaid {
		return a.flags.environment
	}
	carried := map[string]bool{}
	for _, r := range p.Resources {
		if tags, ok := r.Inputs["tags"].(map[string]any); ok && tags["environment"] != nil {
			value, _ := tags["environment"].(string)
			carried[value] = true
		}
	}
	for _, environment := range []string{"dev", "staging"} {
		if len(carried) == 1 && carried[environment] {
			return environment
		}
	}
	return "production"
}

// failures gives why stacks could not be looked at or decided on, by exit code:
// that of the first is the command's.
func failures(all []looked) error {
	var errs []error
	for _, l := range all {
		if l.err != nil && !slices.ContainsFunc(l.report.Findings, func(f policies.Finding) bool { return f.Rule == policies.ReasonDisabled }) {
			errs = append(errs, l.err)
		}
	}
	slices.SortStableFunc(errs, func(a, b error) int { return cmp.Compare(exitCode(a), exitCode(b)) })
	return errors.Join(errs...)
}

// complete tells whether every stack was looked at and decided on.
func complete(all []looked) bool { return failures(all) == nil }

// withoutStack adds to a document on all stacks what is to be said of waivers that
// are for none of them; nothing where a stack could not be decided on.
func withoutStack(doc report.Document, e *policies.Evaluator, all []looked) report.Document {
	if len(all) == 0 || failures(all) != nil {
		return doc
	}
	reports := make([]policies.Report, len(all))
	for i, l := range all {
		reports[i] = l.report
	}
	if r := e.EvaluateWaivers(all[0].subject.Environment, reports...); len(r.Findings) > 0 {
		doc.Decisions = append(doc.Decisions, report.Decision{Stack: "waivers of no stack", Report: r})
	}
	return doc
}

// verdict gives the command's error. What could not be told gives the exit code
// before all else: an alarm that fails is worse than what it is about.
func (d *drift) verdict(doc report.Document, all []looked, untold, shown error) error {
	err := errors.Join(untold, failures(all), shown)
	if err == nil {
		if doc.Allowed() {
			return nil
		}
		return &failed{err: tenants.Errorf(tenants.CodeForbidden, "the policies refuse what was seen"), silent: true}
	}
	f := &failed{err: err}
	if untold != nil {
		f.exit = exitUntold
	}
	if d.app.flags.output == outputJSON && shown == nil {
		f.silent = true // standard output has its one document
		for _, line := range problems(err) {
			fmt.Fprintln(d.app.err, "tenantform: "+line)
		}
	}
	return f
}

// appendFile opens a file that lines are added to.
func appendFile(field, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the operator's choice
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "%s %s cannot be written: %w", field, path, plainReason(err))
	}
	return f, nil
}
