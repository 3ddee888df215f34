package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// demoWidth is how many columns the demo's output takes at most.
const demoWidth = 100

// The outcomes of a step of the demo.
const (
	demoOK     = "ok"
	demoFailed = "failed"
	demoNotRun = "not run"
)

// demoStep is one step of the demo with what came of it.
type demoStep struct {
	Name      string      `json:"name"`
	Resources int         `json:"resources"` // that were created, updated, replaced or deleted
	Seconds   float64     `json:"seconds"`
	Result    string      `json:"result"` // ok, failed or not run
	Checks    []demoCheck `json:"checks"`
}

// demoCheck is one promise that was looked into.
type demoCheck struct {
	Promise string `json:"promise"`
	Kept    bool   `json:"kept"`
	Found   string `json:"found,omitempty"` // what was found in its place
}

// demoReport is the demo's answer.
type demoReport struct {
	Steps   []demoStep `json:"steps"`
	Seconds float64    `json:"seconds"`
	Kept    bool       `json:"kept"` // every promise was
}

// demo is one run of it.
type demo struct {
	*session
	files demoFiles
	temp  string // the run's temporary directory
	own   bool   // the state is in the temporary directory too
	steps []demoStep

	mu    sync.Mutex
	watch func(tenants.Operation, tenants.Step) // sees the steps of operations; nil for nobody
	base  world                                 // the cloud with nothing but the shared stacks
	home  world                                 // the cloud before the first move
}

func (a *app) demoCommand() *cobra.Command {
	var files string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the main job on the local target, on files that you can edit",
		Long: `Brings the shared stacks up, creates the tenants of the files, deploys a
function, has one refused, moves a tenant from the pool to a silo and back, and
deletes everything. What it promises is compared with what is in the local cloud
after each step; the exit code is not 0 when anything differs.

It works in a temporary directory of its own unless --dir is given, and always
on the local target.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.demo(cmd.Context(), files, cmd.Flags().Changed("dir"))
		},
	}
	cmd.Flags().StringVar(&files, "files", filepath.Join("examples", "quickstart"), "directory with tiers.yaml, tenants.yaml and leaky.yaml")
	return cmd
}

func (a *app) demo(ctx context.Context, files string, dirGiven bool) error {
	if a.flags.target != targetLocal {
		return invalid(a.flags.targetSource, a.flags.target, "local: the demo runs nowhere else")
	}
	if dirGiven && !isEmptyDir(a.flags.dir) {
		return invalid(a.flags.dirSrc, a.flags.dir, "a directory that is empty or does not exist, for the demo")
	}
	if !exists(files) {
		return invalid("--files", files, "a directory with tiers.yaml, tenants.yaml and leaky.yaml, as a checkout has it in examples/quickstart")
	}
	if a.flags.tiers == "" {
		a.flags.tiers = filepath.Join(files, "tiers.yaml")
	}
	read, err := a.readDemoFiles(files)
	if err != nil {
		return err
	}
	began := time.Now()
	d := &demo{files: read, own: !dirGiven}
	if d.temp, err = os.MkdirTemp("", "tenantform-demo-"); err != nil {
		return tenants.Errorf(tenants.CodeFailedPrecondition, "no temporary directory can be made: %w", err)
	}
	defer os.RemoveAll(d.temp)
	restore, err := d.ownTemp()
	if err != nil {
		return err
	}
	defer restore()
	if d.own {
		a.flags.dir = filepath.Join(d.temp, "state")
	}
	if d.session, err = a.look(); err != nil {
		return err
	}
	if err := d.start(ctx); err != nil {
		return err
	}
	defer d.close()
	a.progress.terse = true
	d.runner.Step = d.seen
	d.runner.Transfer = func(context.Context, string, tenants.Placement, tenants.Placement) error { return nil }
	d.run(ctx)
	report := demoReport{Steps: d.steps, Seconds: time.Since(began).Seconds(), Kept: true}
	for _, s := range d.steps {
		report.Kept = report.Kept && s.Result == demoOK
	}
	a.show(report, func(w io.Writer) { writeDemo(w, report) })
	if !report.Kept {
		return &failed{err: tenants.Errorf(tenants.CodeInternal, "the demo did not keep its promises"), silent: true}
	}
	return nil
}

// isEmptyDir tells whether a path is free to be filled.
func isEmptyDir(path string) bool {
	entries, err := os.ReadDir(path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0
}

// ownTemp gives the process, and with it the engine and the CLI, a directory
// for temporary files that nobody else uses, so that what stays there is seen.
func (d *demo) ownTemp() (restore func(), err error) {
	dir := d.tempFiles()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "no temporary directory can be made: %w", err)
	}
	before, set := os.LookupEnv("TMPDIR")
	if err := os.Setenv("TMPDIR", dir); err != nil {
		return nil, tenants.Errorf(tenants.CodeInternal, "TMPDIR cannot be set: %w", err)
	}
	return func() {
		if set {
			_ = os.Setenv("TMPDIR", before)
			return
		}
		_ = os.Unsetenv("TMPDIR")
	}, nil
}

func (d *demo) tempFiles() string { return filepath.Join(d.temp, "tmp") }

// seen passes on what operations tell of their steps.
func (d *demo) seen(op tenants.Operation, s tenants.Step) {
	d.mu.Lock()
	watch := d.watch
	d.mu.Unlock()
	if watch != nil {
		watch(op, s)
	}
}

func (d *demo) setWatch(f func(tenants.Operation, tenants.Step)) {
	d.mu.Lock()
	d.watch = f
	d.mu.Unlock()
}

// run does the steps in order. After one that could not be done the others are
// not run; a promise that was not kept does not keep them from it.
func (d *demo) run(ctx context.Context) {
	broken := false
	for i, s := range d.plan() {
		step := demoStep{Name: s.name, Result: demoNotRun, Checks: []demoCheck{}}
		if broken || ctx.Err() != nil {
			d.steps = append(d.steps, step)
			continue
		}
		d.say("\n%d. %s", i+1, s.says)
		began := time.Now()
		err := s.do(ctx, &step)
		step.Seconds, step.Result = time.Since(began).Seconds(), demoOK
		if err != nil {
			broken = true
			step.Result = demoFailed
			step.Checks = append(step.Checks, demoCheck{Promise: "the step can be done", Found: strings.Join(problems(err), "; ")})
		}
		for _, c := range step.Checks {
			if !c.Kept {
				step.Result = demoFailed
			}
			d.sayCheck(c)
		}
		d.steps = append(d.steps, step)
	}
}

// expect notes whether a promise was kept; found says what is the case.
func (s *demoStep) expect(kept bool, promise, found string) {
	c := demoCheck{Promise: promise, Kept: kept}
	if !kept {
		c.Found = found
	}
	s.Checks = append(s.Checks, c)
}

// ran adds what an operation changed.
func (s *demoStep) ran(outs ...direct.Outcome) {
	for _, o := range outs {
		for _, r := range o.Runs {
			s.Resources += total(r.Result.Changes)
		}
	}
}

// say tells the user, in lines of demoWidth; JSON output has no words.
func (d *demo) say(format string, args ...any) {
	if d.app.flags.output == outputJSON {
		return
	}
	d.app.progress.pause(func() { fmt.Fprintln(d.app.out, wrap(fmt.Sprintf(format, args...), "     ")) })
}

func (d *demo) sayCheck(c demoCheck) {
	if c.Kept {
		d.say("   ok  %s", c.Promise)
		return
	}
	d.say("   NOT KEPT  %s; found: %s", c.Promise, c.Found)
}

// sayFindings tells why the policies refused something.
func (d *demo) sayFindings(findings []policies.Finding) {
	for _, f := range findings {
		d.say("   refused: rule %s on %s", f.Rule, resourceOf(f.URN))
		d.say("     why: %s", oneLine(f.Message))
		d.say("     do:  %s", oneLine(f.Remediation))
	}
}

// wrap breaks a text into lines of demoWidth, the later ones indented. Line
// breaks at its beginning and a first indentation stay.
func wrap(text, indent string) string {
	head := text[:len(text)-len(strings.TrimLeft(text, "\n "))]
	var b strings.Builder
	b.WriteString(head)
	column := utf8.RuneCountInString(strings.TrimLeft(head, "\n"))
	for i, word := range strings.Split(strings.TrimLeft(text, "\n "), " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+n > demoWidth:
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}

// writeDemo shows the table at the end.
func writeDemo(w io.Writer, r demoReport) {
	row := func(name, resources, seconds, checks, result string) {
		fmt.Fprintf(w, "%-20s  %17s  %7s  %6s  %s\n", name, resources, seconds, checks, result)
	}
	fmt.Fprintln(w)
	row("step", "resources changed", "seconds", "checks", "result")
	var resources, kept, checks int
	for _, s := range r.Steps {
		ok := 0
		for _, c := range s.Checks {
			if c.Kept {
				ok++
			}
		}
		row(s.Name, strconv.Itoa(s.Resources), fmt.Sprintf("%.1f", s.Seconds), fmt.Sprintf("%d/%d", ok, len(s.Checks)), s.Result)
		resources, kept, checks = resources+s.Resources, kept+ok, checks+len(s.Checks)
	}
	verdict := demoOK
	if !r.Kept {
		verdict = demoFailed
	}
	row("all", strconv.Itoa(resources), fmt.Sprintf("%.1f", r.Seconds), fmt.Sprintf("%d/%d", kept, checks), verdict)
}
