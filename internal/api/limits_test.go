package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tenantform/tenantform/internal/api"
	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/tenants"
)

func encode(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestNewNeedsItsArguments(t *testing.T) {
	_, err := api.New(api.Args{}, nil)
	for _, name := range []string{"ledger", "verifier", "catalogue", "complete", "planner", "canceller", "watch"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
	h := newHouse(t, nil)
	for name, limits := range map[string]api.Limits{
		"limits.writesPerSecond": {WritesPerSecond: -1}, "limits.readsPerSecond": {ReadsPerSecond: math.NaN()}, "limits.timeout": {Timeout: -1}, "limits.bodyBytes": {BodyBytes: -1},
	} {
		if _, err := api.New(h.args, &api.Options{Limits: limits}); tenants.CodeOf(err) != tenants.CodeInvalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
	if _, err := api.New(h.args, nil); err != nil {
		t.Errorf("without options: %v", err)
	}
}

// TestRates asks more often than is allowed.
func TestRates(t *testing.T) {
	clock := &testtime.Clock{}
	h := newHouse(t, func(_ *api.Args, o *api.Options) {
		o.Now = clock.Now
		o.Limits = api.Limits{ReadsPerSecond: 2, ReadBurst: 3, WritesPerSecond: 0.2, WriteBurst: 1}
	})
	get := request{method: "GET", path: "/v1/tiers", token: h.delivery()}
	for range 3 {
		h.want(http.StatusOK, get)
	}
	res := h.want(http.StatusTooManyRequests, get)
	if res.Header.Get("Retry-After") != "1" || read[wire.Problem](t, res).Code != "unavailable" {
		t.Errorf("%v %s", res.Header, res.body)
	}
	write := request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: newTenant("acme", "free")}
	h.want(http.StatusCreated, write)
	if res := h.want(http.StatusTooManyRequests, write); res.Header.Get("Retry-After") != "5" {
		t.Errorf("a write is to wait %s s", res.Header.Get("Retry-After"))
	}
	h.want(http.StatusOK, request{method: "GET", path: "/v1/tiers", token: h.operator()}) // somebody else
	clock.Pass(500 * time.Millisecond)
	h.want(http.StatusOK, get)
	h.want(http.StatusTooManyRequests, get)
	clock.Pass(time.Hour) // nothing is saved up beyond the burst
	for range 3 {
		h.want(http.StatusOK, get)
	}
	h.want(http.StatusTooManyRequests, get)
	// Requests that find nothing count too.
	nothing := request{method: "GET", path: "/nothing", token: h.operator()}
	for range 3 {
		h.want(http.StatusNotFound, nothing)
	}
	h.want(http.StatusTooManyRequests, nothing)
}

func TestBodies(t *testing.T) {
	h := newHouse(t, func(_ *api.Args, o *api.Options) {
		o.Limits.BodyBytes = 1000
		o.Limits.Timeout = 300 * time.Millisecond
	})
	body := func(n int) string {
		in := newTenant("acme", "free")
		in.Reason = strings.Repeat("x", n-len(encode(t, in))-len(`,"reason":""`))
		return string(encode(t, in))
	}
	for _, reader := range []any{body(1001), io.MultiReader(strings.NewReader(body(1001))), strings.Repeat("x", 5<<20)} { // the second without a length
		h.refused(http.StatusRequestEntityTooLarge, tenants.CodeInvalid, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: reader})
	}
	h.refused(http.StatusRequestEntityTooLarge, tenants.CodeInvalid, request{method: "DELETE", path: "/v1/tenants/acme", token: h.delivery(), body: strings.Repeat("x", 1001)})
	// Who may not write at all is told that first.
	h.refused(http.StatusForbidden, tenants.CodeForbidden, request{method: "POST", path: "/v1/tenants", token: h.operator(), body: body(1001)})
	h.want(http.StatusCreated, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: body(1000)})

	// A body that does not come, and one that breaks off.
	send := func(rest string, hangUp bool) string {
		c, err := net.Dial("tcp", h.server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := fmt.Fprintf(c, "POST /v1/tenants HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n%s", h.delivery(), rest); err != nil {
			t.Fatal(err)
		}
		if tcp, ok := c.(*net.TCPConn); ok && hangUp {
			_ = tcp.CloseWrite()
		}
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		conforms(t, "POST", "/v1/tenants", reply{res, text})
		return res.Status
	}
	if status := send("Content-Length: 100\r\n\r\n{", false); status != "408 Request Timeout" {
		t.Errorf("a body that does not come: %s", status)
	}
	if status := send("Content-Length: 100\r\n\r\n{", true); status != "400 Bad Request" {
		t.Errorf("a body that breaks off: %s", status)
	}
	if status := send("Transfer-Encoding: chunked\r\n\r\nzz\r\n", false); status != "400 Bad Request" {
		t.Errorf("a body in broken pieces: %s", status)
	}
}

// stuck is a ledger that does not answer, or not well.
type stuck struct {
	tenants.Ledger
	mu  sync.Mutex
	err error // nil: it waits for the context
	on  bool
}

func (s *stuck) fail(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.on {
		return nil
	}
	if s.err != nil {
		return s.err
	}
	<-ctx.Done()
	return tenants.Errorf(tenants.CodeUnavailable, "the store was not asked: %w", ctx.Err())
}

func (s *stuck) set(on bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on, s.err = on, err
}

func (s *stuck) Get(ctx context.Context, id string) (tenants.Tenant, error) {
	if err := s.fail(ctx); err != nil {
		return tenants.Tenant{}, err
	}
	return s.Ledger.Get(ctx, id)
}

func (s *stuck) Begin(ctx context.Context, c tenants.Change) (tenants.Begun, error) {
	if err := s.fail(ctx); err != nil {
		return tenants.Begun{}, err
	}
	return s.Ledger.Begin(ctx, c)
}

// TestFaultsOfTheLedger never tells a cause.
func TestFaultsOfTheLedger(t *testing.T) {
	var ledger *stuck
	h := newHouse(t, func(a *api.Args, o *api.Options) {
		ledger = &stuck{Ledger: a.Ledger}
		a.Ledger, o.Limits.Timeout = ledger, 200*time.Millisecond
	})
	h.active("acme", "standard")
	asks := []request{
		{method: "GET", path: "/v1/tenants/acme", token: h.delivery()},
		{method: "POST", path: "/v1/tenants", token: h.delivery(), body: newTenant("birch", "free")},
		{method: "POST", path: "/v1/tenants/acme/deactivate", token: h.delivery(), header: map[string]string{"Idempotency-Key": "k"}},
	}
	for err, want := range map[error]int{
		nil: http.StatusServiceUnavailable,
		&tenants.Error{Code: tenants.CodeUnavailable, Message: "SQLite at /srv/ledger.db: " + errDown.Error(), Cause: errDown}: http.StatusServiceUnavailable,
		&tenants.Error{Code: tenants.CodeInternal, Message: "PostgreSQL refused: " + errDown.Error(), Cause: errDown}:          http.StatusInternalServerError,
		errDown: http.StatusInternalServerError,
	} {
		ledger.set(true, err)
		for _, r := range asks {
			began := time.Now()
			res := h.want(want, r)
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%s is answered after %s", r.path, took)
			}
			p := read[wire.Problem](t, res)
			if strings.Contains(string(res.body), ":5432") || strings.Contains(string(res.body), "/srv") || p.Detail == "" {
				t.Errorf("the answer is %s", res.body)
			}
			if (res.Header.Get("Retry-After") != "") != (want == http.StatusServiceUnavailable) {
				t.Errorf("%d with Retry-After %q", want, res.Header.Get("Retry-After"))
			}
			if !strings.Contains(h.log.String(), "correlation_id="+p.CorrelationID) {
				t.Errorf("the log has nothing of %s", p.CorrelationID)
			}
		}
	}
	ledger.set(false, nil)
	h.want(http.StatusOK, asks[0])
}

// tampered is a ledger whose journal was changed.
type tampered struct {
	tenants.Ledger
	err error
}

func (l tampered) VerifyAudit(context.Context) (int64, error) { return 3, l.err }

func TestAuditThatIsNotSound(t *testing.T) {
	for code, want := range map[tenants.Code]int{tenants.CodeFailedPrecondition: http.StatusOK, tenants.CodeUnavailable: http.StatusServiceUnavailable} {
		h := newHouse(t, func(a *api.Args, _ *api.Options) {
			a.Ledger = tampered{a.Ledger, tenants.Errorf(code, "broken at entry 4")}
		})
		res := h.want(want, request{method: "GET", path: "/v1/audit/verify", token: h.operator()})
		if check := read[wire.AuditCheck](t, res); want == http.StatusOK && (check.Sound || check.Entries != 3 || check.Problem != "broken at entry 4") {
			t.Errorf("the check is %+v", check)
		}
		if !strings.Contains(h.log.String(), "broken at entry 4") {
			t.Error("the log has nothing of it")
		}
	}
}

// plannerFunc is a planner.
type plannerFunc func(context.Context, tenants.Tenant, tenants.Operation) (lifecycle.Plan, error)

func (f plannerFunc) Plan(ctx context.Context, t tenants.Tenant, op tenants.Operation) (lifecycle.Plan, error) {
	return f(ctx, t, op)
}

// TestPanic lets a handler fall over: before it answers, and in a stream.
func TestPanic(t *testing.T) {
	h := newHouse(t, func(a *api.Args, _ *api.Options) {
		a.Planner = plannerFunc(func(context.Context, tenants.Tenant, tenants.Operation) (lifecycle.Plan, error) {
			panic("secret cause")
		})
	})
	res := h.want(http.StatusInternalServerError, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: newTenant("acme", "free"), header: map[string]string{"X-Correlation-Id": "falls"}})
	if strings.Contains(string(res.body), "secret") || read[wire.Problem](t, res).CorrelationID != "falls" {
		t.Errorf("the answer is %s", res.body)
	}
	log := h.log.String()
	if !strings.Contains(log, "correlation_id=falls") || !strings.Contains(log, "secret cause") || !strings.Contains(log, "TestPanic") {
		t.Error("the log has no cause, no stack or no correlation id")
	}
}

// TestCorrelation sends ids of all kinds.
func TestCorrelation(t *testing.T) {
	h := newHouse(t, nil)
	ask := func(header map[string]string) reply {
		return h.do(request{method: "GET", path: "/v1/tiers", token: h.delivery(), header: header})
	}
	for _, id := range []string{"a", "req-1/2:3", strings.Repeat("x", 128)} {
		if res := ask(map[string]string{"X-Correlation-Id": id}); res.StatusCode != http.StatusOK || res.Header.Get("X-Correlation-Id") != id {
			t.Errorf("%q comes back as %q with %d", id, res.Header.Get("X-Correlation-Id"), res.StatusCode)
		}
	}
	for _, id := range []string{"a b", strings.Repeat("x", 129), "ümlaut", "a\tb"} {
		res := ask(map[string]string{"X-Correlation-Id": id})
		if p := read[wire.Problem](t, res); res.StatusCode != http.StatusBadRequest || len(p.Errors) != 1 || p.Errors[0].Field != "X-Correlation-Id" || p.CorrelationID == id {
			t.Errorf("%q: %d %s", id, res.StatusCode, res.body)
		}
	}
	if res := ask(map[string]string{"Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}); res.Header.Get("X-Correlation-Id") != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("a trace gives %q", res.Header.Get("X-Correlation-Id"))
	}
	for _, header := range []string{"", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-xyz-1-1", "rubbish"} {
		if one, two := ask(map[string]string{"Traceparent": header}), ask(nil); len(one.Header.Get("X-Correlation-Id")) < 20 || one.Header.Get("X-Correlation-Id") == two.Header.Get("X-Correlation-Id") {
			t.Errorf("Traceparent %q gives %q", header, one.Header.Get("X-Correlation-Id"))
		}
	}
}

// TestTrace tells the trace that a request is part of what it is about.
func TestTrace(t *testing.T) {
	h := newHouse(t, nil)
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
	ctx, span := tracer.Start(t.Context(), "request")
	r := httptest.NewRequest(http.MethodGet, "/v1/tenants/acme", nil).WithContext(ctx)
	r.Header.Set("Authorization", "Bearer "+h.delivery())
	res := h.answered(r)
	span.End()
	trace := span.SpanContext().TraceID().String()
	if got := res.Header.Get("X-Correlation-Id"); got != trace {
		t.Errorf("the correlation id is %q in the trace %s", got, trace)
	}
	ended := spans.Ended()[0]
	if ended.Name() != "GET /v1/tenants/{id}" || !slices.Contains(ended.Attributes(), attribute.String("correlation_id", trace)) || !slices.Contains(ended.Attributes(), attribute.String("http.route", "/v1/tenants/{id}")) {
		t.Errorf("the span is %q with %v", ended.Name(), ended.Attributes())
	}
}

// told is what the metrics heard.
type told struct {
	mu  sync.Mutex
	all []string
}

func (m *told) Request(method, route string, status int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, fmt.Sprintf("%s %s %d %t", method, route, status, took >= 0))
}

func TestMetrics(t *testing.T) {
	m := &told{}
	h := newHouse(t, func(_ *api.Args, o *api.Options) { o.Metrics = m })
	h.do(request{method: "GET", path: "/v1/tenants/acme", token: h.delivery()})
	h.do(request{method: "GET", path: "/v1/tenants/acme"})
	h.do(request{method: "BREW", path: "/v1/tenants", token: h.delivery()})
	h.do(request{method: "GET", path: "/nothing", token: h.delivery()})
	want := "GET /v1/tenants/{id} 404 true, GET /v1/tenants/{id} 401 true, other  405 true, GET  404 true"
	if got := strings.Join(m.all, ", "); got != want {
		t.Errorf("the metrics heard %s; want %s", got, want)
	}
}

// TestUnknownPathsAndMethods are problems too.
func TestUnknownPathsAndMethods(t *testing.T) {
	h := newHouse(t, nil)
	for _, path := range []string{"/", "/v1", "/v1/", "/v1/tenants/", "/v2/tenants", "/v1/tenants/acme/x", "/openapi.yaml", "/schemas/Tenant.json", "/debug/pprof/", "/metrics", "//v1/tiers", "/v1/../v1/tiers"} {
		h.refused(http.StatusNotFound, tenants.CodeNotFound, request{method: "GET", path: path, token: h.delivery()})
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"} {
		if res := h.want(http.StatusMethodNotAllowed, request{method: method, path: "/v1/tiers", token: h.delivery()}); res.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: Allow %q", method, res.Header.Get("Allow"))
		}
	}
	h.want(http.StatusOK, request{method: "HEAD", path: "/v1/tiers", token: h.delivery()})
	star := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodOptions, "*", nil)
	req.Header.Set("Authorization", "Bearer "+h.delivery())
	h.handler.ServeHTTP(star, req)
	if star.Code != http.StatusNotFound {
		t.Errorf("OPTIONS *: %d", star.Code)
	}
	for _, accept := range []string{"application/xml", "json", "text/html;q=0", ";q=x", ",", "*/*;q=0.1"} {
		if res := h.want(http.StatusOK, request{method: "GET", path: "/v1/tiers", token: h.delivery(), header: map[string]string{"Accept": accept}}); res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("who accepts %q gets %s", accept, res.Header.Get("Content-Type"))
		}
	}
	res := h.want(http.StatusOK, request{method: "GET", path: "/v1/tiers", token: h.token(auth.RoleTenantAdmin, "acme")})
	if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the headers are %v", res.Header)
	}
}
