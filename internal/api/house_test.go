package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/api"
	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/internal/issuer"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

const audience = "tenantform-api"

// house is the API with everything real around it but for the workflows, which a
// test ends as it likes.
type house struct {
	testing.TB
	ledger  *sqlstore.Store
	broker  *workflows.Broker
	issuer  *issuer.Issuer
	steps   *lifecycle.Lifecycle
	args    api.Args
	handler http.Handler
	server  *httptest.Server
	log     *lines
	nudges  atomic.Int32
	forger  *provider // whose tokens are taken too

	mu        sync.Mutex
	cancelled []string
	cancel    error // what Cancel answers
	tokens    map[string]string
}

// lines are those of a log.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Cancel is what the API asks of the workflows.
func (h *house) Cancel(_ context.Context, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cancelled = append(h.cancelled, id)
	return h.cancel
}

// plenty are limits that no test meets by chance.
func plenty() api.Limits {
	return api.Limits{ReadsPerSecond: 1e6, ReadBurst: 1e6, WritesPerSecond: 1e6, WriteBurst: 1e6}
}

func services() tenants.ServiceCatalogue {
	return tenants.ServiceCatalogue{Services: []tenants.Service{
		{Name: "billing", Description: "Sends bills", Operations: []tenants.OperationKind{tenants.OperationCreate, tenants.OperationDelete}},
		{Name: "reporting", Products: []string{"reports"}},
	}}
}

// newHouse makes a house; change may be nil.
func newHouse(t testing.TB, change func(*api.Args, *api.Options)) *house {
	t.Helper()
	dir := t.TempDir()
	h := &house{TB: t, broker: &workflows.Broker{}, log: &lines{}, tokens: map[string]string{}, cancel: tenants.Errorf(tenants.CodeNotFound, "nothing under way")}
	var err error
	if h.ledger, err = sqlstore.OpenSQLite(t.Context(), filepath.Join(dir, "ledger.db"), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.ledger.Close() })
	var served atomic.Pointer[issuer.Issuer]
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { served.Load().Handler().ServeHTTP(w, r) }))
	t.Cleanup(provider.Close)
	if h.issuer, err = issuer.Open(issuer.Args{Dir: filepath.Join(dir, "issuer"), URL: provider.URL, Audience: audience}, nil); err != nil {
		t.Fatal(err)
	}
	served.Store(h.issuer)
	verifier, err := auth.NewVerifier(auth.Args{Issuer: provider.URL, Audience: audience}, nil)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := tenantfile.DefaultCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	h.steps = &lifecycle.Lifecycle{
		Store: h.ledger, Journal: h.ledger, Catalogue: catalogue,
		Settings: stacks.Settings{Environment: "dev", Region: "eu-west-1", AccountID: "111111111111", FunctionsAccountID: "222222222222"},
		Transfer: func(context.Context, string, tenants.Placement, tenants.Placement) error { return nil },
	}
	h.forger = newProvider(t)
	strange, err := auth.NewVerifier(auth.Args{Issuer: h.forger.URL, Audience: audience}, nil)
	if err != nil {
		t.Fatal(err)
	}
	args := api.Args{
		Ledger: h.ledger, Verifier: either{verifier, strange}, Catalogue: catalogue, Complete: h.steps.Complete, Planner: h.steps, Canceller: h,
		Watch: func(ctx context.Context, id string) iter.Seq2[workflows.Update, error] {
			return h.broker.Watch(ctx, h.ledger, id, 20*time.Millisecond)
		},
	}
	opts := api.Options{
		Services: services(), Nudge: func() { h.nudges.Add(1) }, Version: "test", Limits: plenty(),
		Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&args, &opts)
	}
	h.args = args
	if h.handler, err = api.New(args, &opts); err != nil {
		t.Fatal(err)
	}
	h.server = httptest.NewServer(h.handler)
	t.Cleanup(h.server.Close)
	return h
}

// token gives one of somebody's in a role; of a tenant where one is named.
func (h *house) token(role auth.Role, tenantID string) string {
	h.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	key := string(role) + "/" + tenantID
	if h.tokens[key] == "" {
		token, err := h.issuer.Token(issuer.Grant{Subject: strings.Trim(key, "/"), Roles: []auth.Role{role}, TenantID: tenantID})
		if err != nil {
			h.Fatal(err)
		}
		h.tokens[key] = token
	}
	return h.tokens[key]
}

func (h *house) delivery() string { return h.token(auth.RoleDelivery, "") }
func (h *house) operator() string { return h.token(auth.RoleOperator, "") }

// reply is an answer.
type reply struct {
	*http.Response
	body []byte
}

// request is what a test asks; Body may be a text, which is sent as it is, or
// something to be encoded.
type request struct {
	method, path, token string
	body                any
	header              map[string]string
}

// do asks, and checks the answer against the document.
func (h *house) do(r request) reply {
	h.Helper()
	req, err := http.NewRequestWithContext(h.Context(), r.method, h.server.URL+r.path, bodyOf(h, r.body))
	if err != nil {
		h.Fatal(err)
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
		if r.method == http.MethodPatch {
			req.Header.Set("Content-Type", wire.ContentMergePatch)
		}
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		h.Fatal(err)
	}
	out := reply{res, body}
	conforms(h, r.method, req.URL.Path, out)
	return out
}

func bodyOf(t testing.TB, body any) io.Reader {
	switch body := body.(type) {
	case nil:
		return nil
	case string:
		return strings.NewReader(body)
	case io.Reader:
		return body
	}
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(data)
}

// want asks and wants a status.
func (h *house) want(status int, r request) reply {
	h.Helper()
	res := h.do(r)
	if res.StatusCode != status {
		h.Fatalf("%s %s: %d %s; want %d", r.method, r.path, res.StatusCode, res.body, status)
	}
	return res
}

// refused asks and wants a problem.
func (h *house) refused(status int, code tenants.Code, r request) wire.Problem {
	h.Helper()
	res := h.want(status, r)
	p := read[wire.Problem](h, res)
	if p.Code != string(code) {
		h.Fatalf("%s %s: code %s; want %s: %s", r.method, r.path, p.Code, code, res.body)
	}
	return p
}

func read[T any](t testing.TB, r reply) T {
	t.Helper()
	var out T
	if err := json.Unmarshal(r.body, &out); err != nil {
		t.Fatalf("%s: %v", r.body, err)
	}
	return out
}

// create asks for a tenant through the API.
func (h *house) create(id, tier string) wire.Change {
	h.Helper()
	res := h.want(http.StatusCreated, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: newTenant(id, tier)})
	return read[wire.Change](h, res)
}

func newTenant(id, tier string) wire.CreateTenant {
	return wire.CreateTenant{ID: id, Name: "Tenant " + id, AdminEmail: "ops@" + id + ".example", Tier: tier, Origins: []string{"https://" + id + ".example"}}
}

// active asks for a tenant, and ends its creation.
func (h *house) active(id, tier string) tenants.Tenant {
	h.Helper()
	return h.end(h.create(id, tier).Operation.ID, "")
}

// end ends an operation as its workflow would; with a failure where one is named.
func (h *house) end(id, failure string) tenants.Tenant {
	h.Helper()
	ctx := context.WithoutCancel(h.Context())
	op, err := h.ledger.Operation(ctx, id)
	if err != nil {
		h.Fatal(err)
	}
	t, err := h.ledger.Get(ctx, op.TenantID)
	if err != nil {
		h.Fatal(err)
	}
	if op.Kind == tenants.OperationCreate && failure == "" {
		tier, err := h.steps.Catalogue.Tier(t.Tier)
		if err != nil {
			h.Fatal(err)
		}
		t.Placements = []tenants.Placement{tier.Placement()}
		t.Settings = tenants.Settings{UserPoolID: "eu-west-1_AbCdEfGhI", AppClientID: "client", Endpoint: "https://api.example", IssuerURL: "https://issuer.example"}
	}
	op.EndedAt = time.Now().UTC()
	if failure == "" {
		op.Progress, t = tenants.ProgressSucceeded, lifecycle.Succeeded(t, op.Kind)
		if op.Kind == tenants.OperationMove {
			t.Tier = op.ToTier
		}
	} else {
		op.Progress, op.Error, t = tenants.ProgressFailed, failure, lifecycle.Failed(t)
	}
	stored, err := h.ledger.Advance(ctx, tenants.Advance{Operation: op, Tenant: &t})
	if err != nil {
		h.Fatal(err)
	}
	return stored
}

// audit gives the newest entries of the journal, oldest first.
func (h *house) audit(n int) []tenants.AuditEntry {
	h.Helper()
	all, err := h.ledger.Audit(h.Context(), 0, "", 10000)
	if err != nil {
		h.Fatal(err)
	}
	return all[max(0, len(all)-n):]
}

// get gives a tenant as the ledger has it.
func (h *house) get(id string) tenants.Tenant {
	h.Helper()
	t, err := h.ledger.Get(h.Context(), id)
	if err != nil {
		h.Fatal(err)
	}
	return t
}

// operations gives those of a tenant, oldest first.
func (h *house) operations(id string) []tenants.Operation {
	h.Helper()
	ops, err := h.ledger.Operations(h.Context(), id)
	if err != nil {
		h.Fatal(err)
	}
	return ops
}

var errDown = errors.New("dial tcp db.internal:5432: connection refused")

// either takes tokens of two issuers.
type either [2]auth.TokenVerifier

func (e either) Verify(ctx context.Context, token string) (auth.Principal, error) {
	p, err := e[0].Verify(ctx, token)
	if err != nil {
		return e[1].Verify(ctx, token)
	}
	return p, nil
}
