package controlplane

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/mail"
	"github.com/tenantform/tenantform/internal/telemetry"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
)

// publisher tells services and the dead-letter topic by events.
type publisher struct {
	topic   *events.Publisher // nil where nobody is asked
	dead    *events.Publisher
	metrics *telemetry.Metrics
	traces  *telemetry.Traces
}

var _ workflows.Publisher = (*publisher)(nil)

// Ask publishes what services are asked.
func (p *publisher) Ask(ctx context.Context, a workflows.Asking) error {
	if p.topic == nil {
		return tenants.Errorf(tenants.CodeInternal, "this process asks no services")
	}
	r := events.Requested{
		OperationID: a.Operation.ID, Kind: a.Operation.Kind, Attempt: a.Attempt, Tenant: events.TenantOf(a.Tenant),
		FromTier: a.Operation.FromTier, ToTier: a.Operation.ToTier,
	}
	if a.Operation.Kind != tenants.OperationMove {
		r.FromTier, r.ToTier = "", ""
	}
	for _, s := range a.Services {
		r.Services = append(r.Services, events.Ask{Service: s.Service, AnswerBy: s.AnswerBy})
	}
	return p.publish(ctx, p.topic, a.Operation, func(c events.Context) (events.Event, error) { return events.NewRequested(c, r) })
}

// DeadLetter publishes what failed.
func (p *publisher) DeadLetter(ctx context.Context, f workflows.Failure) error {
	failed := events.Failed{
		Operation: f.Operation, TenantBefore: f.Before, Request: f.Operation.Request,
		Cause: events.Cause{Code: f.Code, Message: f.Message, Step: f.Step},
	}
	return p.publish(ctx, p.dead, f.Operation, func(c events.Context) (events.Event, error) { return events.NewFailed(c, failed) })
}

func (p *publisher) publish(ctx context.Context, to *events.Publisher, op tenants.Operation, compose func(events.Context) (events.Event, error)) (err error) {
	ctx, end := p.traces.Start(p.traces.Operation(ctx, op), "publish event")
	defer func() { end(err) }()
	e, err := compose(events.Context{CorrelationID: op.CorrelationID, TraceParent: traceParent(ctx)})
	if err != nil {
		return err
	}
	err = to.Publish(ctx, e)
	p.metrics.Published(e.Type, err)
	return err
}

// traceParent gives the context's span as W3C's header has it.
func traceParent(ctx context.Context) string {
	s := trace.SpanContextFromContext(ctx)
	if !s.IsValid() {
		return ""
	}
	return fmt.Sprintf("00-%s-%s-%s", s.TraceID(), s.SpanID(), s.TraceFlags())
}

// notifier tells tenants' administrators by mail.
type notifier struct {
	sender    mail.Sender
	product   mail.Product
	deadline  time.Duration // of old passwords after a move
	catalogue tenants.Catalogue
	metrics   *telemetry.Metrics
	traces    *telemetry.Traces
	log       *slog.Logger
}

var _ workflows.Notifier = (*notifier)(nil)

// Notify sends the mail of a notice, once at most by a driver that cannot tell that
// it has sent it. A move that keeps a tenant's users where they
// are is nothing that they notice.
func (n *notifier) Notify(ctx context.Context, notice workflows.Notice) (err error) {
	op, t := notice.Operation, notice.Tenant
	var m mail.Message
	switch notice.Kind {
	case tenants.OperationCreate:
		m, err = n.product.Welcome(op, t)
	case tenants.OperationDelete:
		m, err = n.product.Deletion(op, t)
	case tenants.OperationMove:
		if n.samePlace(op.FromTier, op.ToTier) {
			return nil
		}
		m, err = n.product.MoveDeadline(op, t, op.StartedAt.Add(n.deadline))
	default:
		return nil
	}
	if err != nil {
		return workflows.NotTold(err)
	}
	m.ID = notice.ID
	if notice.Again && !n.sender.Once() {
		n.log.WarnContext(ctx, "a mail that may have been sent already is not sent again", "notice", notice.ID,
			"operation", op.ID, "tenant", op.TenantID, "correlation_id", op.CorrelationID)
		return nil
	}
	ctx, end := n.traces.Start(n.traces.Operation(ctx, op), "send mail", attribute.String("tenantform.kind", string(notice.Kind)))
	defer func() { end(err) }()
	err = n.sender.Send(ctx, m)
	n.metrics.Mailed(string(notice.Kind), err)
	if mail.Untaken(err) {
		return workflows.NotTold(err)
	}
	return err
}

func (n *notifier) samePlace(from, to string) bool {
	a, err := n.catalogue.Tier(from)
	b, err2 := n.catalogue.Tier(to)
	return err == nil && err2 == nil && a.Placement() == b.Placement()
}

// answers hands the services' answers to their operations.
type answers struct {
	ledger operations
	client answering
	traces *telemetry.Traces
	log    *slog.Logger
}

// operations reads operations.
type operations interface {
	Operation(ctx context.Context, id string) (tenants.Operation, error)
}

// answering hands an answer to its workflow; *workflows.Client does.
type answering interface {
	Answer(ctx context.Context, a workflows.Answer) error
}

var _ events.AnswerHandler = (*answers)(nil)

// Answered hands one answer on. What the ledger knows of the operation decides
// before Temporal is asked: an answer that comes late, or again, is told so.
func (h *answers) Answered(ctx context.Context, a events.Answer) (err error) {
	op, err := h.ledger.Operation(ctx, a.OperationID)
	if err != nil {
		return err
	}
	ctx, end := h.traces.Start(h.traces.Operation(ctx, op), "take answer", attribute.String("tenantform.service", a.Service))
	defer func() { end(err) }()
	if err := open(op, a); err != nil {
		h.log.InfoContext(ctx, "an answer was dropped", "operation", op.ID, "tenant", op.TenantID, "service", a.Service, "attempt", a.Attempt, "why", err)
		return err
	}
	err = h.client.Answer(ctx, workflows.Answer{
		OperationID: a.OperationID, Service: a.Service, Attempt: a.Attempt, Failed: a.Outcome != events.OutcomeSucceeded, Error: a.Error,
	})
	if tenants.CodeOf(err) != tenants.CodeNotFound {
		return err
	}
	// Temporal knows nothing of it: it ended a moment ago, or it waits to be taken up.
	if op, err = h.ledger.Operation(ctx, a.OperationID); err != nil {
		return err
	}
	if err := open(op, a); err != nil {
		return err
	}
	return tenants.Errorf(tenants.CodeUnavailable, "operation %s of tenant %s has no workflow at the moment", op.ID, op.TenantID)
}

// open says why an operation takes an answer no more; nil when it does. A service
// that is not recorded as asked may be so in a moment.
func open(op tenants.Operation, a events.Answer) error {
	if op.Progress.Ended() {
		return tenants.Errorf(tenants.CodeFailedPrecondition, "operation %s of tenant %s has ended", op.ID, op.TenantID)
	}
	for _, s := range op.Services {
		switch {
		case s.Service != a.Service:
		case a.Attempt < s.Attempt:
			return tenants.Errorf(tenants.CodeFailedPrecondition, "service %s has been asked again since, %d times", a.Service, s.Attempt)
		case a.Attempt == s.Attempt && s.Progress.Ended():
			return tenants.Errorf(tenants.CodeConflict, "service %s has answered, or used up its time", a.Service)
		}
	}
	return nil
}

// counter counts what became of answers.
type counter struct{ metrics *telemetry.Metrics }

var _ events.Counter = counter{}

// Count counts one.
func (c counter) Count(r events.Result) { c.metrics.Answer(string(r)) }
