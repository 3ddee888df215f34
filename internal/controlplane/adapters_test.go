package controlplane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/mail"
	"github.com/tenantform/tenantform/internal/telemetry"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// journal is a ledger of one operation, which changes between two reads.
type journal struct {
	ops []tenants.Operation // the last one stays
	err error
}

func (j *journal) Operation(context.Context, string) (tenants.Operation, error) {
	if j.err != nil {
		return tenants.Operation{}, j.err
	}
	op := j.ops[0]
	if len(j.ops) > 1 {
		j.ops = j.ops[1:]
	}
	return op, nil
}

// signals takes what goes to workflows.
type signals struct {
	err  error
	seen []workflows.Answer
}

func (s *signals) Answer(_ context.Context, a workflows.Answer) error {
	s.seen = append(s.seen, a)
	return s.err
}

func TestAnswers(t *testing.T) {
	traces, err := telemetry.NewTraces(t.Context(), telemetry.TracesOptions{})
	if err != nil {
		t.Fatal(err)
	}
	state := func(attempt int, p tenants.Progress) tenants.Operation {
		return tenants.Operation{ID: "op", TenantID: "acme", Progress: tenants.ProgressRunning, Services: []tenants.ServiceState{
			{Service: "other", Attempt: 9, Progress: tenants.ProgressSucceeded}, {Service: "billing", Attempt: attempt, Progress: p},
		}}
	}
	asked := state(2, tenants.ProgressRunning)
	over := tenants.Operation{ID: "op", Progress: tenants.ProgressFailed}
	gone := tenants.Errorf(tenants.CodeNotFound, "no workflow")
	for name, c := range map[string]struct {
		ops     []tenants.Operation
		read    error // of the ledger
		signal  error // of Temporal
		want    tenants.Code
		reaches bool
	}{
		"asked":                      {ops: []tenants.Operation{asked}, reaches: true},
		"not recorded as asked yet":  {ops: []tenants.Operation{{ID: "op", Progress: tenants.ProgressRunning}}, reaches: true},
		"a later attempt":            {ops: []tenants.Operation{state(1, tenants.ProgressRunning)}, reaches: true},
		"answered before":            {ops: []tenants.Operation{state(2, tenants.ProgressSucceeded)}, want: tenants.CodeConflict},
		"an earlier attempt":         {ops: []tenants.Operation{state(3, tenants.ProgressRunning)}, want: tenants.CodeFailedPrecondition},
		"ended":                      {ops: []tenants.Operation{over}, want: tenants.CodeFailedPrecondition},
		"unknown":                    {read: tenants.Errorf(tenants.CodeNotFound, "no operation"), want: tenants.CodeNotFound},
		"no ledger":                  {read: tenants.Errorf(tenants.CodeUnavailable, "away"), want: tenants.CodeUnavailable},
		"no Temporal":                {ops: []tenants.Operation{asked}, signal: tenants.Errorf(tenants.CodeUnavailable, "away"), want: tenants.CodeUnavailable, reaches: true},
		"ended in between":           {ops: []tenants.Operation{asked, over}, signal: gone, want: tenants.CodeFailedPrecondition, reaches: true},
		"lost by Temporal":           {ops: []tenants.Operation{asked}, signal: gone, want: tenants.CodeUnavailable, reaches: true},
		"what Temporal never takes":  {ops: []tenants.Operation{asked}, signal: tenants.Errorf(tenants.CodeInvalid, "no"), want: tenants.CodeInvalid, reaches: true},
		"answered in between, known": {ops: []tenants.Operation{asked, state(2, tenants.ProgressFailed)}, signal: gone, want: tenants.CodeConflict, reaches: true},
	} {
		temporal := &signals{err: c.signal}
		h := &answers{ledger: &journal{ops: c.ops, err: c.read}, client: temporal, traces: traces, log: slog.New(slog.DiscardHandler)}
		err := h.Answered(t.Context(), events.Answer{OperationID: "op", Service: "billing", Attempt: 2, Outcome: events.OutcomeFailed, Error: "why"})
		if (err == nil) != (c.want == "") || err != nil && tenants.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if (len(temporal.seen) == 1) != c.reaches || c.reaches && temporal.seen[0] != (workflows.Answer{OperationID: "op", Service: "billing", Attempt: 2, Failed: true, Error: "why"}) {
			t.Errorf("%s: to Temporal went %+v", name, temporal.seen)
		}
	}
}

// outbox takes mails.
type box struct {
	sent []mail.Message
	err  error
}

func (b *box) Send(_ context.Context, m mail.Message) error {
	b.sent = append(b.sent, m)
	return b.err
}

func (b *box) Once() bool { return true }

func TestNotices(t *testing.T) {
	catalogue, err := tenantfile.DefaultCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	traces, err := telemetry.NewTraces(t.Context(), telemetry.TracesOptions{})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	tenant := tenants.Tenant{ID: "acme", Name: "Acme", AdminEmail: "ops@acme.example", Tier: "premium", Region: "eu-west-1"}
	for _, c := range []struct {
		kind     tenants.OperationKind
		from, to string
		subject  string // empty: nobody is told
		text     string
	}{
		{tenants.OperationCreate, "", "standard", "Acme", "Example"},
		{tenants.OperationDelete, "standard", "", "delet", "Example"},
		{tenants.OperationMove, "standard", "premium", "", "24 November 2026"},
		{tenants.OperationMove, "free", "standard", "-", ""},
		{tenants.OperationUpdate, "", "", "-", ""},
	} {
		b := &box{}
		n := &notifier{sender: b, product: mail.Product{Name: "Example"}, deadline: 48 * time.Hour, catalogue: catalogue, metrics: telemetry.NewMetrics("x", "y"), traces: traces}
		op := tenants.Operation{ID: "retry", TenantID: "acme", Kind: c.kind, FromTier: c.from, ToTier: c.to, StartedAt: began, CorrelationID: "corr"}
		if err := n.Notify(t.Context(), workflows.Notice{ID: "first-" + string(c.kind), Kind: c.kind, Tenant: tenant, Operation: op}); err != nil {
			t.Errorf("%s: %v", c.kind, err)
		}
		if c.subject == "-" {
			if len(b.sent) != 0 {
				t.Errorf("%s from %s to %s: %+v", c.kind, c.from, c.to, b.sent)
			}
			continue
		}
		if len(b.sent) != 1 || b.sent[0].ID != "first-"+string(c.kind) || b.sent[0].To != tenant.AdminEmail || b.sent[0].CorrelationID != "corr" ||
			!strings.Contains(strings.ToLower(b.sent[0].Subject), strings.ToLower(c.subject)) || !strings.Contains(b.sent[0].Text, c.text) {
			t.Errorf("%s from %s to %s: %+v", c.kind, c.from, c.to, b.sent)
		}
		b.err = tenants.Errorf(tenants.CodeUnavailable, "away")
		if err := n.Notify(t.Context(), workflows.Notice{ID: "x", Kind: c.kind, Tenant: tenant, Operation: op}); !errors.Is(err, b.err) {
			t.Errorf("%s: the driver's error is %v", c.kind, err)
		}
	}
}

func TestPublisher(t *testing.T) {
	dir := t.TempDir()
	open := func(name string) (*events.Publisher, *events.Queue) {
		topic, err := events.OpenPublisher(t.Context(), spool(filepath.Join(dir, name), "subscriptions=s"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = topic.Shutdown(context.Background()) })
		queue, err := events.OpenQueue(t.Context(), spool(filepath.Join(dir, name), "subscription=s"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = queue.Shutdown(context.Background()) })
		return topic, queue
	}
	topic, _ := open("topic")
	dead, _ := open("dead")
	traces, err := telemetry.NewTraces(t.Context(), telemetry.TracesOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p := &publisher{topic: topic, dead: dead, metrics: telemetry.NewMetrics("x", "y"), traces: traces}
	op := tenants.Operation{ID: "op1", TenantID: "acme", Kind: tenants.OperationMove, FromTier: "free", ToTier: "premium", CorrelationID: "corr", Progress: tenants.ProgressFailed, Error: "why",
		Request: []byte(`{"tier":"premium"}`), StartedAt: time.Now(), Initiator: "me"}
	tenant := tenants.Tenant{ID: "acme", Name: "Acme", AdminEmail: "ops@acme.example", Tier: "free", Region: "eu-west-1", Status: tenants.StatusMoving}
	if err := p.Ask(t.Context(), workflows.Asking{Operation: op, Tenant: tenant, Attempt: 3, Services: []workflows.Ask{{Service: "billing", AnswerBy: time.Now().Add(time.Hour)}}}); err != nil {
		t.Fatal(err)
	}
	if err := p.DeadLetter(t.Context(), workflows.Failure{Operation: op, Before: &tenant, Code: tenants.CodeForbidden, Message: "why", Step: "prepare"}); err != nil {
		t.Fatal(err)
	}
	received := func(name string) events.Event {
		t.Helper()
		got := make(chan events.Event, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		c := events.Consumer{QueueURL: spool(filepath.Join(dir, name), "subscription=s")}
		if err := c.Run(ctx, func(_ context.Context, e events.Event) error { got <- e; cancel(); return nil }); err != nil {
			t.Fatal(err)
		}
		select {
		case e := <-got:
			return e
		default:
			t.Fatalf("nothing came on %s", name)
			return events.Event{}
		}
	}
	e := received("topic")
	r, err := e.Requested()
	if err != nil || e.CorrelationID != "corr" || e.Subject != "acme" || r.Attempt != 3 || r.FromTier != "free" || r.ToTier != "premium" || len(r.Services) != 1 || r.Tenant.ID != "acme" {
		t.Errorf("%+v %+v %v", e, r, err)
	}
	e = received("dead")
	if e.Type != events.TypeFailed || e.CorrelationID != "corr" || !strings.Contains(string(e.Data), `"tenantBefore":{"id":"acme"`) || !strings.Contains(string(e.Data), `"step":"prepare"`) || !strings.Contains(string(e.Data), `"request":{"tier":"premium"}`) {
		t.Errorf("%+v\n%s", e, e.Data)
	}
	p.topic = nil
	if err := p.Ask(t.Context(), workflows.Asking{}); tenants.CodeOf(err) != tenants.CodeInternal {
		t.Errorf("without a topic: %v", err)
	}
}

// TestWarnings: lines of Temporal's SDK carry the correlation id of their workflow,
// and chatter is left out.
func TestWarnings(t *testing.T) {
	var k known
	for i := range most + 1 {
		k.put(fmt.Sprintf("operation-%d", i), fmt.Sprintf("corr-%d", i))
	}
	k.put("operation-7", "other")
	if k.get("operation-0") != "" || k.get("operation-7") != "corr-7" || len(k.ids) != most {
		t.Errorf("%d are remembered; %q, %q", len(k.ids), k.get("operation-0"), k.get("operation-7"))
	}
	var b bytes.Buffer
	log := slog.New(&warnings{Handler: slog.NewTextHandler(&b, nil), known: &k})
	log.Info("chatter", workflowKey, "operation-7")
	log.Warn("in the line", workflowKey, "operation-7")
	log.With(workflowKey, "operation-8").WithGroup("g").Error("with", "x", 1)
	log.Warn("of none", workflowKey, "operation-0")
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], "correlation_id=corr-7") || !strings.Contains(lines[1], "correlation_id=corr-8") || strings.Contains(lines[2], "correlation_id") {
		t.Errorf("%s", b.String())
	}
}
