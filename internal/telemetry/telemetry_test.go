package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tenantform/tenantform/tenants"
)

func TestLog(t *testing.T) {
	traces, _ := recorder(t, 1)
	ctx := traces.Operation(t.Context(), tenants.Operation{ID: "op", CorrelationID: "corr"})
	for form, want := range map[string]string{"json": `"correlation_id":"corr"`, "text": "correlation_id=corr", "else": `"correlation_id":"corr"`} {
		var b bytes.Buffer
		log := NewLogger(&b, form, "info")
		log.InfoContext(ctx, "by the context")
		log.With("correlation_id", "corr").InfoContext(ctx, "by both")
		log.With("correlation_id", "corr").WithGroup("g").With("x", 1).Warn("by with")
		log.InfoContext(ctx, "in the line", "correlation_id", "corr")
		log.Debug("not told")
		for line := range strings.Lines(b.String()) {
			if strings.Count(line, want) != 1 {
				t.Errorf("%s: %s", form, line)
			}
		}
		if n := strings.Count(b.String(), "\n"); n != 4 || !strings.Contains(b.String(), traceOf("corr").String()) {
			t.Errorf("%s: %d lines: %s", form, n, b.String())
		}
		b.Reset()
		log.Info("of nobody")
		if strings.Contains(b.String(), "correlation_id") || strings.Contains(b.String(), "trace_id") {
			t.Errorf("%s: %s", form, b.String())
		}
	}
	for level, lines := range map[string]int{"debug": 4, "info": 3, "warn": 2, "error": 1, "loud": 3} {
		var b bytes.Buffer
		log := NewLogger(&b, "json", level)
		for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			log.Log(t.Context(), l, "x")
		}
		if got := strings.Count(b.String(), "\n"); got != lines {
			t.Errorf("at %s %d lines are told, want %d", level, got, lines)
		}
	}
}

func scrape(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestMetrics(t *testing.T) {
	m := NewMetrics("serve", "1.2.3")
	var gone error
	m.Outbox(func(context.Context) (int, time.Duration, error) { return 3, 1500 * time.Millisecond, gone })
	m.Request("GET", "/v1/tenants", 200, 4*time.Millisecond)
	m.Request("GET", "", 404, time.Millisecond)
	m.Request("GET", streamRoute, 200, time.Hour)
	m.OperationEnded("create", "failed", time.Minute)
	m.StepTried("create", "provision", errors.New("x"), time.Second)
	m.StackRan("up", nil, time.Second)
	m.Answer("late")
	m.AnswerDropped("attempt", 2)
	m.Published("com.x", nil)
	m.Mailed("create", errors.New("x"))
	m.Expired(5)
	m.Slots(4)
	free := m.SlotTaken()
	m.SlotTaken()
	free()
	_, got := scrape(t, m.Handler(), "/metrics")
	for _, want := range []string{
		`tenantform_http_requests_total{method="GET",route="/v1/tenants",status="200"} 1`, `tenantform_http_requests_total{method="GET",route="none",status="404"} 1`,
		`tenantform_http_request_duration_seconds_bucket{method="GET",route="/v1/tenants",le="0.005"} 1`, `tenantform_http_requests_total{method="GET",route="/v1/operations/{id}/events",status="200"} 1`,
		`tenantform_operations_total{kind="create",outcome="failed"} 1`, `tenantform_operation_duration_seconds_sum{kind="create",outcome="failed"} 60`,
		`tenantform_step_duration_seconds_count{kind="create",outcome="failed",step="provision"} 1`, `tenantform_stack_run_duration_seconds_count{call="up",outcome="succeeded"} 1`,
		`tenantform_answers_total{result="late"} 1`, `tenantform_answers_dropped_total{reason="attempt"} 2`, `tenantform_events_published_total{outcome="succeeded",type="com.x"} 1`,
		`tenantform_mails_total{kind="create",outcome="failed"} 1`, "tenantform_idempotency_keys_expired_total 5", "tenantform_slots 4", "tenantform_slots_in_use 1",
		"tenantform_outbox_depth 3", "tenantform_outbox_lag_seconds 1.5", `tenantform_info{process="serve",version="1.2.3"} 1`, "go_goroutines", "process_cpu_seconds_total",
	} {
		if !strings.Contains(got, want+"\n") && !strings.Contains(got, want+" ") {
			t.Errorf("%s is not among the metrics", want)
		}
	}
	if strings.Contains(got, `duration_seconds_count{method="GET",route="/v1/operations/{id}/events"}`) {
		t.Error("a stream counts as a slow request")
	}
	gone = errors.New("no ledger")
	if status, got := scrape(t, m.Handler(), "/metrics"); status != http.StatusOK || strings.Contains(got, "tenantform_outbox") || !strings.Contains(got, "tenantform_slots 4") {
		t.Errorf("without a ledger: %d", status)
	}
}

func TestReadiness(t *testing.T) {
	var mu sync.Mutex
	looks := 0
	errs := map[string]error{}
	set := func(name string, err error) {
		mu.Lock()
		defer mu.Unlock()
		errs[name] = err
	}
	look := func(name string) func(context.Context) error {
		return func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			looks++
			return errs[name]
		}
	}
	r := &Ready{Checks: []Check{{"ledger", look("ledger")}, {"temporal", look("temporal")}}}
	h := Handler(r, NewMetrics("x", "y"))
	again := func() (int, Readiness, string) {
		t.Helper()
		r.mu.Lock()
		r.at = time.Time{}
		r.mu.Unlock()
		status, body := scrape(t, h, "/readyz")
		var got Readiness
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		return status, got, body
	}
	if status, got, body := again(); status != http.StatusOK || !got.Ready || len(got.Checks) != 2 {
		t.Errorf("%d %s", status, body)
	}
	if _, _ = scrape(t, h, "/readyz"); looks != 2 {
		t.Errorf("%d looks within a second", looks)
	}
	set("temporal", &tenants.Error{Code: tenants.CodeUnavailable, Message: strings.Repeat("m", 2*maxShown), Cause: errors.New("a cause")})
	set("ledger", errors.New("a cause"))
	status, got, body := again()
	if status != http.StatusServiceUnavailable || got.Ready || got.Checks[0].Error != "it does not answer" || len(got.Checks[1].Error) != maxShown || strings.Contains(body, "cause") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := scrape(t, h, "/healthz"); status != http.StatusOK {
		t.Errorf("healthz: %d", status)
	}
	set("temporal", nil)
	set("ledger", nil)
	r.Stopping()
	if status, got, body := again(); status != http.StatusServiceUnavailable || got.Ready || got.Checks[2].Name != "process" {
		t.Errorf("%d %s", status, body)
	}
	hangs := &Ready{Checks: []Check{{"hangs", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}}}
	began := time.Now()
	if got := hangs.Look(t.Context()); got.Ready || time.Since(began) > 2*lookTime {
		t.Errorf("%+v after %s", got, time.Since(began))
	}
	for path, want := range map[string]int{"/": 404, "/debug/pprof/": 404, "/metrics": 200} {
		if got, _ := scrape(t, h, path); got != want {
			t.Errorf("%s: %d", path, got)
		}
	}
}

// recorder gives traces whose spans are kept.
func recorder(t *testing.T, ratio float64) (*Traces, *tracetest.InMemoryExporter) {
	t.Helper()
	kept := tracetest.NewInMemoryExporter()
	traces, err := NewTraces(t.Context(), TracesOptions{Exporter: lasting{kept}, Ratio: ratio, Process: "x", Version: "y"})
	if err != nil {
		t.Fatal(err)
	}
	return traces, kept
}

// lasting keeps spans also after the end, when tests look at them.
type lasting struct{ *tracetest.InMemoryExporter }

func (lasting) Shutdown(context.Context) error { return nil }

func ended(t *testing.T, traces *Traces, kept *tracetest.InMemoryExporter) map[string]sdktrace.ReadOnlySpan {
	t.Helper()
	if err := traces.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	out := map[string]sdktrace.ReadOnlySpan{}
	for _, s := range kept.GetSpans().Snapshots() {
		out[s.Name()] = s
	}
	return out
}

func has(s sdktrace.ReadOnlySpan, key, value string) bool {
	for _, a := range s.Attributes() {
		if string(a.Key) == key && a.Value.String() == value {
			return true
		}
	}
	return false
}

// TestOneTrace: what belongs to a correlation id is one trace, wherever it happens.
func TestOneTrace(t *testing.T) {
	const caller = "4bf92f3577b34da6a3ce929d0e0e4736"
	for name, c := range map[string]struct {
		correlation, parent string
		trace               string // of everything; empty: a new one, which is the correlation id
		linked              bool
	}{
		"of the caller's trace":      {"", "00-" + caller + "-00f067aa0ba902b7-01", caller, false},
		"of a correlation id":        {"ticket-4711", "", traceOf("ticket-4711").String(), false},
		"of a trace as id":           {caller, "", caller, false},
		"of both, the same":          {caller, "00-" + caller + "-00f067aa0ba902b7-01", caller, false},
		"of both, not the same":      {"ticket-4711", "00-" + caller + "-00f067aa0ba902b7-01", traceOf("ticket-4711").String(), true},
		"of none":                    {"", "", "", false},
		"of a wrong correlation id":  {"a b", "00-" + caller + "-00f067aa0ba902b7-01", caller, false},
		"of a wrong parent":          {"ticket-4711", "00-zz-00f067aa0ba902b7-01", traceOf("ticket-4711").String(), false},
		"of a parent without sample": {"", "00-" + caller + "-00f067aa0ba902b7-00", caller, false},
	} {
		t.Run(name, func(t *testing.T) {
			serve, kept := recorder(t, 1)
			var id string
			h := serve.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				id = r.Header.Get(CorrelationHeader)
				if !correlates(id) {
					_, end := serve.Start(r.Context(), "inside")
					end(nil)
					id = "" // as the API does: the trace is the id
				}
				w.Header().Set(CorrelationHeader, id)
				w.WriteHeader(http.StatusBadGateway)
				_ = http.NewResponseController(w).Flush()
			}))
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/tenants", nil)
			if c.correlation != "" {
				r.Header.Set(CorrelationHeader, c.correlation)
			}
			if c.parent != "" {
				r.Header.Set("Traceparent", c.parent)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			spans := ended(t, serve, kept)
			request := spans["HTTP POST"]
			if request == nil || w.Code != http.StatusBadGateway || !w.Flushed {
				t.Fatalf("%d, spans %v", w.Code, spans)
			}
			trace := request.SpanContext().TraceID().String()
			if c.trace != "" && trace != c.trace || (len(request.Links()) == 1) != c.linked || !has(request, "http.response.status_code", "502") {
				t.Errorf("trace %s, want %s; %d links", trace, c.trace, len(request.Links()))
			}
			if id == "" {
				id = trace
			}

			// Elsewhere, later: the operation's record has the correlation id.
			work, kept := recorder(t, 1)
			op := tenants.Operation{ID: "op1", TenantID: "acme", Kind: tenants.OperationCreate, CorrelationID: id, StartedAt: time.Now().Add(-time.Hour), EndedAt: time.Now(), Progress: tenants.ProgressFailed, Error: "why"}
			ctx, end := work.Start(work.Operation(t.Context(), op), "step", attribute.String("a", "b"))
			_, end2 := work.Start(ctx, "run")
			end2(tenants.Errorf(tenants.CodeConflict, "taken"))
			end(nil)
			work.OperationEnded(ctx, op)
			spans = ended(t, work, kept)
			for _, name := range []string{"step", "run", "operation create"} {
				if s := spans[name]; s == nil || s.SpanContext().TraceID().String() != trace || !has(s, CorrelationKey, id) {
					t.Errorf("span %q: %+v", name, s)
				}
			}
			if spans["step"].Parent().SpanID() != spans["operation create"].SpanContext().SpanID() || spans["run"].Parent().SpanID() != spans["step"].SpanContext().SpanID() {
				t.Error("the spans are not below each other")
			}
			if got := spans["operation create"]; got.EndTime().Sub(got.StartTime()) < time.Hour-time.Second || got.Status().Description != "why" || !has(spans["run"], "error.type", "conflict") {
				t.Errorf("the operation's span: %s, %+v", got.EndTime().Sub(got.StartTime()), got.Status())
			}
		})
	}
}

func TestTracesAreSampledAsOne(t *testing.T) {
	const all = 400
	var first map[string]bool
	for range 2 {
		traces, kept := recorder(t, 0.5)
		for i := range all {
			op := tenants.Operation{ID: fmt.Sprint(i), CorrelationID: fmt.Sprint("c", i)}
			_, end := traces.Start(traces.Operation(t.Context(), op), fmt.Sprint("s", i))
			end(nil)
		}
		got := map[string]bool{}
		for name := range ended(t, traces, kept) {
			got[name] = true
		}
		if len(got) < all/4 || len(got) > all*3/4 {
			t.Errorf("%d of %d are kept", len(got), all)
		}
		if first == nil {
			first = got
		} else if fmt.Sprint(first) != fmt.Sprint(got) {
			t.Error("two processes keep different traces")
		}
	}
}

func TestWithoutAnEndpointNothingIsTraced(t *testing.T) {
	traces, err := NewTraces(t.Context(), TracesOptions{})
	if err != nil {
		t.Fatal(err)
	}
	called := false
	h := traces.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	scrape(t, h, "/")
	ctx := traces.Operation(t.Context(), tenants.Operation{ID: "x", CorrelationID: "corr"})
	traces.OperationEnded(ctx, tenants.Operation{CorrelationID: "corr"})
	if !called || Correlation(ctx) != "corr" || traces.Shutdown(t.Context()) != nil {
		t.Error("something is amiss")
	}
	for _, endpoint := range []string{"http://127.0.0.1:1", "https://127.0.0.1:1"} {
		gone, err := NewTraces(t.Context(), TracesOptions{Endpoint: endpoint, Ratio: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, end := gone.Start(t.Context(), "x")
		end(nil)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_ = gone.Shutdown(ctx) // it does not answer, and must not hang
		cancel()
	}
}
