package telemetry

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// The names of what ties log lines, spans and metrics together.
const (
	CorrelationKey = "correlation_id"
	TraceKey       = "trace_id"
)

// correlationKey is the key of a correlation id in a context.
type correlationKey struct{}

// WithCorrelation gives a context of one correlation id; its log lines and spans
// carry it.
func WithCorrelation(ctx context.Context, id string) context.Context {
	if id == "" {
		return ctx
	}
	return context.WithValue(ctx, correlationKey{}, id)
}

// Correlation gives the context's correlation id, empty where it has none.
func Correlation(ctx context.Context) string {
	id, _ := ctx.Value(correlationKey{}).(string)
	return id
}

// NewLogger makes a logger that writes to w in the form "text" or "json", from a
// level (debug, info, warn, error) on. Lines that are logged with a context have
// its correlation id and trace. Of an unknown level everything from info on is
// logged; any other form is JSON.
func NewLogger(w io.Writer, form, level string) *slog.Logger {
	l := slog.LevelInfo
	_ = l.UnmarshalText([]byte(level)) // an unknown one leaves it as it is
	opts := &slog.HandlerOptions{Level: l}
	if form == "text" {
		return slog.New(&correlated{Handler: slog.NewTextHandler(w, opts)})
	}
	return slog.New(&correlated{Handler: slog.NewJSONHandler(w, opts)})
}

// correlated adds to each line what its context knows.
type correlated struct {
	slog.Handler
	has bool // a correlation id, from With
}

// Handle adds the correlation id and the trace, and passes the line on.
func (h *correlated) Handle(ctx context.Context, r slog.Record) error {
	if id := Correlation(ctx); id != "" && !h.has && !names(r, CorrelationKey) {
		r = r.Clone()
		r.AddAttrs(slog.String(CorrelationKey, id))
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		r = r.Clone()
		r.AddAttrs(slog.String(TraceKey, span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs is With.
func (h *correlated) WithAttrs(attrs []slog.Attr) slog.Handler {
	has := h.has || slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == CorrelationKey })
	return &correlated{Handler: h.Handler.WithAttrs(attrs), has: has}
}

// WithGroup is WithGroup.
func (h *correlated) WithGroup(name string) slog.Handler {
	return &correlated{Handler: h.Handler.WithGroup(name), has: h.has}
}

func names(r slog.Record, key string) bool {
	found := false
	r.Attrs(func(a slog.Attr) bool {
		found = a.Key == key
		return !found
	})
	return found
}
