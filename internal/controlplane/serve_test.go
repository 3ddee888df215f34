package controlplane

import (
	"context"
	"encoding/hex"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/tenantform/tenantform/internal/pgtest"
	"github.com/tenantform/tenantform/internal/settings"
	"github.com/tenantform/tenantform/internal/workflows"
)

// canary is a secret of the processes; it may be seen nowhere.
const canary = "c4n4ry-s3cret"

// spans is an OTLP endpoint.
type spans struct {
	collector.UnimplementedTraceServiceServer
	mu    sync.Mutex
	named map[string][]string // trace ids by the name of spans
	all   string
}

func (s *spans) Export(_ context.Context, r *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all += r.String()
	for _, resource := range r.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				s.named[span.GetName()] = append(s.named[span.GetName()], hex.EncodeToString(span.GetTraceId()))
			}
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

func collect(t *testing.T) (*spans, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &spans{named: map[string][]string{}}
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, s)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	return s, "http://" + l.Addr().String()
}

// TestServeAndWork onboards a tenant with two processes and a service, and looks
// at all that they tell: monitoring, metrics, logs and spans.
func TestServeAndWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.shared()
	h.withBilling()
	spans, endpoint := collect(t)
	h.env["TENANTFORM_TRACES_ENDPOINT"], h.env["TENANTFORM_TRACES_HEADERS"] = endpoint, "authorization="+canary
	serve, work := h.start(settings.Serve), h.start(settings.Work)

	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	op := h.create(serve.API, "acme", "Traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	if op.CorrelationID != trace {
		t.Errorf("the correlation id is %s, want that of the caller's trace", op.CorrelationID)
	}
	h.done(serve.API, op)
	if mails, _ := filepath.Glob(filepath.Join(h.dir, "mails", "*.eml")); len(mails) != 1 || !strings.Contains(mails[0], op.ID+"-create") {
		t.Errorf("mails: %v", mails)
	}

	if status, body := h.rehearse(serve.API+"/v1/tenants/acme/move?dryRun=true", `{"tier":"premium","reason":"grown"}`); status != http.StatusOK || !strings.Contains(body, "transfer") {
		t.Errorf("a move on paper: %d %s", status, body)
	}
	for url, want := range map[string]int{
		serve.API + "/metrics": 404, serve.API + "/readyz": 404, serve.API + "/healthz": 404, serve.Monitoring + "/v1/tenants": 404, work.Monitoring + "/v1/tenants": 404,
		serve.Monitoring + "/healthz": 200, work.Monitoring + "/healthz": 200, serve.API + "/v1/tenants": 200,
	} {
		if got, body := h.get(url); got != want {
			t.Errorf("%s: %d, want %d: %.200s", url, got, want, body)
		}
	}
	var metrics string
	for url, want := range map[string][]string{
		serve.Monitoring: {`tenantform_http_requests_total{method="POST",route="/v1/tenants",status="201"} 1`, `tenantform_answers_total{result="accepted"} 1`, "tenantform_outbox_depth 0", `tenantform_info{process="serve",version="test"} 1`, "go_goroutines", "process_resident_memory_bytes"},
		work.Monitoring: {`tenantform_operations_total{kind="create",outcome="succeeded"} 1`, `tenantform_step_duration_seconds_count{kind="create",outcome="succeeded",step="provision"} 1`, `tenantform_mails_total{kind="create",outcome="succeeded"} 1`,
			`tenantform_events_published_total{outcome="succeeded",type="com.tenantform.tenant.create.requested.v1"} 1`, "tenantform_slots 4", "tenantform_slots_in_use 0"},
	} {
		_, got := h.get(url + "/metrics")
		metrics += got
		for _, line := range want {
			if !strings.Contains(got, line) {
				t.Errorf("%s is not among the metrics", line)
			}
		}
	}
	if red, ready := h.readiness(serve.Monitoring); !ready {
		t.Errorf("serve is not ready: %v", red)
	}
	for name, p := range map[string]*proc{"serve": serve, "worker": work} {
		lines := p.lines(op.ID)
		if len(lines) < 1 {
			t.Errorf("%s has no line about the operation", name)
		}
		for _, line := range lines {
			if line["correlation_id"] != trace {
				t.Errorf("%s: a line without the correlation id: %v", name, line)
			}
		}
		if code := p.end(syscall.SIGTERM); code != 0 {
			t.Errorf("%s ends with %d", name, code)
		}
	}
	spans.mu.Lock()
	defer spans.mu.Unlock()
	for _, name := range []string{"POST /v1/tenants", "operation create", "step provision", "stack up", "publish event", "take answer", "send mail"} {
		if !slices.Contains(spans.named[name], trace) {
			t.Errorf("no span %q in the caller's trace: %v", name, spans.named)
		}
	}
	if !strings.Contains(spans.all, "correlation_id") {
		t.Error("no span has the correlation id")
	}
	for what, text := range map[string]string{"logs": serve.log.String() + work.log.String(), "metrics": metrics, "spans": spans.all} {
		if strings.Contains(text, canary) || strings.Contains(text, h.token) {
			t.Errorf("the %s hold a secret", what)
		}
	}
}

// TestReadiness takes away what a process needs, one after the other.
func TestReadiness(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	database, err := pgtest.Start(false)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = database.Stop() })
	url, err := database.Create()
	if err != nil {
		t.Fatal(err)
	}
	temporal, err := workflows.StartDevServer(t.Context(), filepath.Join(h.dir, "temporal.db"), &workflows.DevServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = temporal.Stop() })
	h.env["TENANTFORM_STORE_URL"], h.env["TENANTFORM_STORE_PASSWORD"] = url, canary
	h.env["TENANTFORM_TEMPORAL_ADDRESS"], h.env["TENANTFORM_TEMPORAL_NAMESPACE"] = temporal.Address, "default"
	serve, work := h.start(settings.Serve), h.start(settings.Work)
	both := func(wantServe, wantWork string) {
		t.Helper()
		h.until("serve red: "+wantServe+", worker red: "+wantWork, func() bool {
			a, _ := h.readiness(serve.Monitoring)
			b, _ := h.readiness(work.Monitoring)
			return strings.Join(a, " ") == wantServe && strings.Join(b, " ") == wantWork
		})
		for _, p := range []*proc{serve, work} {
			if status, _ := h.get(p.Monitoring + "/healthz"); status != http.StatusOK {
				t.Errorf("healthz: %d", status)
			}
		}
	}
	both("", "")
	if err := temporal.Stop(); err != nil {
		t.Fatal(err)
	}
	both("temporal", "temporal")
	if err := database.Stop(); err != nil {
		t.Fatal(err)
	}
	both("ledger temporal", "ledger temporal")
	for _, p := range []*proc{serve, work} {
		if code := p.end(syscall.SIGTERM); code != 0 {
			t.Errorf("a process without ledger and Temporal ends with %d", code)
		}
		if strings.Contains(p.log.String(), canary) {
			t.Error("a log holds the password")
		}
	}
}

func TestServeBeginsWithoutTemporalAndIssuer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.env["TENANTFORM_TEMPORAL_ADDRESS"], h.env["TENANTFORM_AUTH_ISSUER"] = "127.0.0.1:1", "http://127.0.0.1:1"
	serve := h.start(settings.Serve)
	if red, _ := h.readiness(serve.Monitoring); strings.Join(red, " ") != "temporal issuer" {
		t.Errorf("red: %v", red)
	}
	if status, body := h.get(serve.API + "/v1/tenants"); status != http.StatusServiceUnavailable {
		t.Errorf("without keys: %d %s", status, body)
	}
	if code := serve.end(syscall.SIGTERM); code != 0 {
		t.Errorf("ends with %d", code)
	}
}

// TestAStreamEndsWithItsServer: who watches an operation is let go when the server
// stops.
func TestAStreamEndsWithItsServer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	serve := h.start(settings.Serve)
	op := h.create(serve.API, "acme") // nobody works on it
	gone := make(chan string, 1)
	go func() {
		_, body := h.get(serve.API + "/v1/operations/" + op.ID + "/events")
		gone <- body
	}()
	time.Sleep(500 * time.Millisecond)
	began := time.Now()
	if code := serve.end(syscall.SIGTERM); code != 0 || time.Since(began) > 5*time.Second {
		t.Errorf("the server has ended with %d after %s", code, time.Since(began))
	}
	if body := <-gone; !strings.Contains(body, "event: operation") {
		t.Errorf("the stream: %q", body)
	}
}
