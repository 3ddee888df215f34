package api_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tenantform/tenantform/internal/api"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

// answered gives what the handler answers to any request, as no client would send it.
func (h *house) answered(r *http.Request) reply {
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	res := w.Result()
	body, _ := io.ReadAll(res.Body)
	return reply{res, body}
}

// brief makes a house whose streams end soon.
func brief(t testing.TB) *house {
	limits := plenty()
	limits.WatchTime = 5 * time.Millisecond
	return newHouse(t, func(_ *api.Args, o *api.Options) { o.Limits = limits })
}

// sound checks an answer to anything: no fault of the server's own, and what the
// document says.
func sound(t testing.TB, h *house, r *http.Request, what string) reply {
	t.Helper()
	res := h.answered(r)
	if res.StatusCode >= 500 {
		log := h.log.String()
		t.Fatalf("%s: %d %s\n%s", what, res.StatusCode, res.body, log[max(0, len(log)-2000):])
	}
	conforms(t, r.Method, r.URL.Path, res)
	return res
}

// anything draws requests.
type anything struct {
	*rapid.T
	h      *house
	routes []string
	ids    []string // of tenants and operations
	tokens []string
}

func (a *anything) pick(name string, from []string) string {
	return rapid.SampledFrom(from).Draw(a.T, name)
}

func (a *anything) text(name string) string {
	return rapid.OneOf(
		rapid.String(), rapid.StringN(0, 300, 4000), rapid.StringMatching(`[a-z][a-z0-9-]{0,30}`), rapid.StringMatching(`[ -~]{0,20}`),
		rapid.SampledFrom([]string{"", "null", "0", "-1", "true", "\x00", "..", "../..", "%", "%00", "*", "'", "\"", "acme", "standard", "premium", "https://acme.example",
			"ops@acme.example", "eu-west-1", "active", "create", "running", "reports", "\u202e", "\ufffd", "9223372036854775808", "<script>", "${x}", "{{x}}", "a,b", "W/\"1\"", "\"1\"", "\"2\""}),
	).Draw(a.T, name)
}

func (a *anything) path(template string) string {
	if rapid.IntRange(0, 15).Draw(a.T, "strange path") == 0 {
		return "/" + a.text("path")
	}
	parts := strings.Split(template, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "{") {
			parts[i] = a.pick("id", a.ids)
			if rapid.IntRange(0, 9).Draw(a.T, "strange id") == 0 {
				parts[i] = a.text("id")
			}
		}
	}
	return strings.Join(parts, "/")
}

func (a *anything) query() string {
	names := []string{"tier", "status", "region", "service", "product", "model", "q", "after", "limit", "kind", "progress", "tenant", "origin", "name", "reason", "dryRun"}
	var parts []string
	for range max(0, rapid.IntRange(-3, 3).Draw(a.T, "parameters")) {
		name := a.pick("parameter", names)
		if rapid.IntRange(0, 9).Draw(a.T, "strange parameter") == 0 {
			name = a.text("parameter")
		}
		value := a.text("value")
		if rapid.Bool().Draw(a.T, "escaped") {
			name, value = url.QueryEscape(name), url.QueryEscape(value)
		}
		parts = append(parts, name+"="+value)
	}
	return strings.Join(parts, "&")
}

// value draws JSON.
func (a *anything) value(depth int) any {
	switch rapid.IntRange(0, 8).Draw(a.T, "kind of value") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(a.T, "bool")
	case 2:
		return rapid.Int64().Draw(a.T, "int")
	case 3:
		return json.Number(a.pick("number", []string{"0", "-0", "1e3", "1.5", "1e400", "-1e-400", "123456789012345678901234567890", "5"}))
	case 4:
		if depth < 3 {
			list := []any{}
			for range rapid.IntRange(0, 4).Draw(a.T, "length") {
				list = append(list, a.value(depth+1))
			}
			return list
		}
	case 5:
		if depth < 3 {
			return a.object(depth + 1)
		}
	}
	return a.text("text")
}

func (a *anything) object(depth int) map[string]any {
	names := []string{"id", "name", "adminEmail", "tier", "region", "costCenter", "origins", "products", "reason", "licences", "dataMoved", "functions", "Name", "status"}
	out := map[string]any{}
	for range rapid.IntRange(0, 6).Draw(a.T, "fields") {
		name := a.pick("field", names)
		if rapid.IntRange(0, 9).Draw(a.T, "strange field") == 0 {
			name = a.text("field")
		}
		out[name] = a.value(depth)
	}
	return out
}

// likely draws a body as a route wants it.
func (a *anything) likely(template string) map[string]any {
	out := map[string]any{}
	maybe := func(name string, value any) {
		if rapid.Bool().Draw(a.T, "with "+name) {
			out[name] = value
		}
	}
	tier := a.pick("tier", []string{"free", "standard", "premium"})
	switch {
	case template == "/v1/tenants":
		out["name"], out["adminEmail"], out["tier"] = a.pick("name", []string{"Acme", "Birch & Co", "acme"}), "ops@acme.example", tier
		maybe("id", a.pick("id", []string{"acme", "birch", "cedar"}))
		maybe("products", []map[string]any{{"name": a.pick("product", []string{"reports", "search"})}})
	case strings.HasSuffix(template, "/move"):
		out["tier"] = tier
		maybe("dataMoved", true)
	case strings.HasSuffix(template, "/{name}"):
		out["licences"] = rapid.IntRange(-1, 10).Draw(a.T, "licences")
	case template == "/v1/tenants/{id}":
		maybe("name", a.text("name"))
		maybe("costCenter", a.pick("cost center", []string{"sales", "", "other"}))
		maybe("origins", []string{"https://" + a.pick("host", []string{"a", "b"}) + ".example"})
	}
	maybe("reason", "because")
	return out
}

func (a *anything) body(template string) []byte {
	var out map[string]any
	switch rapid.IntRange(0, 19).Draw(a.T, "kind of body") {
	case 0:
		return nil
	case 1:
		return rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(a.T, "bytes")
	case 2:
		return []byte(strings.Repeat("[", 70000))
	case 3, 4, 5:
		out = a.object(0)
	default:
		out = a.likely(template)
	}
	text, err := json.Marshal(out)
	if err != nil {
		return []byte("{}")
	}
	return text
}

func (a *anything) request() *http.Request {
	method, template, _ := strings.Cut(a.pick("route", a.routes), " ")
	if rapid.IntRange(0, 9).Draw(a.T, "another method") == 0 {
		method = a.pick("method", []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "BREW", "get"})
	}
	header := http.Header{}
	if rapid.IntRange(0, 30).Draw(a.T, "no token") > 0 {
		header.Set("Authorization", "Bearer "+a.pick("token", a.tokens))
	} else {
		header.Set("Authorization", a.text("authorization"))
	}
	for _, name := range []string{"If-Match", "If-None-Match", "Idempotency-Key", "X-Correlation-Id", "Last-Event-ID", "Accept", "Content-Type", "Traceparent", "Content-Length", "Transfer-Encoding", "Accept-Encoding"} {
		switch rapid.IntRange(0, 40).Draw(a.T, name) {
		case 0:
			header.Set(name, a.text(name))
		case 1:
			header.Set(name, a.pick(name, []string{"k", "application/json", "application/merge-patch+json", "text/plain", "application/json; charset=latin1", "*/*", `"1"`, "*", "gzip"}))
		}
	}
	path := a.path(template)
	r := &http.Request{
		Method: method, URL: &url.URL{Path: path, RawQuery: a.query()}, Header: header, Host: "api.example", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(a.body(template))), RemoteAddr: "127.0.0.1:1", RequestURI: path,
	}
	return r.WithContext(a.h.Context())
}

// TestAnything sends what it may: nothing is a fault of the server's, everything is
// answered as the document says, and the ledger stays sound.
func TestAnything(t *testing.T) {
	h := brief(t)
	rapid.Check(t, func(rt *rapid.T) {
		a := &anything{T: rt, h: h, routes: documented(t).every()}
		for _, role := range []auth.Role{auth.RoleDelivery, auth.RoleDelivery, auth.RoleDelivery, auth.RoleOperator, auth.RoleViewer} {
			a.tokens = append(a.tokens, h.token(role, ""))
		}
		a.tokens = append(a.tokens, h.token(auth.RoleTenantAdmin, "acme"))
		for range 40 {
			a.ids = []string{"acme", "birch", "nobody"}
			ops, err := h.ledger.SearchOperations(t.Context(), tenants.OperationQuery{Limit: 5})
			if err != nil {
				t.Fatal(err)
			}
			for _, op := range ops.Operations {
				a.ids = append(a.ids, op.ID, op.TenantID)
				if op.Progress == tenants.ProgressRunning && rapid.Bool().Draw(rt, "ends") {
					h.end(op.ID, rapid.SampledFrom([]string{"", "no"}).Draw(rt, "failure"))
				}
			}
			r := a.request()
			sound(t, h, r, r.Method+" "+r.URL.String())
		}
	})
	n, err := h.ledger.VerifyAudit(t.Context())
	if err != nil || n == 0 {
		t.Errorf("the journal has %d sound entries, %v", n, err)
	}
	all, err := h.ledger.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[tenants.OperationKind]int{}
	for _, kind := range tenants.OperationKinds() {
		page, err := h.ledger.SearchOperations(t.Context(), tenants.OperationQuery{Kind: kind, Limit: tenants.MaxPageLimit})
		if err != nil {
			t.Fatal(err)
		}
		kinds[kind] = len(page.Operations)
	}
	t.Logf("%d tenants, %d entries in the journal, operations %v", len(all), n, kinds)
	if kinds[tenants.OperationCreate] == 0 || kinds[tenants.OperationDelete] == 0 {
		t.Error("nothing was reached")
	}
}

// FuzzRequest sends texts that net/http takes for requests.
func FuzzRequest(f *testing.F) {
	h := brief(f)
	h.active("acme", "standard")
	for _, route := range documented(f).every() {
		method, path, _ := strings.Cut(route, " ")
		path = strings.NewReplacer("{id}", "acme", "{name}", "reports").Replace(path)
		body := `{"name":"Acme","adminEmail":"ops@acme.example","tier":"free","licences":1}`
		f.Add([]byte(method + " " + path + "?dryRun=true HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\nContent-Length: 74\r\n\r\n" + body))
	}
	f.Add([]byte("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Add([]byte("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Add([]byte("GET http://x HTTP/1.1\r\nHost: x\r\nX-Correlation-Id: \xff\r\n\r\n"))
	token := h.delivery()
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
		if err != nil {
			return // it is no request
		}
		if r.Header.Get("Authorization") == "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		sound(t, h, r, string(text))
	})
}
