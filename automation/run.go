package automation

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// run is one use of one stack, from its lease to the removal of its directory.
type run struct {
	engine *Engine
	spec   Stack
	lease  *lease
	cmd    *command
	dir    string // the run's own working directory; empty before workspace
	ws     auto.Workspace
	stack  auto.Stack
	isNew  bool // this run made the stack
	result Result

	// Where providers are served by this process; see keeper.
	keeper   *keeper
	relay    *relay
	changing atomic.Bool // an update is running
}

func (e *Engine) newRun(s Stack) *run {
	return &run{engine: e, spec: s, result: Result{Stack: s.Name}}
}

// workspace makes the run's directory and the Automation API's workspace in it.
func (r *run) workspace(ctx context.Context) error {
	e := r.engine
	dir, err := r.directory()
	if err != nil {
		return tenants.Errorf(tenants.CodeFailedPrecondition, "stack %s: cannot make a working directory: %w", r.spec.Name, err)
	}
	r.dir = dir
	env := e.environment()
	settings := map[string]workspace.ProjectStack{}
	if e.opts.Secrets == "" {
		keys, err := e.keys()
		if err != nil {
			return err
		}
		env = append(env, "PULUMI_CONFIG_PASSPHRASE_FILE="+keys.passphraseFile)
		if keys.salt != "" {
			settings[r.spec.Name] = workspace.ProjectStack{EncryptionSalt: keys.salt}
		}
	} else {
		// The CLI would look for a passphrase. It makes a data key of its own for
		// the run; the state has, under the provider's key, the one that it was
		// written with.
		settings[r.spec.Name] = workspace.ProjectStack{SecretsProvider: e.opts.Secrets}
	}
	if e.attached() && r.lease != nil && e.state != nil {
		told, err := r.attach(ctx)
		if err != nil {
			return tenants.Errorf(tenants.CodeUnavailable, "stack %s: cannot stand between the CLI and its providers: %w", r.spec.Name, err)
		}
		env = append(env, attachedKey+"="+told)
	}
	// A CLI whose providers are its own finishes what it has begun when this
	// process is killed. One whose providers went with this process would take
	// the silence for failures and record them, where the truth is not known.
	r.cmd = &command{cli: e.opts.Pulumi, env: env, lease: r.lease, interrupt: e.opts.Interrupt, dieWithUs: e.attached()}
	if e.state == nil && r.lease != nil {
		r.cmd.unlock = r.unlock
	}
	opts := []auto.LocalWorkspaceOption{
		auto.WorkDir(dir), auto.Pulumi(r.cmd), auto.PulumiHome(e.opts.Home), auto.Stacks(settings),
		auto.Project(workspace.Project{Name: tokens.PackageName(Project), Runtime: workspace.NewProjectRuntimeInfo("go", nil)}),
	}
	if e.opts.Secrets != "" {
		opts = append(opts, auto.SecretsProvider(e.opts.Secrets))
	}
	if r.spec.Program != nil {
		opts = append(opts, auto.Program(r.spec.Program))
	}
	if r.ws, err = auto.NewLocalWorkspace(ctx, opts...); err != nil {
		return tenants.Errorf(tenants.CodeInternal, "stack %s: cannot set up the Automation API's workspace: %w", r.spec.Name, err)
	}
	return nil
}

// attach lets the CLI find its providers behind a relay, which keeps the state
// while an update runs.
func (r *run) attach(ctx context.Context) (told string, err error) {
	e := r.engine
	r.keeper = &keeper{source: e.state.stackFile(r.spec.Name), path: e.begunPath(r.spec.Name), warn: func(err error) {
		e.log.Warn("if this process is killed now, what it was creating may have to be looked for by hand", "stack", r.spec.Name, "error", err)
	}}
	r.relay, told, err = newRelay(ctx, e.opts.Env[attachedKey], func() {
		if r.changing.Load() {
			r.keeper.keep()
		}
	})
	return told, err
}

// directory makes the run's own working directory. A run with a lease first
// removes those of earlier runs of its stack: they were killed, or the lease
// could not be had.
func (r *run) directory() (string, error) {
	runs := filepath.Join(r.engine.dir, "runs")
	if r.lease == nil {
		return os.MkdirTemp(runs, "look.*")
	}
	dead, err := filepath.Glob(filepath.Join(runs, r.spec.Name+".*"))
	if err != nil {
		return "", err
	}
	for _, d := range dead {
		if err := os.RemoveAll(d); err != nil {
			return "", err
		}
	}
	return os.MkdirTemp(runs, r.spec.Name+".*") // a stack's name has no dot
}

// open selects the stack, or makes it when create is set, after mending what
// a killed run left of it.
func (r *run) open(ctx context.Context, create bool) error {
	if err := r.workspace(ctx); err != nil {
		return err
	}
	if err := r.clearDeadLocks(); err != nil {
		return err
	}
	exists, err := r.selectStack(ctx)
	switch {
	case err != nil:
		return err
	case exists:
		return r.settlePending(ctx)
	case !create:
		return tenants.Errorf(tenants.CodeNotFound, "stack %s does not exist", r.spec.Name)
	}
	r.emit(Event{Phase: PhaseInit, Kind: EventStarted})
	if r.stack, err = auto.NewStack(ctx, r.spec.Name, r.ws); err != nil {
		return r.failure(PhaseInit, err, nil)
	}
	r.isNew = true
	return r.engine.rememberSalt(ctx, r.ws, r.spec.Name)
}

// selectStack tells whether the stack exists, and selects it if so.
func (r *run) selectStack(ctx context.Context) (bool, error) {
	if s := r.engine.state; s != nil {
		if !s.exists(r.spec.Name) {
			return false, nil
		}
		r.cmd.selected = true
	}
	stack, err := auto.SelectStack(ctx, r.spec.Name, r.ws)
	if err != nil {
		if is(err, auto.IsSelectStack404Error) {
			return false, nil
		}
		return false, r.failure(PhaseInit, err, nil)
	}
	r.stack = stack
	return true, nil
}

// removeIfNew takes away a stack that this run made and then put nothing into.
func (r *run) removeIfNew() {
	if !r.isNew {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	if err := r.removeStack(ctx); err != nil {
		r.engine.log.Warn("an empty stack stays behind", "stack", r.spec.Name, "error", r.failure(PhaseInit, err, nil))
	}
}

// removeStack forgets a stack that contains nothing, and the backups that a
// file backend keeps of its state.
func (r *run) removeStack(ctx context.Context) error {
	if err := r.ws.RemoveStack(ctx, r.spec.Name); err != nil {
		return err
	}
	if s := r.engine.state; s != nil {
		return s.removeBackups(r.spec.Name)
	}
	return nil
}

// close removes the run's directory and what it kept.
func (r *run) close() {
	if r.relay != nil {
		r.relay.close()
		r.keeper.done()
	}
	if r.dir == "" {
		return
	}
	if err := os.RemoveAll(r.dir); err != nil {
		r.engine.log.Warn("a working directory stays behind", "directory", r.dir, "error", err)
	}
}

// preview fills the result's plan.
func (r *run) preview(ctx context.Context) error {
	w := r.watch(PhasePreview)
	res, err := r.stack.Preview(ctx, optpreview.EventStreams(w.in), optpreview.UserAgent(agent), optpreview.Target(r.spec.Targets))
	return r.planned(w, res, err, plan.FromPreviewJSON)
}

func (r *run) previewDestroy(ctx context.Context) error {
	w := r.watch(PhasePreview)
	res, err := r.stack.PreviewDestroy(ctx, optdestroy.EventStreams(w.in), optdestroy.UserAgent(agent))
	return r.planned(w, res, err, plan.FromPreviewJSON)
}

func (r *run) previewRefresh(ctx context.Context) error {
	w := r.watch(PhasePreview)
	res, err := r.stack.PreviewRefresh(ctx, optrefresh.EventStreams(w.in), optrefresh.UserAgent(agent))
	return r.planned(w, res, err, plan.FromRefreshJSON)
}

// planned turns a preview's answer into the result's plan.
func (r *run) planned(w *watcher, res auto.PreviewResult, err error, read func(io.Reader) (Plan, error)) error {
	w.wait()
	if err != nil {
		return r.failure(PhasePreview, err, w)
	}
	p, err := read(strings.NewReader(res.StdOut))
	if err != nil && !errors.Is(err, plan.ErrEmpty) {
		return tenants.Errorf(tenants.CodeInternal, "stack %s: the preview's answer cannot be read, so nothing was changed: %w", r.spec.Name, err)
	}
	if p.Project == "" {
		p.Project, p.Stack = Project, r.spec.Name
	}
	r.result.Plan = p
	return nil
}

// decide asks the gate and puts its report into the result.
func (r *run) decide(ctx context.Context) error {
	r.emit(Event{Phase: PhasePolicy, Kind: EventStarted})
	subject := r.spec.Subject
	if subject.Tags == nil {
		var err error
		if subject.Tags, err = r.tags(ctx); err != nil {
			return tenants.Errorf(tenants.CodeForbidden, "stack %s: its tags cannot be read, so there is no policy decision and nothing was changed: %w", r.spec.Name, err)
		}
	}
	r.result.Tags = subject.Tags
	report, err := r.engine.gate.Evaluate(ctx, policies.NewInput(r.result.Plan, subject, r.engine.opts.Catalogue))
	if err == nil && len(r.spec.Targets) > 0 {
		report = report.About(r.result.Plan, r.result.Plan.Touched())
	}
	r.result.Report = report
	if err != nil {
		return tenants.Errorf(tenants.CodeForbidden, "stack %s: no policy decision could be had, so nothing was changed: %w", r.spec.Name, err)
	}
	r.emit(Event{Phase: PhasePolicy, Kind: EventFinished, Message: string(report.Verdict)})
	return nil
}

// tags gives the tags that the backend keeps of the stack.
func (r *run) tags(ctx context.Context) (map[string]string, error) {
	switch s := r.engine.state; {
	case r.isNew:
		return nil, nil
	case s != nil:
		return s.tags(r.spec.Name)
	}
	return r.ws.ListTags(ctx, r.spec.Name)
}

// enforce turns a denial into an error.
func (r *run) enforce() error {
	if r.result.Report.Allowed() {
		return nil
	}
	return denied(r.spec.Name, r.result.Report)
}

func (r *run) previewAndDecide(ctx context.Context) error {
	if err := r.preview(ctx); err != nil {
		return err
	}
	if err := r.decide(ctx); err != nil {
		return err
	}
	return r.enforce()
}

func (r *run) previewDestroyAndDecide(ctx context.Context) error {
	if err := r.previewDestroy(ctx); err != nil {
		return err
	}
	if err := r.decide(ctx); err != nil {
		return err
	}
	return r.enforce()
}

// detached is the context of a change: it carries the caller's values, not
// its end, and ends by the engine's deadline.
func (r *run) detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), r.engine.opts.Deadline)
}

func (r *run) up(ctx context.Context) error {
	ctx, cancel := r.detached(ctx)
	defer cancel()
	r.cmd.quiet = true
	defer func() { r.cmd.quiet = false }()
	r.changing.Store(true)
	defer r.changing.Store(false)
	w := r.watch(PhaseUp)
	_, err := r.stack.Up(ctx, optup.EventStreams(w.in), optup.UserAgent(agent), optup.SuppressOutputs(), optup.Target(r.spec.Targets))
	w.wait()
	r.result.Changes, r.result.Outputs = w.changes, w.outputs
	if err != nil {
		return r.failure(PhaseUp, err, w)
	}
	return nil
}

func (r *run) destroy(ctx context.Context) error {
	ctx, cancel := r.detached(ctx)
	defer cancel()
	r.cmd.quiet = true
	defer func() { r.cmd.quiet = false }()
	w := r.watch(PhaseDestroy)
	_, err := r.stack.Destroy(ctx, optdestroy.EventStreams(w.in), optdestroy.UserAgent(agent), optdestroy.SuppressOutputs())
	w.wait()
	r.result.Changes = w.changes
	if err != nil {
		return r.failure(PhaseDestroy, err, w)
	}
	// Only now is the stack forgotten: one that went before its resources would orphan them.
	if err := r.removeStack(ctx); err != nil {
		return r.failure(PhaseDestroy, err, nil)
	}
	return nil
}

func (r *run) refresh(ctx context.Context, opts ...optrefresh.Option) error {
	ctx, cancel := r.detached(ctx)
	defer cancel()
	r.cmd.quiet = true
	defer func() { r.cmd.quiet = false }()
	w := r.watch(PhaseRefresh)
	_, err := r.stack.Refresh(ctx, append(opts, optrefresh.EventStreams(w.in), optrefresh.UserAgent(agent))...)
	w.wait()
	r.result.Changes = w.changes
	if err != nil {
		return r.failure(PhaseRefresh, err, w)
	}
	return nil
}

func (r *run) outputs(ctx context.Context) (map[string]Output, error) {
	exists, err := r.selectStack(ctx)
	if err != nil {
		return nil, err
	}
	if !exists {
		return nil, tenants.Errorf(tenants.CodeNotFound, "stack %s does not exist", r.spec.Name)
	}
	values, err := r.stack.Outputs(ctx)
	if err != nil {
		return nil, r.failure(PhaseInit, err, nil)
	}
	outs := make(map[string]Output, len(values))
	for k, v := range values {
		outs[k] = Output{Value: v.Value, Secret: v.Secret}
	}
	return outs, nil
}

func (r *run) list(ctx context.Context) ([]string, error) {
	out, _, _, err := r.cmd.Run(ctx, r.dir, nil, nil, nil, nil, "stack", "ls", "--json")
	if err != nil {
		return nil, r.failure(PhaseInit, err, nil)
	}
	var list []struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return nil, tenants.Errorf(tenants.CodeInternal, "cannot read the list of stacks: %w", err)
	}
	names := make([]string, 0, len(list))
	for _, s := range list {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return names, nil
}

// agent tells Pulumi's history who ran an update.
const agent = "tenantform"
