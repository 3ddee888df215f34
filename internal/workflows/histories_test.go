package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tenantform/tenantform/tenants"
)

// Histories of workflows as they were run once are kept in testdata/histories. A
// change of workflow code that would meet them with other commands would stop
// operations that are under way when it is deployed; such a change needs
// workflow.GetVersion. Where a change is safe, or the histories are of something
// new, write them again:
//
//	go test ./internal/workflows -run TestHistories -update
var update = flag.Bool("update", false, "write the histories in testdata again")

const historiesDir = "testdata/histories"

// lives are what the histories are of: each takes a house, in which a worker
// runs, through operations of which the last one is kept.
var lives = []struct {
	name string
	live func(h *house) tenants.Operation
}{
	{"CreateTenant", func(h *house) tenants.Operation { return h.done(h.create("acme", "standard")) }},
	{"CreateTenant-service-failed", func(h *house) tenants.Operation {
		h.town.behave = failing
		return h.failed(h.create("acme", "standard"))
	}},
	{"CreateTenant-retried", func(h *house) tenants.Operation {
		h.town.behave = failing
		op := h.failed(h.create("acme", "standard"))
		h.town.behave = nil
		return h.done(h.on("acme", tenants.Operation{Kind: tenants.OperationCreate, RetryOf: op.ID}, tenants.StatusCreating))
	}},
	{"CreateTenant-service-silent", func(h *house) tenants.Operation {
		h.a.Services = tenants.ServiceCatalogue{Services: []tenants.Service{{Name: "billing", TimeoutSec: 1}}}
		h.town.behave = func(Asking, Ask) []Answer { return nil }
		return h.failed(h.create("acme", "standard"))
	}},
	{"CreateTenant-step-failed", func(h *house) tenants.Operation {
		h.steps.Engine.(*paper).fail = func(string, string) error {
			return tenants.Errorf(tenants.CodeInvalid, "the property is wrong")
		}
		return h.failed(h.create("acme", "standard"))
	}},
	{"CreateTenant-step-tried-again", func(h *house) tenants.Operation {
		tries := 0
		h.steps.Engine.(*paper).fail = func(string, string) error {
			if tries++; tries < 3 {
				return tenants.Errorf(tenants.CodeUnavailable, "try later")
			}
			return nil
		}
		return h.done(h.create("acme", "standard"))
	}},
	{"CreateTenant-cancelled", func(h *house) tenants.Operation {
		op := tenants.Operation{}
		h.steps.Engine.(*paper).fail = func(string, string) error { return h.client.Cancel(context.Background(), op.ID) }
		op = h.create("acme", "standard")
		return h.failed(op)
	}},
	{"UpdateTenant", func(h *house) tenants.Operation {
		h.done(h.create("acme", "standard"))
		return h.done(h.on("acme", tenants.Operation{Kind: tenants.OperationUpdate}, tenants.StatusUpdating))
	}},
	{"MoveTenant", func(h *house) tenants.Operation {
		h.done(h.create("acme", "standard"))
		return h.done(h.move("acme", "premium", ""))
	}},
	{"MoveTenant-refused", func(h *house) tenants.Operation {
		h.done(h.create("acme", "standard"))
		h.steps.Transfer = nil
		return h.failed(h.move("acme", "premium", ""))
	}},
	{"DeactivateTenant", func(h *house) tenants.Operation {
		h.done(h.create("acme", "standard"))
		return h.done(h.on("acme", tenants.Operation{Kind: tenants.OperationDeactivate}, ""))
	}},
	{"DeleteTenant", func(h *house) tenants.Operation {
		h.done(h.create("acme", "premium"))
		return h.done(h.remove("acme", ""))
	}},
	{"ReconcileTenant", func(h *house) tenants.Operation {
		h.done(h.create("acme", "standard"))
		return h.done(h.on("acme", tenants.Operation{Kind: tenants.OperationReconcile}, ""))
	}},
}

func failing(a Asking, s Ask) []Answer {
	return []Answer{{OperationID: a.Operation.ID, Service: s.Service, Attempt: a.Attempt, Failed: true, Error: "the index is full"}}
}

// TestHistories replays every history that is kept.
func TestHistories(t *testing.T) {
	t.Parallel()
	if *update {
		writeHistories(t)
	}
	files, err := filepath.Glob(filepath.Join(historiesDir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, f := range files {
		kept = append(kept, strings.TrimSuffix(filepath.Base(f), ".json"))
	}
	for _, l := range lives {
		if !slices.Contains(kept, l.name) {
			t.Errorf("there is no history %s; write it with -update", l.name)
		}
	}
	seen := map[string]bool{}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".json"), func(t *testing.T) {
			r := worker.NewWorkflowReplayer()
			registerWorkflows(replayRegistry{r})
			if err := r.ReplayWorkflowHistoryFromJSONFile(silent{}, f); err != nil {
				t.Errorf("%v; see the comment on historiesDir", err)
			}
		})
		name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(f), ".json"), "-")
		seen[name] = true
	}
	for _, name := range []string{CreateTenantName, UpdateTenantName, MoveTenantName, DeactivateTenantName, DeleteTenantName, ReconcileTenantName} {
		if !seen[name] {
			t.Errorf("there is no history of %s", name)
		}
	}
}

// TestAChangedWorkflowDoesNotReplay shows that a replay tells: a workflow that
// does one thing more, less, or something else is refused.
func TestAChangedWorkflowDoesNotReplay(t *testing.T) {
	t.Parallel()
	changed := map[string]func(ctx workflow.Context, in Input) (Result, error){
		"one more": func(ctx workflow.Context, in Input) (Result, error) {
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return Result{}, err
			}
			return CreateTenant(ctx, in)
		},
		"one less": func(ctx workflow.Context, in Input) (Result, error) {
			var p planned
			err := workflow.ExecuteActivity(light(ctx), planActivity, in).Get(ctx, &p)
			return Result{}, err
		},
		"another": func(ctx workflow.Context, in Input) (Result, error) {
			err := workflow.ExecuteActivity(light(ctx), askActivity, in).Get(ctx, nil)
			return Result{}, err
		},
	}
	for name, f := range changed {
		r := worker.NewWorkflowReplayer()
		r.RegisterWorkflowWithOptions(f, workflow.RegisterOptions{Name: CreateTenantName})
		if err := r.ReplayWorkflowHistoryFromJSONFile(silent{}, filepath.Join(historiesDir, "CreateTenant.json")); err == nil {
			t.Errorf("a workflow with %s replays", name)
		}
	}
}

// replayRegistry is a replayer as a registry.
type replayRegistry struct{ worker.WorkflowReplayer }

func (replayRegistry) RegisterActivityWithOptions(any, activity.RegisterOptions) {}

// writeHistories lives the lives and keeps their histories.
func writeHistories(t *testing.T) {
	if err := os.MkdirAll(historiesDir, 0o750); err != nil {
		t.Fatal(err)
	}
	for _, l := range lives {
		h := newPaper(t)
		h.a.Services = tenants.ServiceCatalogue{Services: []tenants.Service{{Name: "billing", TimeoutSec: 60}}}
		stop := h.work()
		op := l.live(h)
		history := h.history(op)
		stop()
		data, err := temporalproto.CustomJSONMarshalOptions{Indent: "  "}.Marshal(history)
		if err != nil {
			t.Fatal(err)
		}
		// The marshaller puts spaces where it likes.
		var plain any
		if err := json.Unmarshal(data, &plain); err != nil {
			t.Fatal(err)
		}
		anonymous(plain)
		if data, err = json.MarshalIndent(plain, "", "  "); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(historiesDir, l.name+".json"), append(data, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// anonymous takes away on which machine a history was made.
func anonymous(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if _, named := value.(string); named && key == "identity" {
				v[key] = "worker"
				continue
			}
			anonymous(value)
		}
	case []any:
		for _, each := range v {
			anonymous(each)
		}
	}
}

// history gives the whole history of an operation's workflow, once it has closed.
func (h *house) history(op tenants.Operation) *historypb.History {
	h.t.Helper()
	_ = h.temporal.GetWorkflow(h.t.Context(), WorkflowID(op.ID), "").Get(h.t.Context(), nil) // some fail, as they should
	var all historypb.History
	it := h.temporal.GetWorkflowHistory(h.t.Context(), WorkflowID(op.ID), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		ev, err := it.Next()
		if err != nil {
			h.t.Fatal(errors.Join(errors.New("history of "+op.ID), err))
		}
		all.Events = append(all.Events, ev)
	}
	return &all
}
