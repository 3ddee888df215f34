package main

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/api"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

const planeToken = "a-token.of-the.tests"

// plane is a control plane with the real API and ledger. What workers do, the test
// says: operations go through their steps, fail at one, or stay at one.
type plane struct {
	*httptest.Server
	dir    string // as a "tenantform dev" of the commands would have it
	ledger *sqlstore.Store
	fail   sync.Map // name of a step: what it fails with
	stay   sync.Map // name of a step: a channel that ends it
	keys   sync.Map // idempotency keys that came in
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	p := &plane{dir: filepath.Join(t.TempDir(), "state")}
	var err error
	if p.ledger, err = sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), nil); err != nil {
		t.Fatal(err)
	}
	catalogue, err := tenantfile.DefaultCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	steps := &lifecycle.Lifecycle{
		Store: p.ledger, Journal: p.ledger, Catalogue: catalogue,
		Settings: stacks.Settings{Environment: "dev", Region: "eu-west-1", AccountID: localAccount, FunctionsAccountID: localFunctionsAccount},
		Transfer: func(context.Context, string, tenants.Placement, tenants.Placement) error { return nil },
	}
	handler, err := api.New(api.Args{
		Ledger: p.ledger, Verifier: p, Catalogue: catalogue, Complete: steps.Complete, Planner: steps, Canceller: p, Watch: p.watch,
	}, &api.Options{
		Services: tenants.ServiceCatalogue{Services: []tenants.Service{{Name: "billing", Description: "Sends bills"}}},
		Limits:   api.Limits{ReadsPerSecond: 1e6, ReadBurst: 1e6, WritesPerSecond: 1e6, WriteBurst: 1e6},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key := r.Header.Get("Idempotency-Key"); key != "" {
			p.keys.Store(key, r.Method+" "+r.URL.Path)
		}
		handler.ServeHTTP(w, r)
	}))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.work(ctx)
	}()
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
		cancel()
		<-done
		_ = p.ledger.Close()
	})
	write(t, filepath.Join(p.dir, "dev", "token"), planeToken+"\n")
	client, err := json.Marshal(devClient{URL: p.URL, TokenFile: "token"})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(p.dir, "dev", "client.json"), string(client))
	return p
}

// Verify knows one token, whose owner may do everything.
func (p *plane) Verify(_ context.Context, token string) (auth.Principal, error) {
	if token != planeToken {
		return auth.Principal{}, &auth.UnauthenticatedError{Code: auth.CodeInvalidToken, Reason: "the token is not that of the tests"}
	}
	return auth.Principal{Subject: "tester", Name: "tester", Roles: []auth.Role{auth.RoleDelivery, auth.RoleOperator}, Issuer: "test"}, nil
}

// Cancel finds nothing under way: the ledger knows that it is asked for.
func (p *plane) Cancel(context.Context, string) error {
	return tenants.Errorf(tenants.CodeNotFound, "nothing is under way")
}

// watch reads the record, and tells of one resource.
func (p *plane) watch(ctx context.Context, id string) iter.Seq2[workflows.Update, error] {
	return func(yield func(workflows.Update, error) bool) {
		told := false
		var b *workflows.Broker
		for u, err := range b.Watch(ctx, p.ledger, id, 5*time.Millisecond) {
			if !yield(u, err) {
				return
			}
			if !told && err == nil && len(u.Operation.Steps) > 0 {
				told = true
				stack := tenants.StackName(u.Operation.TenantID)
				for _, ev := range []automation.Event{
					{Stack: stack, Phase: automation.PhaseUp, Kind: automation.EventStarted},
					{Stack: stack, Phase: automation.PhaseUp, Kind: automation.EventResource, Type: "aws:iam/role:Role", Name: "acme-role", Operation: "create", Progress: tenants.ProgressSucceeded, Seconds: 1.5},
				} {
					if !yield(workflows.Update{Operation: u.Operation, Event: ev}, nil) {
						return
					}
				}
			}
		}
	}
}

// work does what is in the outbox.
func (p *plane) work(ctx context.Context) {
	for ctx.Err() == nil {
		orders, err := p.ledger.Orders(ctx, 10)
		if err != nil || len(orders) == 0 {
			time.Sleep(2 * time.Millisecond)
			continue
		}
		for _, o := range orders {
			_ = p.ledger.Started(ctx, o.Seq)
			go p.do(ctx, o)
		}
	}
}

// do takes an operation through its steps.
func (p *plane) do(ctx context.Context, o tenants.Order) {
	op, err := p.ledger.Operation(ctx, o.OperationID)
	if err != nil {
		return
	}
	for _, name := range []string{"provision", "services", "finish"} {
		op.Steps = append(op.Steps, tenants.Step{Name: name})
	}
	for i := range op.Steps {
		s := &op.Steps[i]
		s.Progress, s.StartedAt = tenants.ProgressRunning, time.Now().UTC()
		if s.Name == "services" {
			op.Services = []tenants.ServiceState{{Service: "billing", Progress: tenants.ProgressRunning, Attempt: 1}}
		}
		if _, err := p.ledger.Advance(ctx, tenants.Advance{Operation: op}); err != nil {
			return
		}
		if end, ok := p.stay.Load(s.Name); ok {
			select {
			case <-end.(chan struct{}):
			case <-ctx.Done():
				return
			}
		}
		time.Sleep(20 * time.Millisecond) // for the watch to see it
		s.Progress, s.EndedAt = tenants.ProgressSucceeded, time.Now().UTC()
		if why, ok := p.fail.Load(s.Name); ok {
			s.Progress, s.Error = tenants.ProgressFailed, why.(string)
			op.Progress, op.Error, op.EndedAt = tenants.ProgressFailed, why.(string), s.EndedAt
			p.end(ctx, op)
			return
		}
		if s.Name == "services" {
			op.Services[0].Progress, op.Services[0].EndedAt = tenants.ProgressSucceeded, s.EndedAt
		}
	}
	op.Progress, op.EndedAt = tenants.ProgressSucceeded, time.Now().UTC()
	p.end(ctx, op)
}

func (p *plane) end(ctx context.Context, op tenants.Operation) {
	t, err := p.ledger.Get(ctx, op.TenantID)
	if err != nil {
		return
	}
	failed, inProgress := t.Status.Failed()
	switch {
	case op.Progress == tenants.ProgressFailed && inProgress:
		t.Status = failed
	case op.Progress == tenants.ProgressFailed:
	case op.Kind == tenants.OperationDelete:
		t.Status, t.Placements = tenants.StatusDeleted, nil
	case op.Kind == tenants.OperationDeactivate:
		t.Status = tenants.StatusInactive
	default:
		t.Status = tenants.StatusActive
		t.Placements = []tenants.Placement{{Model: tenants.ModelPool, Cell: "a"}}
		if op.ToTier != "" {
			t.Tier = op.ToTier
		}
	}
	_, _ = p.ledger.Advance(ctx, tenants.Advance{Operation: op, Tenant: &t})
}

// ask runs the command as a client of the plane, which it finds as it finds a
// "tenantform dev".
func (p *plane) ask(t *testing.T, args ...string) answer {
	t.Helper()
	return asClient(t, []string{"TENANTFORM_DIR=" + p.dir}, args...)
}

// asClient runs the command with these variables and no others.
func asClient(t *testing.T, env []string, args ...string) answer {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(""), &out, &errs, env)
	for _, text := range []string{out.String(), errs.String()} {
		if strings.Contains(text, planeToken) {
			t.Errorf("the token is shown: %s", text)
		}
	}
	return answer{code: code, out: out.String(), errors: errs.String()}
}

// done asks for what has to succeed.
func (p *plane) done(t *testing.T, args ...string) answer {
	t.Helper()
	a := p.ask(t, args...)
	if a.code != exitDone {
		t.Fatalf("tenantform %s: exit code %d\n%s%s", strings.Join(args, " "), a.code, a.out, a.errors)
	}
	return a
}

// shows checks that a text has others in it, in this order.
func shows(t *testing.T, what, text string, wants ...string) {
	t.Helper()
	rest := text
	for _, want := range wants {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Errorf("%s does not show %q, or not there:\n%s", what, want, text)
			return
		}
		rest = after
	}
}

var newAcme = []string{"tenant", "create", "acme", "--tier", "standard", "--name", "Acme Ltd", "--email", "ops@acme.example", "--reason", "a new customer"}
