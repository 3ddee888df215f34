package controlplane

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/internal/telemetry"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
)

// ledger is a ledger that counts the operations which end in it.
type ledger struct {
	tenants.Ledger
	metrics *telemetry.Metrics
	traces  *telemetry.Traces
	known   known
}

// Operation gives an operation, and remembers its correlation id.
func (l *ledger) Operation(ctx context.Context, id string) (tenants.Operation, error) {
	op, err := l.Ledger.Operation(ctx, id)
	if err == nil {
		l.known.put(workflows.WorkflowID(op.ID), op.CorrelationID)
	}
	return op, err
}

// Advance counts an operation that has ended.
func (l *ledger) Advance(ctx context.Context, a tenants.Advance) (tenants.Tenant, error) {
	t, err := l.Ledger.Advance(ctx, a)
	if op := a.Operation; err == nil && op.Progress.Ended() {
		l.metrics.OperationEnded(string(op.Kind), string(op.Progress), op.EndedAt.Sub(op.StartedAt))
		l.traces.OperationEnded(ctx, op)
	}
	return t, err
}

// outbox gives the number of orders that are not started, those too that rest
// after a try, and the age of the oldest.
func (l *ledger) outbox(ctx context.Context) (depth int, lag time.Duration, err error) {
	depth, since, err := l.Backlog(ctx)
	if err != nil || depth == 0 {
		return 0, 0, err
	}
	return depth, time.Since(since), nil
}

// steps are infrastructure steps that are counted and traced.
type steps struct {
	*lifecycle.Lifecycle
	metrics *telemetry.Metrics
	traces  *telemetry.Traces
}

var _ workflows.Steps = (*steps)(nil)

// Run does a step.
func (s *steps) Run(ctx context.Context, op tenants.Operation, step string) (lifecycle.Result, error) {
	defer s.metrics.SlotTaken()()
	began := time.Now()
	ctx, end := s.traces.Start(s.traces.Operation(ctx, op), "step "+step,
		attribute.String("tenantform.operation", op.ID), attribute.String("tenantform.tenant", op.TenantID), attribute.String("tenantform.kind", string(op.Kind)))
	res, err := s.Lifecycle.Run(ctx, op, step)
	end(err)
	s.metrics.StepTried(string(op.Kind), step, err, time.Since(began))
	return res, err
}

// engine is an engine whose runs are counted and traced.
type engine struct {
	*automation.Engine
	metrics *telemetry.Metrics
	traces  *telemetry.Traces
}

var (
	_ lifecycle.Engine = (*engine)(nil)
	_ workflows.Holder = (*engine)(nil)
)

func (e *engine) observe(ctx context.Context, call string, s automation.Stack, run func(context.Context, automation.Stack) (automation.Result, error)) (automation.Result, error) {
	began := time.Now()
	ctx, end := e.traces.Start(ctx, "stack "+call, attribute.String("tenantform.stack", s.Name))
	res, err := run(ctx, s)
	end(err)
	e.metrics.StackRan(call, err, time.Since(began))
	return res, err
}

// Preview is automation.Engine's.
func (e *engine) Preview(ctx context.Context, s automation.Stack) (automation.Result, error) {
	return e.observe(ctx, "preview", s, e.Engine.Preview)
}

// Up is automation.Engine's.
func (e *engine) Up(ctx context.Context, s automation.Stack) (automation.Result, error) {
	return e.observe(ctx, "up", s, e.Engine.Up)
}

// Destroy is automation.Engine's.
func (e *engine) Destroy(ctx context.Context, s automation.Stack) (automation.Result, error) {
	return e.observe(ctx, "destroy", s, e.Engine.Destroy)
}

// PreviewDestroy is automation.Engine's.
func (e *engine) PreviewDestroy(ctx context.Context, s automation.Stack) (automation.Result, error) {
	return e.observe(ctx, "preview-destroy", s, e.Engine.PreviewDestroy)
}

// Refresh is automation.Engine's.
func (e *engine) Refresh(ctx context.Context, s automation.Stack) (automation.Result, error) {
	return e.observe(ctx, "refresh", s, e.Engine.Refresh)
}

// most is how many correlation ids are remembered.
const most = 10_000

// known are the correlation ids of workflows that this process has had to do with
// lately. The zero value is ready.
type known struct {
	mu  sync.Mutex
	ids map[string]string
	old []string // in the order in which they came
}

func (k *known) put(workflow, correlation string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, there := k.ids[workflow]; there || correlation == "" {
		return
	}
	if k.ids == nil {
		k.ids = map[string]string{}
	}
	if len(k.old) == most {
		delete(k.ids, k.old[0])
		k.old = k.old[1:]
	}
	k.ids[workflow] = correlation
	k.old = append(k.old, workflow)
}

func (k *known) get(workflow string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ids[workflow]
}
