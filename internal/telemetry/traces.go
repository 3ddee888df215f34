package telemetry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tenantform/tenantform/tenants"
)

// Traces makes the spans of one process. What belongs to one correlation id
// belongs to one trace, in whichever process it happens: the trace's id is made
// from the correlation id, which the operation's record carries, and a request
// without one gets its trace's id as that.
type Traces struct {
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider // nil: no span goes anywhere
}

// TracesOptions say where spans go.
type TracesOptions struct {
	Endpoint string            // a URL, of OTLP over gRPC; empty: nowhere
	Headers  map[string]string // for the endpoint; may hold secrets
	Ratio    float64           // share of the traces that are kept
	Process  string            // what runs here
	Version  string
	Exporter sdktrace.SpanExporter // in place of the endpoint, for tests; nil: the endpoint
}

// NewTraces makes the spans' source. An endpoint that does not answer is no
// error: spans are dropped then. The error is CodeInvalid.
func NewTraces(ctx context.Context, o TracesOptions) (*Traces, error) {
	exporter := o.Exporter
	if exporter == nil {
		if o.Endpoint == "" {
			return &Traces{tracer: noop.NewTracerProvider().Tracer("")}, nil
		}
		u, err := url.Parse(o.Endpoint)
		if err != nil {
			return nil, tenants.Invalid(tenants.FieldError{Field: "endpoint", Value: "(not shown)", Allowed: "a URL"})
		}
		opts := []otlptracegrpc.Option{otlptracegrpc.WithEndpoint(u.Host), otlptracegrpc.WithHeaders(o.Headers)}
		if u.Scheme == "http" {
			opts = append(opts, otlptracegrpc.WithInsecure())
		}
		if exporter, err = otlptracegrpc.New(ctx, opts...); err != nil {
			return nil, tenants.Errorf(tenants.CodeInvalid, "spans cannot be sent to %s: %w", u.Host, err)
		}
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter), sdktrace.WithIDGenerator(ids{}), sdktrace.WithSampler(sdktrace.TraceIDRatioBased(o.Ratio)),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "tenantform-"+o.Process), attribute.String("service.version", o.Version))),
	)
	return &Traces{provider: provider, tracer: provider.Tracer("github.com/tenantform/tenantform")}, nil
}

// Shutdown sends what is there, as long as ctx lets it, and ends the source.
func (t *Traces) Shutdown(ctx context.Context) error {
	if t.provider == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Start begins a span with the context's correlation id. The function that it
// gives ends it, as failed when its error is not nil: of that the span has the
// code, and the message that may be shown.
func (t *Traces) Start(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, func(error)) {
	if id := Correlation(ctx); id != "" {
		attributes = append(attributes, attribute.String(CorrelationKey, id))
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(attributes...))
	return ctx, func(err error) {
		if err != nil {
			span.SetAttributes(attribute.String("error.type", string(tenants.CodeOf(err))))
			span.SetStatus(codes.Error, err.Error())
		}
		span.End()
	}
}

// Operation gives a context whose spans are below that of an operation.
func (t *Traces) Operation(ctx context.Context, op tenants.Operation) context.Context {
	ctx = WithCorrelation(ctx, op.CorrelationID)
	if t.provider == nil || op.CorrelationID == "" {
		return ctx
	}
	parent := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceOf(op.CorrelationID), SpanID: spanOf(op.ID), TraceFlags: trace.FlagsSampled, Remote: true,
	})
	return trace.ContextWithRemoteSpanContext(ctx, parent)
}

// OperationEnded makes the span of an operation that has ended, from its beginning
// to its end.
func (t *Traces) OperationEnded(ctx context.Context, op tenants.Operation) {
	if t.provider == nil || op.CorrelationID == "" {
		return
	}
	ctx = context.WithValue(context.WithoutCancel(ctx), forcedKey{}, forced{trace: traceOf(op.CorrelationID), span: spanOf(op.ID)})
	_, span := t.tracer.Start(ctx, "operation "+string(op.Kind), trace.WithNewRoot(), trace.WithTimestamp(op.StartedAt), trace.WithAttributes(
		attribute.String(CorrelationKey, op.CorrelationID), attribute.String("tenantform.operation", op.ID), attribute.String("tenantform.tenant", op.TenantID)))
	if op.Progress == tenants.ProgressFailed {
		span.SetStatus(codes.Error, op.Error)
	}
	end := op.EndedAt
	if end.IsZero() {
		end = time.Now()
	}
	span.End(trace.WithTimestamp(end))
}

// CorrelationHeader names the correlation id of a request and its answer.
const CorrelationHeader = "X-Correlation-Id"

// correlates tells whether a text can be a correlation id.
func correlates(id string) bool {
	return id != "" && len(id) <= tenants.MaxCorrelationLength && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

// Middleware makes a span of each request. One with a correlation id is in the
// trace of that; the trace that its caller names is linked where it is another.
// One without is in its caller's trace, or in a new one, whose id the API takes as
// the correlation id.
func (t *Traces) Middleware(next http.Handler) http.Handler {
	if t.provider == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		caller := trace.SpanContextFromContext(ctx)
		opts := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.String("http.request.method", r.Method), attribute.String("url.path", r.URL.Path))}
		if id := r.Header.Get(CorrelationHeader); correlates(id) && (!caller.IsValid() || caller.TraceID() != traceOf(id)) {
			if caller.IsValid() {
				opts = append(opts, trace.WithLinks(trace.Link{SpanContext: caller}))
			}
			ctx = context.WithValue(ctx, forcedKey{}, forced{trace: traceOf(id)})
			opts = append(opts, trace.WithNewRoot())
		}
		ctx, span := t.tracer.Start(ctx, "HTTP "+r.Method, opts...) // the API names it by the route
		defer span.End()
		seen := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(seen, r.WithContext(ctx))
		span.SetAttributes(attribute.String(CorrelationKey, w.Header().Get(CorrelationHeader)), attribute.Int("http.response.status_code", seen.status))
		if seen.status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(seen.status))
		}
	})
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write is an answer of 200 where nothing else was said.
func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController at what is below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush sends what there is, for streams.
func (w *statusWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// forced is what ids the next root span has.
type forced struct {
	trace trace.TraceID
	span  trace.SpanID // zero: a new one
}

type forcedKey struct{}

// ids makes the ids of spans: those that the context asks for, else random ones.
type ids struct{}

var _ sdktrace.IDGenerator = ids{}

// NewIDs gives the ids of a root span.
func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	f, _ := ctx.Value(forcedKey{}).(forced)
	if !f.trace.IsValid() {
		f.trace = newTrace()
	}
	if !f.span.IsValid() {
		f.span = ids{}.NewSpanID(ctx, f.trace)
	}
	return f.trace, f.span
}

// NewSpanID gives the id of a span below another.
func (ids) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	var id trace.SpanID
	for !id.IsValid() {
		_, _ = rand.Read(id[:]) // never fails
	}
	return id
}

func newTrace() trace.TraceID {
	var id trace.TraceID
	for !id.IsValid() {
		_, _ = rand.Read(id[:]) // never fails
	}
	return id
}

// traceOf gives the trace of a correlation id: itself where it is one, else one
// that is made from it.
func traceOf(correlation string) trace.TraceID {
	if id, err := trace.TraceIDFromHex(correlation); err == nil {
		return id
	}
	sum := sha256.Sum256([]byte("trace " + correlation))
	return trace.TraceID(sum[:16])
}

// spanOf gives the span of an operation.
func spanOf(operation string) trace.SpanID {
	sum := sha256.Sum256([]byte("operation " + operation))
	return trace.SpanID(sum[:8])
}
