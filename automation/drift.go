package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/tenants"
)

// askAgain is how often a look asks whether the stack is free.
const askAgain = 500 * time.Millisecond

// Drift says how a stack's resources in the cloud differ from what its state has
// recorded. It changes neither, nor anything else that a run works with: what a
// killed run left behind is not mended first but told, as CodeFailedPrecondition.
// A look that is killed leaves nothing to mend. Where the state is in a bucket
// nobody can tell what was cut off from what is under way on another machine:
// both are a CodeConflict.
//
// The stack is held while it is looked at, since a change under way would look
// like drift. When another run holds it Drift waits for as long as it is told to,
// and then answers CodeConflict; Progress hears that it waits. A stack without
// resources is observed as empty; CodeNotFound when there is no such stack.
func (e *Engine) Drift(ctx context.Context, s Stack, wait time.Duration) (plan.Observed, error) {
	var o plan.Observed
	look := func(ctx context.Context, r *run) (err error) {
		if err = r.openToLook(ctx); err != nil {
			return err
		}
		o, err = r.observe(ctx)
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, e.opts.Deadline+wait)
	defer cancel()
	until := time.Now().Add(wait)
	for waits := false; ; waits = true {
		_, err := e.do(ctx, s, false, look)
		if tenants.CodeOf(err) != tenants.CodeConflict || time.Until(until) <= 0 {
			return o, err
		}
		if !waits && e.opts.Progress != nil {
			e.opts.Progress(Event{Time: time.Now(), Stack: s.Name, Phase: PhasePreview, Kind: EventDiagnostic, Severity: "warning",
				Message: fmt.Sprintf("waiting for at most %s: %v", wait, err)})
		}
		select {
		case <-ctx.Done():
			return o, err
		case <-time.After(min(askAgain, max(time.Until(until), time.Millisecond))):
		}
	}
}

// openToLook selects a stack that is in order, and changes nothing about one that
// is not.
func (r *run) openToLook(ctx context.Context) error {
	if err := r.find(ctx); err != nil {
		return err
	}
	return r.inOrder(ctx)
}

// find selects a stack that there is.
func (r *run) find(ctx context.Context) error {
	if err := r.workspace(ctx); err != nil {
		return err
	}
	exists, err := r.selectStack(ctx)
	if err == nil && !exists {
		err = tenants.Errorf(tenants.CodeNotFound, "stack %s does not exist", r.spec.Name)
	}
	return err
}

// inOrder tells whether somebody else changes the stack, or was killed when they
// did. Which of the two it is can be told in a directory alone.
func (r *run) inOrder(ctx context.Context) error {
	if r.engine.state != nil {
		if _, err := r.deadLocks(); err != nil {
			return err
		}
	}
	left, err := r.cutOff(ctx)
	if err != nil {
		return err
	}
	n := left.count()
	if n > 0 && r.engine.state == nil {
		return tenants.Errorf(tenants.CodeConflict,
			"stack %s: %d operation(s) are under way; wait for the run to end, or, if it was killed, run what was asked of it again", r.spec.Name, n)
	}
	if n > 0 {
		return tenants.Errorf(tenants.CodeFailedPrecondition,
			"stack %s: a run of it was killed and left %d operation(s) under way, so that nobody can tell what is drift; run \"tenantform stack repair %s\" first",
			r.spec.Name, n, r.spec.Name)
	}
	return nil
}

// observe asks the providers for every resource, and records nothing.
func (r *run) observe(ctx context.Context) (plan.Observed, error) {
	w := r.watch(PhasePreview)
	outcomes := make(chan []plan.Outcome, 1)
	in := make(chan events.EngineEvent, 64)
	go func() {
		all := []plan.Outcome{}
		for ev := range in {
			if ev.ResOutputsEvent != nil {
				all = append(all, outcome(ev.ResOutputsEvent.Metadata))
			}
		}
		outcomes <- all
	}()
	res, err := r.stack.PreviewRefresh(ctx, optrefresh.EventStreams(w.in, in), optrefresh.UserAgent(agent))
	w.wait()
	if err != nil {
		return plan.Observed{}, r.failure(PhasePreview, err, w)
	}
	told := []plan.Outcome{}
	select {
	case told = <-outcomes:
	case <-time.After(stopGrace / 10): // the events are in a file that the CLI has closed
	}
	o, err := plan.ObservedFromRefreshJSON(strings.NewReader(res.StdOut), told)
	if err != nil && !errors.Is(err, plan.ErrEmpty) {
		return plan.Observed{}, tenants.Errorf(tenants.CodeInternal, "stack %s: what the look at the cloud said cannot be read: %w", r.spec.Name, err)
	}
	if o.Deployed.Stack == "" {
		o.Deployed.Project, o.Deployed.Stack = Project, r.spec.Name
	}
	return o, nil
}

// outcome reads an event of a refresh.
func outcome(m apitype.StepEventMetadata) plan.Outcome {
	properties := func(s *apitype.StepEventStateMetadata) *plan.Properties {
		if s == nil {
			return nil
		}
		return &plan.Properties{ID: s.ID, Inputs: s.Inputs, Outputs: s.Outputs, Delete: s.Delete, External: s.External}
	}
	return plan.Outcome{
		URN: m.URN, Operation: string(m.Op), Old: properties(m.Old), New: properties(m.New), Differ: slices.Sorted(maps.Keys(m.DetailedDiff)),
	}
}

// Deployed gives what a stack's state says is deployed, without asking the cloud,
// as a plan in which all stays as it is; without resources for an empty stack. It
// reads the backend's directory where there is one, with nothing started and
// nobody kept waiting, and asks the CLI otherwise. CodeNotFound when there is no
// such stack, CodeInvalid for a state with operations under way.
func (e *Engine) Deployed(ctx context.Context, name string) (plan.Plan, error) {
	s := Stack{Name: name}
	if err := s.validate(false); err != nil {
		return plan.Plan{}, err
	}
	text, err := e.exported(ctx, s)
	if err != nil {
		return plan.Plan{}, err
	}
	p, err := plan.FromStateJSON(strings.NewReader(text))
	if err != nil && !errors.Is(err, plan.ErrEmpty) {
		return plan.Plan{}, tenants.Errorf(tenants.CodeInvalid, "stack %s: %w", name, err)
	}
	if p.Stack == "" {
		p.Project, p.Stack = Project, name
	}
	return p, nil
}

// exported gives a state in the form of "pulumi stack export".
func (e *Engine) exported(ctx context.Context, s Stack) (string, error) {
	var export struct {
		Version    int             `json:"version"`
		Deployment json.RawMessage `json:"deployment"`
	}
	if e.state != nil {
		var file struct {
			Version    int `json:"version"`
			Checkpoint struct {
				Latest json.RawMessage `json:"latest"`
			} `json:"checkpoint"`
		}
		data, err := os.ReadFile(e.state.stackFile(s.Name))
		if errors.Is(err, fs.ErrNotExist) {
			return "", tenants.Errorf(tenants.CodeNotFound, "stack %s does not exist", s.Name)
		}
		if err == nil {
			err = json.Unmarshal(data, &file)
		}
		if err != nil {
			return "", tenants.Errorf(tenants.CodeFailedPrecondition, "stack %s: its state %s cannot be read: %w", s.Name, e.state.stackFile(s.Name), err)
		}
		if export.Version, export.Deployment = file.Version, file.Checkpoint.Latest; len(export.Deployment) == 0 {
			export.Deployment = json.RawMessage("{}") // a stack that was made and never brought up
		}
	} else {
		r := e.newRun(s)
		defer r.close()
		if err := r.find(ctx); err != nil {
			return "", err
		}
		exported, err := r.stack.Export(ctx)
		if err != nil {
			return "", r.failure(PhaseInit, err, nil)
		}
		export.Version, export.Deployment = exported.Version, exported.Deployment
	}
	text, err := json.Marshal(export)
	if err != nil {
		return "", fmt.Errorf("stack %s: %w", s.Name, err)
	}
	return string(text), nil
}
