package service_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/tenants"
)

// plane is the control plane's side of a spool: it asks, and keeps the answers.
type plane struct {
	t    testing.TB
	base string // URL of the spool's directory
	ask  *events.Publisher
	mu   sync.Mutex
	got  []string // "operation/attempt outcome error outputs"
}

func newPlane(t testing.TB) *plane {
	t.Helper()
	p := &plane{t: t, base: "spool://" + filepath.ToSlash(t.TempDir())}
	var err error
	if p.ask, err = events.OpenPublisher(t.Context(), p.base+"/events?subscriptions=billing"); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *plane) eventsURL() string  { return p.base + "/events?subscription=billing" }
func (p *plane) answersURL() string { return p.base + "/answers" }

// listen takes answers until the test ends.
func (p *plane) listen() *plane {
	a := events.Answers{Handler: p, Consumer: events.Consumer{QueueURL: p.base + "/answers?subscription=control-plane"}}
	testtime.Run(p.t, a.Run)
	return p
}

func (p *plane) Answered(_ context.Context, a events.Answer) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, fmt.Sprintf("%s/%d %s %s %v", a.OperationID, a.Attempt, a.Outcome, a.Error, a.Outputs))
	return nil
}

// answers waits for so many answers, and gives them sorted.
func (p *plane) answers(n int) []string {
	p.t.Helper()
	get := func() []string {
		p.mu.Lock()
		defer p.mu.Unlock()
		return slices.Sorted(slices.Values(p.got))
	}
	testtime.Until(p.t, fmt.Sprintf("%d answers", n), func() bool { return len(get()) >= n })
	return get()
}

// request asks billing for an operation on a tenant.
func (p *plane) request(operation, tenant string, kind tenants.OperationKind, change ...func(*events.Requested)) {
	p.t.Helper()
	r := events.Requested{OperationID: operation, Kind: kind, Attempt: 1, Services: []events.Ask{{Service: "billing", AnswerBy: time.Now().Add(time.Minute)}},
		Tenant: events.Tenant{ID: tenant, Name: "Acme", AdminEmail: "a@b.example", Tier: "free", Region: "eu-west-1", CostCenter: "4711",
			Status: tenants.StatusCreating, Products: []events.Product{{Name: "reports", Licences: 3}}, Settings: events.Settings{Endpoint: "https://e.example"}}}
	for _, c := range change {
		c(&r)
	}
	e, err := events.NewRequested(events.Context{CorrelationID: "corr-" + operation}, r)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.ask.Publish(p.t.Context(), e); err != nil {
		p.t.Fatal(err)
	}
}
