package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

const secret = "eyJhbGciOiJFUzI1NiJ9.secret.part"

// asked is a request as it came in.
type asked struct {
	method, uri, key, authorization, contentType, ifMatch, lastEvent string
	body                                                             string
}

// plane is a control plane that answers by a script: one handler a request, the
// last one for all that follow.
type plane struct {
	*httptest.Server
	mu     sync.Mutex
	script []http.HandlerFunc
	asked  []asked
}

func newPlane(t *testing.T, script ...http.HandlerFunc) *plane {
	t.Helper()
	p := &plane{script: script}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *plane) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	p.asked = append(p.asked, asked{
		method: r.Method, uri: r.RequestURI, key: r.Header.Get("Idempotency-Key"), authorization: r.Header.Get("Authorization"),
		contentType: r.Header.Get("Content-Type"), ifMatch: r.Header.Get("If-Match"), lastEvent: r.Header.Get("Last-Event-ID"), body: string(body),
	})
	next := p.script[0]
	if len(p.script) > 1 {
		p.script = p.script[1:]
	}
	p.mu.Unlock()
	next(w, r)
}

func (p *plane) requests() []asked {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]asked{}, p.asked...)
}

// connect makes a client that waits for nothing, and notes for how long it would
// have.
func (p *plane) connect(t *testing.T, opts *Options) (*Client, *[]time.Duration) {
	t.Helper()
	c, err := New(Args{URL: p.URL, Token: func(context.Context) (string, error) { return secret, nil }}, opts)
	if err != nil {
		t.Fatal(err)
	}
	var pauses []time.Duration
	c.sleep = func(ctx context.Context, d time.Duration) error {
		pauses = append(pauses, d)
		return ctx.Err()
	}
	return c, &pauses
}

func answers(status int, v any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
}

func refuses(status int, p wire.Problem, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.Header().Set("Content-Type", wire.ContentProblem)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(p)
	}
}

// breaks sends a part of an answer and ends the connection.
func breaks(part string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = buf.WriteString(part)
		_ = buf.Flush()
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	}
}

var begun = wire.Change{Tenant: wire.Tenant{ID: "acme", Status: "creating"}, Operation: &wire.Operation{ID: "op1", Progress: "running"}}

func TestAWriteIsTriedAgainWithItsKey(t *testing.T) {
	for name, first := range map[string]http.HandlerFunc{
		"503":                      refuses(503, wire.Problem{Code: "unavailable"}),
		"504":                      refuses(504, wire.Problem{}),
		"502 of a proxy":           func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusBadGateway) },
		"429":                      refuses(429, wire.Problem{Code: "unavailable"}, "Retry-After", "1"),
		"no answer":                breaks(""),
		"a part of the header":     breaks("HTTP/1.1 201 Created\r\nContent-Le"),
		"a part of the answer":     breaks("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{\"tenant\": {\"id\""),
		"a chunk without its end":  breaks("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"ten\r\n"),
		"an end in a chunked body": breaks("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"ten"),
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlane(t, first, answers(201, begun))
			c, _ := p.connect(t, nil)
			got, err := c.CreateTenant(t.Context(), wire.CreateTenant{ID: "acme", Name: "Acme"}, nil)
			if err != nil || got.Operation == nil || got.Operation.ID != "op1" {
				t.Fatalf("%+v, %v", got, err)
			}
			all := p.requests()
			if len(all) < 2 || all[0].key == "" {
				t.Fatalf("requests: %+v", all)
			}
			for _, r := range all[1:] {
				if r != all[0] {
					t.Errorf("another try differs:\n%+v\n%+v", all[0], r)
				}
			}
		})
	}
}

func TestKeysDiffer(t *testing.T) {
	p := newPlane(t, answers(201, begun))
	c, _ := p.connect(t, nil)
	for _, w := range []*Write{nil, {}, {Key: "mine"}, {Key: "mine", DryRun: true}} {
		if _, err := c.CreateTenant(t.Context(), wire.CreateTenant{}, w); err != nil {
			t.Fatal(err)
		}
	}
	r := p.requests()
	if r[0].key == r[1].key || r[2].key != "mine" || r[3].key != "mine" {
		t.Errorf("keys: %q %q %q %q", r[0].key, r[1].key, r[2].key, r[3].key)
	}
	if r[2].uri != "/v1/tenants" || r[3].uri != "/v1/tenants?dryRun=true" {
		t.Errorf("%s, %s", r[2].uri, r[3].uri)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	p := newPlane(t, refuses(429, wire.Problem{Code: "unavailable"}, "Retry-After", "7"),
		refuses(503, wire.Problem{}, "Retry-After", time.Now().Add(20*time.Second).UTC().Format(http.TimeFormat)), answers(200, wire.Tenant{ID: "acme"}))
	c, pauses := p.connect(t, nil)
	if _, err := c.Tenant(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	if got := *pauses; len(got) != 2 || got[0] != 7*time.Second || got[1] < 15*time.Second || got[1] > 20*time.Second {
		t.Errorf("pauses: %v", got)
	}

	p = newPlane(t, refuses(429, wire.Problem{Code: "unavailable", Detail: "too many requests"}, "Retry-After", "3600"))
	c, pauses = p.connect(t, nil)
	_, err := c.Tenant(t.Context(), "acme")
	if tenants.CodeOf(err) != tenants.CodeUnavailable || !strings.Contains(err.Error(), "too many requests; ask again in 1h0m0s") || len(*pauses) != 0 {
		t.Errorf("%v after %v", err, *pauses)
	}
}

func TestTriesEnd(t *testing.T) {
	p := newPlane(t, refuses(503, wire.Problem{Code: "unavailable", Detail: "the ledger does not answer", CorrelationID: "c-1"}))
	c, pauses := p.connect(t, &Options{Attempts: 3})
	_, err := c.Tenant(t.Context(), "acme")
	if len(p.requests()) != 3 || len(*pauses) != 2 {
		t.Errorf("%d requests, pauses %v", len(p.requests()), *pauses)
	}
	if tenants.CodeOf(err) != tenants.CodeUnavailable || err.Error() != "the ledger does not answer" || CorrelationID(err) != "c-1" || Unheard(err) {
		t.Errorf("%v", err)
	}
	for i, d := range *pauses {
		if low := firstPause << i / 2; d < low || d > 2*low {
			t.Errorf("pause %d: %v", i, d)
		}
	}
}

func TestNothingElseIsTriedAgain(t *testing.T) {
	for status, want := range map[int]tenants.Code{
		400: tenants.CodeInvalid, 401: tenants.CodeForbidden, 403: tenants.CodeForbidden, 404: tenants.CodeNotFound, 409: tenants.CodeConflict,
		412: tenants.CodeConflict, 413: tenants.CodeInvalid, 415: tenants.CodeInvalid, 422: tenants.CodeInvalid, 500: tenants.CodeInternal,
	} {
		p := newPlane(t, refuses(status, wire.Problem{Title: "no", Code: map[bool]string{true: wire.CodeUnauthenticated}[status == 401]}))
		c, _ := p.connect(t, nil)
		_, err := c.MoveTenant(t.Context(), "acme", wire.MoveTenant{Tier: "premium"}, nil)
		if tenants.CodeOf(err) != want || len(p.requests()) != 1 {
			t.Errorf("%d: %v after %d requests", status, err, len(p.requests()))
		}
	}
}

func TestRefusalsKeepWhatTheySay(t *testing.T) {
	p := newPlane(t, refuses(422, wire.Problem{Code: "invalid", Detail: "one field is wrong", CorrelationID: "c-9",
		Errors: []wire.ProblemField{{Field: "tier", Message: "tier is \"gold\"; allowed: free", Value: "gold", Allowed: "free"}, {Field: "body", Message: "not JSON"}}}))
	c, _ := p.connect(t, nil)
	_, err := c.CreateTenant(t.Context(), wire.CreateTenant{}, nil)
	e, ok := err.(*tenants.Error) //nolint:errorlint // what renames fields looks at the error itself
	if !ok {
		t.Fatalf("%T: %v", err, err)
	}
	want := []tenants.FieldError{{Field: "tier", Value: "gold", Allowed: "free"}, {Field: "body", Allowed: "not JSON"}}
	if e.Code != tenants.CodeInvalid || fmt.Sprint(e.Fields) != fmt.Sprint(want) || CorrelationID(err) != "c-9" {
		t.Errorf("%+v, correlation id %q", e, CorrelationID(err))
	}
	cause, _ := errors.AsType[*ResponseError](err)
	if cause == nil || cause.Status != 422 || cause.Error() != "HTTP 422, correlation id c-9" {
		t.Errorf("cause: %v", cause)
	}

	p = newPlane(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(wire.HeaderCorrelationID, "c-10")
		http.Error(w, "nginx says no "+secret, http.StatusInternalServerError)
	})
	c, _ = p.connect(t, nil)
	_, err = c.Tenant(t.Context(), "acme")
	if tenants.CodeOf(err) != tenants.CodeInternal || !strings.Contains(err.Error(), "500 Internal Server Error, and not in the control plane's form") || CorrelationID(err) != "c-10" {
		t.Errorf("%v", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	other := newPlane(t, answers(200, wire.Tenant{ID: "acme"}))
	for _, status := range []int{301, 302, 303, 307, 308} {
		p := newPlane(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/v1/tenants/acme", status)
		})
		c, _ := p.connect(t, nil)
		_, err := c.Tenant(t.Context(), "acme")
		if tenants.CodeOf(err) != tenants.CodeFailedPrecondition || !strings.Contains(err.Error(), other.URL) || len(p.requests()) != 1 {
			t.Errorf("%d: %v", status, err)
		}
		for _, err := range c.Watch(t.Context(), "op1") {
			if tenants.CodeOf(err) != tenants.CodeFailedPrecondition {
				t.Errorf("watch, %d: %v", status, err)
			}
		}
	}
	if got := other.requests(); len(got) != 0 {
		t.Errorf("the other address was asked: %+v", got)
	}
}

func TestAddresses(t *testing.T) {
	token := func(context.Context) (string, error) { return secret, nil }
	for _, good := range []string{
		"https://tenants.example", "https://tenants.example:8443/base/", "http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]:80", "http://localhost:1", "HTTP://LocalHost",
	} {
		if _, err := New(Args{URL: good, Token: token}, nil); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "tenants.example", "ftp://tenants.example", "http://tenants.example", "http://10.0.0.1", "http://0.0.0.0:8080", "http://localhost.example", "http://127.0.0.1.example",
		"https://", "https:tenants.example", "https://a@tenants.example", "https://a:" + secret + "@tenants.example", "https://tenants.example?x=1", "https://tenants.example?", "https://tenants.example/#x", "http://[::1%25eth0",
	} {
		_, err := New(Args{URL: bad, Token: token}, nil)
		if tenants.CodeOf(err) != tenants.CodeInvalid || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := New(Args{URL: "https://tenants.example"}, nil); tenants.CodeOf(err) != tenants.CodeInvalid {
		t.Errorf("without a token: %v", err)
	}
	if _, err := New(Args{URL: "https://tenants.example", Token: token}, &Options{Attempts: -1}); tenants.CodeOf(err) != tenants.CodeInvalid {
		t.Errorf("fewer than no attempts: %v", err)
	}
}

func TestRequests(t *testing.T) {
	p := newPlane(t, answers(200, map[string]any{}))
	c, err := New(Args{URL: p.URL + "/base/", Token: func(context.Context) (string, error) { return secret, nil }}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, name := t.Context(), "new"
	for _, k := range []struct {
		do   func() error
		want string // method, URI, content type, If-Match, body
	}{
		{func() error { _, err := c.Tenant(ctx, "a/b?c"); return err }, "GET /base/v1/tenants/a%2Fb%3Fc   "},
		{func() error { _, err := c.Tenant(ctx, ".."); return err }, "GET /base/v1/tenants/..   "},
		{func() error {
			_, err := c.SearchTenants(ctx, tenants.Query{Tier: "free", Status: "active", Region: "eu-west-1", Service: "billing", Product: "crm", Model: "pool", Text: "a & b", After: "x", Limit: 7})
			return err
		}, "GET /base/v1/tenants?after=x&limit=7&model=pool&product=crm&q=a+%26+b&region=eu-west-1&service=billing&status=active&tier=free   "},
		{func() error { _, err := c.PatchTenant(ctx, "acme", 3, wire.PatchTenant{Name: &name}, nil); return err }, `PATCH /base/v1/tenants/acme application/merge-patch+json "3" {"name":"new"}`},
		{func() error { _, err := c.PatchTenant(ctx, "acme", 0, wire.PatchTenant{Reason: "x"}, nil); return err }, `PATCH /base/v1/tenants/acme application/merge-patch+json  {"reason":"x"}`},
		{func() error { _, err := c.ActivateTenant(ctx, "acme", "x", nil); return err }, `POST /base/v1/tenants/acme/activate application/json  {"reason":"x"}`},
		{func() error { _, err := c.DeactivateTenant(ctx, "acme", "", nil); return err }, `POST /base/v1/tenants/acme/deactivate application/json  {}`},
		{func() error { _, err := c.ReconcileTenant(ctx, "acme", "", &Write{DryRun: true}); return err }, `POST /base/v1/tenants/acme/reconcile?dryRun=true application/json  {}`},
		{func() error { _, err := c.DeleteTenant(ctx, "acme", "left us", &Write{DryRun: true}); return err }, `DELETE /base/v1/tenants/acme?dryRun=true&reason=left+us   `},
		{func() error { _, err := c.Products(ctx, "acme"); return err }, `GET /base/v1/tenants/acme/products   `},
		{func() error {
			_, err := c.PutProduct(ctx, "acme", "crm", wire.PutProduct{Licences: 5}, nil)
			return err
		}, `PUT /base/v1/tenants/acme/products/crm application/json  {"licences":5}`},
		{func() error { _, err := c.DeleteProduct(ctx, "acme", "crm", "x", nil); return err }, `DELETE /base/v1/tenants/acme/products/crm?reason=x   `},
		{func() error { _, err := c.Config(ctx, ConfigQuery{TenantID: "acme"}); return err }, `GET /base/v1/tenants/acme/config   `},
		{func() error { _, err := c.Config(ctx, ConfigQuery{Origin: "https://acme.example"}); return err }, `GET /base/v1/config?origin=https%3A%2F%2Facme.example   `},
		{func() error {
			_, err := c.SearchOperations(ctx, tenants.OperationQuery{TenantID: "acme", Limit: 1})
			return err
		}, `GET /base/v1/tenants/acme/operations?limit=1   `},
		{func() error {
			_, err := c.SearchOperations(ctx, tenants.OperationQuery{TenantID: "acme", Kind: "move"})
			return err
		}, `GET /base/v1/operations?kind=move&tenant=acme   `},
		{func() error { _, err := c.CancelOperation(ctx, "op1", nil); return err }, `POST /base/v1/operations/op1/cancel   `},
		{func() error { _, err := c.RetryOperation(ctx, "op1", "x", nil); return err }, `POST /base/v1/operations/op1/retry application/json  {"reason":"x"}`},
		{func() error { _, err := c.Services(ctx); return err }, `GET /base/v1/services   `},
		{func() error { _, err := c.Tiers(ctx); return err }, `GET /base/v1/tiers   `},
		{func() error { _, err := c.Audit(ctx, "acme", 5, 10); return err }, `GET /base/v1/audit?after=5&limit=10&tenant=acme   `},
		{func() error { _, err := c.VerifyAudit(ctx); return err }, `GET /base/v1/audit/verify   `},
	} {
		if err := k.do(); err != nil {
			t.Errorf("%s: %v", k.want, err)
		}
		all := p.requests()
		r := all[len(all)-1]
		if got := strings.Join([]string{r.method, r.uri, r.contentType, r.ifMatch, r.body}, " "); got != k.want {
			t.Errorf("got  %s\nwant %s", got, k.want)
		}
		if r.authorization != "Bearer "+secret || (r.key != "") != (r.method != "GET") {
			t.Errorf("%s: authorization %q, key %q", k.want, r.authorization, r.key)
		}
	}
}

func TestConfigIsNotGivenTwice(t *testing.T) {
	p := newPlane(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"7"`)
		if r.Header.Get("If-None-Match") == `"7"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		answers(200, wire.Config{TenantID: "acme", Tier: "free"})(w, r)
	})
	c, _ := p.connect(t, nil)
	got, err := c.Config(t.Context(), ConfigQuery{Name: "Acme Ltd"})
	if err != nil || got.TenantID != "acme" || got.ETag != `"7"` || got.Unchanged {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = c.Config(t.Context(), ConfigQuery{Name: "Acme Ltd", ETag: got.ETag})
	if err != nil || !got.Unchanged || got.ETag != `"7"` {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPages(t *testing.T) {
	p := newPlane(t, func(w http.ResponseWriter, r *http.Request) {
		pages := map[string]wire.Tenants{"": {Tenants: []wire.Tenant{{ID: "a"}, {ID: "b"}}, Next: "p2"}, "p2": {Tenants: []wire.Tenant{{ID: "c"}}}}
		answers(200, pages[r.URL.Query().Get("after")])(w, r)
	})
	c, _ := p.connect(t, nil)
	var ids []string
	for tenant, err := range c.Tenants(t.Context(), tenants.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, tenant.ID)
	}
	if strings.Join(ids, "") != "abc" || len(p.requests()) != 2 {
		t.Errorf("%v in %d requests", ids, len(p.requests()))
	}

	p = newPlane(t, answers(200, wire.Operations{Operations: []wire.Operation{{ID: "1"}}, Next: "p2"}), refuses(403, wire.Problem{Code: "forbidden"}))
	c, _ = p.connect(t, nil)
	var seen []string
	for op, err := range c.Operations(t.Context(), tenants.OperationQuery{}) {
		seen = append(seen, op.ID+string(tenants.CodeOf(err)))
	}
	if fmt.Sprint(seen) != "[1 forbidden]" {
		t.Errorf("%v", seen)
	}
}

// TestTheTokenIsInNoError makes every kind of error with a token that the server
// sends back wherever it can.
func TestTheTokenIsInNoError(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, k := range map[string]struct {
		script http.HandlerFunc
		ctx    context.Context
		token  string
	}{
		"broken":          {script: breaks("HTTP/1.1 200 OK\r\nX: " + secret)},
		"no HTTP":         {script: breaks(secret + "\r\n\r\n")},
		"not JSON":        {script: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, secret) }},
		"not a problem":   {script: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, secret, http.StatusTeapot) }},
		"cancelled":       {script: answers(200, nil), ctx: ended},
		"a line's end":    {script: answers(200, nil), token: secret + "\r\nX-Evil: 1"},
		"a space":         {script: answers(200, nil), token: secret + " " + secret},
		"another letter":  {script: answers(200, nil), token: secret + "é"},
		"no token at all": {script: answers(200, nil), token: " "},
	} {
		p := newPlane(t, k.script)
		c, _ := p.connect(t, &Options{Attempts: 2})
		if k.token != "" {
			c.token = func(context.Context) (string, error) { return k.token, nil }
		}
		ctx := k.ctx
		if ctx == nil {
			ctx = t.Context()
		}
		_, err := c.Tenant(ctx, "acme")
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(fmt.Sprintf("%v %+v", e, e), "secret") {
				t.Errorf("%s: the token is in %T: %v", name, e, e)
			}
		}
		if k.token != "" && len(p.requests()) > 0 {
			t.Errorf("%s: was sent", name)
		}
	}
}

func TestATokenThatCannotBeHad(t *testing.T) {
	p := newPlane(t, answers(200, nil))
	c, pauses := p.connect(t, nil)
	c.token = func(context.Context) (string, error) {
		return "", invalid("--token-file", "nowhere", "a file that can be read")
	}
	_, err := c.Tenant(t.Context(), "acme")
	if e, ok := err.(*tenants.Error); !ok || len(e.Fields) != 1 || e.Fields[0].Field != "--token-file" || len(*pauses) > 0 { //nolint:errorlint // it is given as it is
		t.Errorf("%v after %v", err, *pauses)
	}
}

func TestNobodyAnswers(t *testing.T) {
	p := newPlane(t, answers(200, nil))
	p.Close()
	c, pauses := p.connect(t, nil)
	_, err := c.DeleteTenant(t.Context(), "acme", "", nil)
	if tenants.CodeOf(err) != tenants.CodeUnavailable || !Unheard(err) || len(*pauses) != DefaultAttempts-1 {
		t.Errorf("%v after %v", err, *pauses)
	}
	if want := "the control plane at " + p.URL + " cannot be reached: "; !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "Delete") {
		t.Errorf("%v", err)
	}

	stuck := make(chan struct{})
	p = newPlane(t, func(http.ResponseWriter, *http.Request) { <-stuck })
	defer close(stuck)
	c, _ = p.connect(t, &Options{Timeout: 50 * time.Millisecond, Attempts: 2})
	_, err = c.Tenant(t.Context(), "acme")
	if tenants.CodeOf(err) != tenants.CodeUnavailable || !strings.Contains(err.Error(), "no answer within 50ms") {
		t.Errorf("%v", err)
	}
}

func TestAnotherCertificateIsNotTriedAgain(t *testing.T) {
	p := &plane{script: []http.HandlerFunc{answers(200, nil)}}
	p.Server = httptest.NewUnstartedServer(p)
	p.Config.ErrorLog = nil
	p.StartTLS()
	t.Cleanup(p.Close)
	c, pauses := p.connect(t, nil)
	if _, err := c.Tenant(t.Context(), "acme"); tenants.CodeOf(err) != tenants.CodeUnavailable || !strings.Contains(err.Error(), "certificate") || len(*pauses) != 0 {
		t.Errorf("%v after %v", err, *pauses)
	}
	c, _ = p.connect(t, &Options{Transport: p.Client().Transport})
	if _, err := c.Tenant(t.Context(), "acme"); err != nil || len(p.requests()) != 1 {
		t.Errorf("with the certificate: %v", err)
	}
}
