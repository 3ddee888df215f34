//go:build linux

package controlplane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/service"
	"github.com/tenantform/tenantform/tenants"
)

// onEach runs a test on a plant over each kind of ledger.
func onEach(t *testing.T, test func(t *testing.T, p *plant)) {
	for _, g := range []ground{sqlite(), postgres()} {
		t.Run(g.name, func(t *testing.T) { test(t, newPlant(t, g)) })
	}
}

// within gives the plant as a subtest sees it.
func (p *plant) within(t *testing.T) *plant {
	q := *p
	q.t = t
	return &q
}

// TestEndToEnd runs one plant over each kind of ledger through what the delivery
// team does in a day, with the processes as they are in production.
func TestEndToEnd(t *testing.T) {
	t.Parallel() // with TestCrashes, which waits most of the time
	onEach(t, func(t *testing.T, p *plant) {
		s := p.search()
		for _, c := range []struct {
			name string
			test func(p *plant, s *search)
		}{
			{"life", life},
			{"one service of two fails", oneFails},
			{"a service does not answer", timesOut},
			{"requests at once for one tenant", oneWins},
			{"correlation id", correlated},
			{"many tenants at once", manyAtOnce},
		} {
			t.Run(c.name, func(t *testing.T) { c.test(p.within(t), s) })
		}
		if check, err := p.api.VerifyAudit(t.Context()); err == nil && !check.Sound {
			t.Errorf("the audit journal: %+v", check)
		}
		if n, err := p.ledger.VerifyAudit(t.Context()); err != nil || n == 0 {
			t.Errorf("the audit journal has %d entries: %v", n, err)
		}
		if due, err := p.ledger.Orders(t.Context(), 10); err != nil || len(due) > 0 {
			t.Errorf("orders are left: %+v, %v", due, err)
		}
	})
}

// search is the second business service, whose behaviour the tests choose, and
// who reads the dead letters.
type search struct {
	refuse atomic.Bool
	mu     sync.Mutex
	asked  []service.Request
	failed []events.Failed // the dead letters of operations
}

// dead tells whether there is a dead letter of an operation.
func (s *search) dead(operation string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.failed, func(f events.Failed) bool { return f.Operation.ID == operation })
}

// letter takes a dead letter.
func (s *search) letter(_ context.Context, e events.Event) error {
	if e.Type != events.TypeFailed {
		return nil
	}
	var f events.Failed
	if err := json.Unmarshal(e.Data, &f); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = append(s.failed, f)
	return nil
}

// search runs the service, and somebody who reads dead letters, until the test ends.
func (p *plant) search() *search {
	p.t.Helper()
	spool := "spool://" + filepath.ToSlash(p.dir)
	s := &search{}
	svc, err := service.New("search", spool+"/events?subscription=search", spool+"/answers", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, kind := range []service.Kind{service.Create, service.Update, service.Move, service.Delete, service.Activate, service.Deactivate} {
		svc.On(kind, func(_ context.Context, r service.Request) (service.Outputs, error) {
			s.mu.Lock()
			s.asked = append(s.asked, r)
			s.mu.Unlock()
			if s.refuse.Load() {
				return nil, service.Refuse("the index is full; make room and retry the operation")
			}
			return nil, nil
		})
	}
	testtime.Run(p.t, svc.Run)
	testtime.Run(p.t, func(ctx context.Context) error {
		return events.Consumer{QueueURL: spool + "/dead-letters?subscription=all"}.Run(ctx, s.letter)
	})
	return s
}

// of gives what was asked about a tenant.
func (s *search) of(tenant string) []service.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.asked), func(r service.Request) bool { return r.Tenant.ID != tenant })
}

// account tells whether billing has an account of a tenant.
func (p *plant) account(id string) bool {
	_, err := os.Stat(filepath.Join(p.dir, "billing", "accounts", id+".json"))
	return err == nil
}

// life takes a tenant from its creation in a pool over a silo to its deletion.
func life(p *plant, _ *search) {
	t := p.t
	ctx := t.Context()
	op := p.done(p.api.CreateTenant(ctx, newcomer("longlife", "standard"), nil))
	pooled := len(p.of("longlife"))
	if now := p.tenant("longlife"); now.Status != tenants.StatusActive || now.Settings.UserPoolID == "" || now.Settings.Endpoint == "" || pooled == 0 || !p.account("longlife") {
		t.Errorf("after create (%s): %+v, %d resources, account %v", steps(op), now, pooled, p.account("longlife"))
	}
	before := p.tenant("longlife")
	op = p.done(p.api.MoveTenant(ctx, "longlife", wire.MoveTenant{Tier: "premium", Reason: "it grows"}, nil))
	moved := p.tenant("longlife")
	if moved.Tier != "premium" || !slices.Equal(moved.Placements, []tenants.Placement{{Model: tenants.ModelSilo}}) || moved.NetworkCIDR == "" ||
		moved.Settings.UserPoolID == before.Settings.UserPoolID || len(p.of("longlife")) <= pooled {
		t.Errorf("after move (%s): %+v, %d resources", steps(op), moved, len(p.of("longlife")))
	}
	p.done(p.api.DeactivateTenant(ctx, "longlife", "unpaid", nil))
	if got := p.tenant("longlife").Status; got != tenants.StatusInactive {
		t.Errorf("after deactivate: %s", got)
	}
	p.done(p.api.ActivateTenant(ctx, "longlife", "paid", nil))
	name := "Long Life Ltd"
	if c, err := p.api.PatchTenant(ctx, "longlife", 0, wire.PatchTenant{Name: &name}, nil); err != nil || c.Operation == nil {
		t.Errorf("patch: %+v, %v", c, err)
	} else {
		p.done(c, err)
	}
	p.done(p.api.ReconcileTenant(ctx, "longlife", "to be sure", nil))
	op = p.done(p.api.DeleteTenant(ctx, "longlife", "it has left", nil))
	gone, err := p.api.Tenant(ctx, "longlife")
	if err != nil || gone.Status != string(tenants.StatusDeleted) || len(gone.Placements) > 0 || len(p.of("longlife")) > 0 || p.account("longlife") {
		t.Errorf("after delete (%s): %+v, %v, %d resources, account %v", steps(op), gone, err, len(p.of("longlife")), p.account("longlife"))
	}
	if got, want := strings.Join(p.mails("ops@longlife.example"), " "), "create delete move"; got != want {
		t.Errorf("mails: %s, want %s", got, want)
	}
}

// oneFails has one of two services fail, and the retry ask only that.
func oneFails(p *plant, s *search) {
	t := p.t
	ctx := t.Context()
	s.refuse.Store(true)
	defer s.refuse.Store(false)
	op := p.failed(p.api.CreateTenant(ctx, newcomer("halfserved", "free", "search"), nil))
	now := p.tenant("halfserved")
	if !strings.Contains(op.Error, "the index is full") || now.Status != tenants.StatusCreateFailed || !p.account("halfserved") || len(p.mails("ops@halfserved.example")) > 0 {
		t.Errorf("%s (%s): %+v, mails %v", op.Error, steps(op), now, p.mails("ops@halfserved.example"))
	}
	until(t, "a dead letter", func() bool { return s.dead(op.ID) })
	s.refuse.Store(false)
	retry := p.done(p.api.RetryOperation(ctx, op.ID, "there is room again", nil))
	if retry.RetryOf != op.ID || !retry.Steps[0].StartedAt.Equal(op.Steps[0].StartedAt) {
		t.Errorf("the retry did more than it had to: %+v", retry)
	}
	asked := s.of("halfserved")
	states := map[string]int{}
	for _, each := range retry.Services {
		states[each.Service] = each.Attempt
	}
	if len(asked) != 2 || asked[1].Attempt != 2 || states["search"] != 2 || states["billing"] != 1 {
		t.Errorf("search was asked %d times; attempts %v", len(asked), states)
	}
	if got := p.mails("ops@halfserved.example"); p.tenant("halfserved").Status != tenants.StatusActive || len(got) != 1 {
		t.Errorf("after the retry: %s, mails %v", p.tenant("halfserved").Status, got)
	}
}

// timesOut has a service not answer in its time.
func timesOut(p *plant, _ *search) {
	t := p.t
	began := time.Now()
	op := p.failed(p.api.CreateTenant(t.Context(), newcomer("unanswered", "free", "silent"), nil))
	if took := time.Since(began); took < 5*time.Second || !strings.Contains(op.Error, "silent") || !strings.Contains(op.Error, "not answered") {
		t.Errorf("after %s: %s", took, op.Error)
	}
	for _, s := range op.Services {
		if want := s.Service != "silent"; (s.Progress == tenants.ProgressSucceeded) != want {
			t.Errorf("%s is %s", s.Service, s.Progress)
		}
	}
	if got := p.tenant("unanswered").Status; got != tenants.StatusCreateFailed {
		t.Errorf("the tenant is %s", got)
	}
	// The service is back, finds what it was asked, and answers that too late, and
	// what the retry asks in time.
	spool := "spool://" + filepath.ToSlash(p.dir)
	back, err := service.New("silent", spool+"/events?subscription=silent", spool+"/answers", nil)
	if err != nil {
		t.Fatal(err)
	}
	back.OnCreate(func(context.Context, service.Request) (service.Outputs, error) { return nil, nil })
	testtime.Run(t, back.Run)
	retry := p.done(p.api.RetryOperation(t.Context(), op.ID, "", nil))
	for _, s := range retry.Services {
		if want := map[string]int{"billing": 1, "silent": 2}[s.Service]; s.Attempt != want || s.Progress != tenants.ProgressSucceeded {
			t.Errorf("in the retry %s is %+v, want attempt %d", s.Service, s, want)
		}
	}
}

// oneWins has many want something of one tenant at once.
func oneWins(p *plant, _ *search) {
	t := p.t
	p.done(p.api.CreateTenant(t.Context(), newcomer("contested", "free"), nil))
	requests := []func() (*http.Response, error){
		func() (*http.Response, error) {
			return p.send("POST", "/v1/tenants/contested/move", `{"tier":"standard"}`, nil)
		},
		func() (*http.Response, error) { return p.send("POST", "/v1/tenants/contested/reconcile", `{}`, nil) },
		func() (*http.Response, error) { return p.send("POST", "/v1/tenants/contested/deactivate", `{}`, nil) },
		func() (*http.Response, error) { return p.send("DELETE", "/v1/tenants/contested", "", nil) },
	}
	var wg sync.WaitGroup
	statuses, bodies := make([]int, 24), make([]string, 24)
	begin := make(chan struct{})
	for i := range statuses {
		wg.Go(func() {
			<-begin
			res, err := requests[i%len(requests)]()
			if err != nil {
				bodies[i] = err.Error()
				return
			}
			defer res.Body.Close()
			body, _ := io.ReadAll(res.Body)
			statuses[i], bodies[i] = res.StatusCode, string(body)
		})
	}
	close(begin)
	wg.Wait()
	won := ""
	for i, status := range statuses {
		switch {
		case status == http.StatusAccepted && won == "":
			won = bodies[i]
		case status != http.StatusConflict:
			t.Errorf("request %d: %d %s", i, status, bodies[i])
		}
	}
	var c wire.Change
	if err := json.Unmarshal([]byte(won), &c); err != nil {
		t.Fatalf("nobody won: %v %v", statuses, err)
	}
	p.done(c, nil)
	live, err := p.ledger.SearchOperations(t.Context(), tenants.OperationQuery{TenantID: "contested"})
	if err != nil || len(live.Operations) != 2 {
		t.Errorf("%d operations were begun, %v; want the creation and one more", len(live.Operations), err)
	}
}

// correlated follows one request's id through everything that it leads to.
func correlated(p *plant, s *search) {
	t := p.t
	const id = "follow-me-0815"
	res, err := p.send("POST", "/v1/tenants", `{"id":"followed","name":"Followed","adminEmail":"ops@followed.example","tier":"free","products":[{"name":"search"}]}`,
		map[string]string{wire.HeaderCorrelationID: id})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var c wire.Change
	if err := json.NewDecoder(res.Body).Decode(&c); err != nil || res.StatusCode != http.StatusCreated || res.Header.Get(wire.HeaderCorrelationID) != id {
		t.Fatalf("%d %v %v", res.StatusCode, err, res.Header)
	}
	op := p.done(c, nil)
	if op.CorrelationID != id {
		t.Errorf("the operation has %q", op.CorrelationID)
	}
	if asked := s.of("followed"); len(asked) != 1 || asked[0].CorrelationID != id {
		t.Errorf("the event has %+v", asked)
	}
	for _, each := range []*process{p.server, p.worker, p.billing} {
		until(t, "the id in the log of "+each.name, func() bool { return len(each.lines(`"correlation_id":"`+id+`"`)) > 0 })
	}
	steps := p.worker.lines(`"correlation_id":"`+id+`"`, op.ID)
	if len(steps) < 4 {
		t.Errorf("the worker says of the operation: %v", steps)
	}
	page, err := p.ledger.Audit(t.Context(), 0, "followed", 10)
	if err != nil || len(page) != 2 || page[0].CorrelationID != id || page[1].CorrelationID != id {
		t.Errorf("the audit journal has %+v, %v", page, err)
	}
}

// crowd is how many tenants are onboarded at once: the crowd of a big customer's
// first day, and on the second ledger and in short runs a smaller one.
func crowd(p *plant) int {
	if testing.Short() || !strings.HasPrefix(p.store, "sqlite:") {
		return 25
	}
	return 100
}

// manyAtOnce onboards many tenants at once, and counts everything.
func manyAtOnce(p *plant, _ *search) {
	t := p.t
	n, before := crowd(p), p.resources()
	began := time.Now()
	ids, failures := make([]string, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			c, err := p.api.CreateTenant(t.Context(), newcomer(fmt.Sprintf("crowd-%03d", i), "free"), nil)
			if failures[i] = err; err == nil {
				ids[i] = c.Operation.ID
			}
		})
	}
	wg.Wait()
	accepted := time.Since(began)
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	each := 0
	for i, id := range ids {
		op := p.endedWithin(id, 15*time.Minute)
		if op.Progress != tenants.ProgressSucceeded {
			t.Fatalf("%s failed: %s", op.TenantID, op.Error)
		}
		tenant := fmt.Sprintf("crowd-%03d", i)
		if mails := p.mails("ops@" + tenant + ".example"); !slices.Equal(mails, []string{"create"}) || !p.account(tenant) || p.tenant(tenant).Status != tenants.StatusActive {
			t.Errorf("%s is %s, mails %v, account %v", tenant, p.tenant(tenant).Status, mails, p.account(tenant))
		}
		if got := len(p.of(tenant)); each == 0 {
			each = got
		} else if got != each {
			t.Errorf("%s has %d resources, the first has %d", tenant, got, each)
		}
	}
	took := time.Since(began)
	if got := p.resources() - before; got != n*each || each == 0 {
		t.Errorf("%d tenants have %d resources, want %d", n, got, n*each)
	}
	found := 0
	for tenant, err := range p.api.Tenants(t.Context(), tenants.Query{Text: "crowd", Limit: 30}) {
		if err != nil {
			t.Fatal(err)
		}
		if tenant.Status == string(tenants.StatusActive) {
			found++
		}
	}
	ops := 0
	for op, err := range p.api.Operations(t.Context(), tenants.OperationQuery{Kind: tenants.OperationCreate, Progress: tenants.ProgressSucceeded}) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(op.TenantID, "crowd-") {
			ops++
		}
	}
	if found != n || ops != n {
		t.Errorf("%d tenants and %d operations, want %d", found, ops, n)
	}
	t.Logf("%d tenants accepted in %s, onboarded in %s: %.0f a minute; %d resources each", n, accepted.Round(time.Millisecond), took.Round(time.Second), float64(n)/took.Minutes(), each)
}
