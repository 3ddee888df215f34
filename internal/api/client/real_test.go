package client_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/api"
	"github.com/tenantform/tenantform/internal/api/client"
	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// anybody takes every token.
type anybody struct{}

func (anybody) Verify(_ context.Context, token string) (auth.Principal, error) {
	return auth.Principal{Subject: token, Roles: []auth.Role{auth.RoleDelivery, auth.RoleOperator}, Issuer: "test"}, nil
}

func (anybody) Cancel(context.Context, string) error { return nil }

// serve runs the real API on a ledger of its own.
func serve(t *testing.T, limits api.Limits) (*httptest.Server, *sqlstore.Store) {
	t.Helper()
	ledger, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := tenantfile.DefaultCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	steps := &lifecycle.Lifecycle{Store: ledger, Journal: ledger, Catalogue: catalogue,
		Settings: stacks.Settings{Environment: "dev", Region: "eu-west-1", AccountID: "111111111111", FunctionsAccountID: "222222222222"}}
	var broker *workflows.Broker
	handler, err := api.New(api.Args{
		Ledger: ledger, Verifier: anybody{}, Catalogue: catalogue, Complete: steps.Complete, Planner: steps, Canceller: anybody{},
		Watch: func(ctx context.Context, id string) iter.Seq2[workflows.Update, error] {
			return broker.Watch(ctx, ledger, id, 5*time.Millisecond)
		},
	}, &api.Options{Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		_ = ledger.Close()
	})
	return server, ledger
}

func connect(t *testing.T, server *httptest.Server, transport http.RoundTripper) *client.Client {
	t.Helper()
	c, err := client.New(client.Args{URL: server.URL, Token: func(context.Context) (string, error) { return "ada", nil }}, &client.Options{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// lossy is a network that loses the end of the first answers to writes.
type lossy struct {
	mu       sync.Mutex
	loses    int
	replayed []string
}

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || r.Method == http.MethodGet {
		return res, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.replayed = append(l.replayed, res.Header.Get(wire.HeaderIdempotencyReplayed))
	if l.loses > 0 {
		l.loses--
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(res.Body, 20), broken{}), res.Body}
	}
	return res, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

func TestAnAnswerThatIsLostIsGivenAgain(t *testing.T) {
	t.Parallel()
	server, ledger := serve(t, api.Limits{})
	network := &lossy{loses: 2}
	c := connect(t, server, network)
	got, err := c.CreateTenant(t.Context(), wire.CreateTenant{ID: "acme", Name: "Acme Ltd", AdminEmail: "ops@acme.example", Tier: "free"}, nil)
	if err != nil || got.Operation == nil || got.Tenant.Status != "creating" {
		t.Fatalf("%+v, %v", got, err)
	}
	if strings.Join(network.replayed, ",") != ",true,true" {
		t.Errorf("answers given again: %q", network.replayed)
	}
	page, err := ledger.SearchOperations(t.Context(), tenants.OperationQuery{TenantID: "acme"})
	if err != nil || len(page.Operations) != 1 {
		t.Errorf("%d operations, %v", len(page.Operations), err)
	}
}

func TestErrorsOfTheAPI(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, api.Limits{})
	c := connect(t, server, nil)
	_, err := c.CreateTenant(t.Context(), wire.CreateTenant{ID: "acme", Name: "Acme Ltd", AdminEmail: "nobody", Tier: "gold"}, nil)
	e, ok := errors.AsType[*tenants.Error](err)
	if !ok || e.Code != tenants.CodeInvalid || client.CorrelationID(err) == "" {
		t.Fatalf("%v, correlation id %q", err, client.CorrelationID(err))
	}
	fields := map[string]tenants.FieldError{}
	for _, f := range e.Fields {
		fields[f.Field] = f
	}
	if f := fields["tier"]; f.Value != "gold" || !strings.Contains(f.Allowed, "free") {
		t.Errorf("%+v", e.Fields)
	}
	if f := fields["adminEmail"]; f.Value != "nobody" {
		t.Errorf("%+v", e.Fields)
	}
	if _, err := c.Tenant(t.Context(), "acme"); tenants.CodeOf(err) != tenants.CodeNotFound {
		t.Errorf("%v", err)
	}
	if _, err := c.RetryOperation(t.Context(), "nothing", "", nil); tenants.CodeOf(err) != tenants.CodeNotFound {
		t.Errorf("%v", err)
	}
	if _, err := c.CreateTenant(t.Context(), wire.CreateTenant{ID: "acme", Name: "A", AdminEmail: "a@a.example", Tier: "free"}, &client.Write{Key: "k"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateTenant(t.Context(), wire.CreateTenant{ID: "birch", Name: "B", AdminEmail: "b@b.example", Tier: "free"}, &client.Write{Key: "k"}); err == nil {
		t.Error("one key for two requests")
	}
}

// TestAWatchOutlivesItsStreams has the API end every stream after a moment.
func TestAWatchOutlivesItsStreams(t *testing.T) {
	t.Parallel()
	server, ledger := serve(t, api.Limits{WatchTime: 150 * time.Millisecond})
	c := connect(t, server, nil)
	change, err := c.CreateTenant(t.Context(), wire.CreateTenant{ID: "acme", Name: "Acme Ltd", AdminEmail: "ops@acme.example", Tier: "free"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		op, err := ledger.Operation(t.Context(), change.Operation.ID)
		for i := 0; err == nil && i < 4; i++ {
			time.Sleep(200 * time.Millisecond)
			op.Steps = append(op.Steps, tenants.Step{Name: "step" + string(rune('a'+i)), Progress: tenants.ProgressSucceeded})
			if i == 3 {
				op.Progress, op.EndedAt = tenants.ProgressSucceeded, time.Now().UTC()
			}
			_, err = ledger.Advance(t.Context(), tenants.Advance{Operation: op})
		}
	}()
	var steps []int
	var last wire.Operation
	for u, err := range c.Watch(t.Context(), change.Operation.ID) {
		if err != nil {
			t.Fatal(err)
		}
		if u.Operation != nil {
			last = *u.Operation
			steps = append(steps, len(last.Steps))
		}
	}
	if !last.Ended() || len(last.Steps) != 4 {
		t.Errorf("%+v", last)
	}
	for i, n := range steps {
		if i > 0 && n <= steps[i-1] {
			t.Errorf("records with %v steps: one was given twice", steps)
			break
		}
	}
}

// TestLimitsOfTheAPI asks for more than the API allows at once.
func TestLimitsOfTheAPI(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, api.Limits{ReadsPerSecond: 1, ReadBurst: 2})
	c := connect(t, server, nil)
	begun := time.Now()
	for range 4 {
		if _, err := c.Tiers(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begun); took < time.Second {
		t.Errorf("four requests took %s: nothing was waited for", took)
	}
}
