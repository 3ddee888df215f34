package automation

import (
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/tenants"
)

// Phase is a part of a run.
type Phase string

// The phases, in the order in which a run may go through them.
const (
	PhaseInit    Phase = "init"
	PhaseRepair  Phase = "repair"
	PhasePreview Phase = "preview"
	PhasePolicy  Phase = "policy"
	PhaseUp      Phase = "up"
	PhaseDestroy Phase = "destroy"
	PhaseRefresh Phase = "refresh"
)

// EventKind is what an event tells.
type EventKind string

// The kinds.
const (
	EventStarted    EventKind = "started"    // a phase began
	EventResource   EventKind = "resource"   // an operation on a resource went on: see Progress
	EventDiagnostic EventKind = "diagnostic" // the engine or a provider said something
	EventFinished   EventKind = "finished"   // a phase ended
)

// Event is one thing that happened in a run.
type Event struct {
	Time      time.Time        `json:"time"`
	Stack     string           `json:"stack"`
	Phase     Phase            `json:"phase"`
	Kind      EventKind        `json:"kind"`
	URN       string           `json:"urn,omitempty"`
	Type      string           `json:"type,omitempty"`
	Name      string           `json:"name,omitempty"`
	Operation plan.Operation   `json:"operation,omitempty"`
	Progress  tenants.Progress `json:"progress,omitempty"`
	Seconds   float64          `json:"seconds,omitempty"` // that the operation on the resource took
	Severity  string           `json:"severity,omitempty"`
	Message   string           `json:"message,omitempty"`
}

func (r *run) emit(ev Event) {
	if r.engine.opts.Progress == nil {
		return
	}
	ev.Time, ev.Stack = time.Now(), r.spec.Name
	r.engine.opts.Progress(ev)
}

// watcher follows the engine's events through one phase.
type watcher struct {
	run     *run
	phase   Phase
	in      chan events.EngineEvent
	done    chan struct{}
	begun   map[string]time.Time
	changes map[plan.Operation]int
	outputs map[string]any // the stack's, with secrets masked
	errors  []diagnostic
	failed  []string // URNs
}

// diagnostic is an error that the engine or a provider reported.
type diagnostic struct{ urn, message string }

func (r *run) watch(phase Phase) *watcher {
	w := &watcher{
		run: r, phase: phase,
		in: make(chan events.EngineEvent, 64), done: make(chan struct{}),
		begun: map[string]time.Time{}, changes: map[plan.Operation]int{},
	}
	r.emit(Event{Phase: phase, Kind: EventStarted})
	go func() {
		defer close(w.done)
		for ev := range w.in {
			w.take(ev)
		}
	}()
	return w
}

// wait returns when the last event was taken. A CLI that never came to open
// its event stream never closes the channel; its events are not waited for.
func (w *watcher) wait() {
	select {
	case <-w.done:
	case <-time.After(2 * time.Second):
	}
	w.run.emit(Event{Phase: w.phase, Kind: EventFinished})
}

func (w *watcher) take(ev events.EngineEvent) {
	switch {
	case ev.ResourcePreEvent != nil:
		m := ev.ResourcePreEvent.Metadata
		w.begun[m.URN] = time.Now()
		w.resource(m, tenants.ProgressRunning)
	case ev.ResOutputsEvent != nil:
		m := ev.ResOutputsEvent.Metadata
		w.count(m)
		w.resource(m, tenants.ProgressSucceeded)
	case ev.ResOpFailedEvent != nil:
		m := ev.ResOpFailedEvent.Metadata
		w.failed = append(w.failed, m.URN)
		w.resource(m, tenants.ProgressFailed)
	case ev.DiagnosticEvent != nil:
		w.diagnostic(*ev.DiagnosticEvent)
	}
}

// count adds a finished step to the changes; of a replacement's steps only the
// creation counts.
func (w *watcher) count(m apitype.StepEventMetadata) {
	if m.Type == "pulumi:pulumi:Stack" {
		if m.New != nil {
			w.outputs = m.New.Outputs
		}
		return
	}
	op, counts := operation(m.Op)
	custom := (m.New != nil && m.New.Custom) || (m.New == nil && m.Old != nil && m.Old.Custom)
	if counts && custom && !strings.HasPrefix(m.Type, "pulumi:") {
		w.changes[op]++
	}
}

func (w *watcher) resource(m apitype.StepEventMetadata, p tenants.Progress) {
	op, _ := operation(m.Op)
	ev := Event{Phase: w.phase, Kind: EventResource, URN: m.URN, Type: m.Type, Name: nameOf(m.URN), Operation: op, Progress: p}
	if begun, ok := w.begun[m.URN]; ok && p != tenants.ProgressRunning {
		ev.Seconds = time.Since(begun).Seconds()
	}
	w.run.emit(ev)
}

func (w *watcher) diagnostic(d apitype.DiagnosticEvent) {
	if d.Ephemeral || d.Severity == "debug" {
		return
	}
	text := clean(d.Prefix + d.Message)
	if text == "" {
		return
	}
	if d.Severity == "error" {
		w.errors = append(w.errors, diagnostic{urn: d.URN, message: text})
	}
	w.run.emit(Event{Phase: w.phase, Kind: EventDiagnostic, URN: d.URN, Name: nameOf(d.URN), Severity: d.Severity, Message: text})
}

// operation normalises the engine's step: what it is part of, and whether it
// is the step of it that counts as a change.
func operation(op apitype.OpType) (plan.Operation, bool) {
	switch op {
	case apitype.OpCreate, apitype.OpImport:
		return plan.OperationCreate, true
	case apitype.OpUpdate:
		return plan.OperationUpdate, true
	case apitype.OpDelete:
		return plan.OperationDelete, true
	case apitype.OpCreateReplacement, apitype.OpImportReplacement:
		return plan.OperationReplace, true
	case apitype.OpReplace, apitype.OpDeleteReplaced, apitype.OpDiscardReplaced, apitype.OpReadReplacement, apitype.OpRemovePendingReplace:
		return plan.OperationReplace, false
	case apitype.OpRead, apitype.OpRefresh, apitype.OpReadDiscard:
		return plan.OperationRead, false
	}
	return plan.OperationSame, false
}

// nameOf gives the last part of a URN.
func nameOf(urn string) string {
	if i := strings.LastIndex(urn, "::"); i >= 0 {
		return urn[i+2:]
	}
	return urn
}

// typeOf gives the type that a URN names, without its parents.
func typeOf(urn string) string {
	parts := strings.Split(urn, "::")
	if len(parts) < 4 {
		return ""
	}
	return parts[2][strings.LastIndex(parts[2], "$")+1:]
}
