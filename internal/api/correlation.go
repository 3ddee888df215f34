package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

type correlationKey struct{}

// CorrelationID gives what ties everything together that a request leads to;
// empty outside a request.
func CorrelationID(ctx context.Context) string {
	id, _ := ctx.Value(correlationKey{}).(string)
	return id
}

// correlated gives a request's context with its correlation id: the one that it
// was sent with, else that of the trace that it is part of, else a new one. An id
// that cannot be one is told, and replaced.
func correlated(r *http.Request) (context.Context, error) {
	ctx := r.Context()
	span := trace.SpanFromContext(ctx)
	id := r.Header.Get(wire.HeaderCorrelationID)
	var err error
	if !validCorrelation(id) {
		err = tenants.Invalid(tenants.FieldError{Field: wire.HeaderCorrelationID, Value: shown(id), Allowed: "at most 128 printable ASCII characters without spaces"})
		id = ""
	}
	if id == "" && span.SpanContext().HasTraceID() {
		id = span.SpanContext().TraceID().String()
	}
	if id == "" {
		id = traceOf(r.Header.Get("Traceparent"))
	}
	if id == "" {
		id = strings.ToLower(rand.Text())
	}
	span.SetAttributes(attribute.String("correlation_id", id))
	return context.WithValue(ctx, correlationKey{}, id), err
}

func validCorrelation(id string) bool {
	return len(id) <= tenants.MaxCorrelationLength && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

// traceOf gives the trace id of a traceparent header; empty for anything else.
// Source: "Trace Context", section 3.2 (W3C Recommendation).
func traceOf(header string) string {
	parts := strings.Split(header, "-")
	if len(parts) < 4 || len(parts[0]) != 2 {
		return ""
	}
	id, err := trace.TraceIDFromHex(parts[1])
	if err != nil || !id.IsValid() {
		return ""
	}
	return id.String()
}
