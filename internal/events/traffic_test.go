package events_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/tenants"
)

func publisher(t *testing.T, topicURL string) *events.Publisher {
	t.Helper()
	p, err := events.OpenPublisher(t.Context(), topicURL)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func publish(t *testing.T, p *events.Publisher, all ...events.Event) {
	t.Helper()
	for _, e := range all {
		if err := p.Publish(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

// tally counts results.
type tally struct {
	mu sync.Mutex
	n  map[events.Result]int
}

func (c *tally) Count(r events.Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[events.Result]int{}
	}
	c.n[r]++
}

func (c *tally) of(r events.Result) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[r]
}

func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.n)
}

// inbox is a consumer that keeps what it gets.
type inbox struct {
	mu  sync.Mutex
	got []events.Event
}

func listen(t *testing.T, queueURL string) *inbox {
	var in inbox
	c := events.Consumer{QueueURL: queueURL}
	testtime.Run(t, func(ctx context.Context) error {
		return c.Run(ctx, func(_ context.Context, e events.Event) error {
			in.mu.Lock()
			defer in.mu.Unlock()
			in.got = append(in.got, e)
			return nil
		})
	})
	return &in
}

func (in *inbox) all() []events.Event {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.got)
}

// settle waits until a mem subscription that was just started is there: a mem
// topic keeps nothing for those who come later.
func settle() { time.Sleep(300 * time.Millisecond) }

func requested(t *testing.T, operation string, attempt int, services ...string) events.Event {
	t.Helper()
	r := events.Requested{OperationID: operation, Kind: tenants.OperationCreate, Attempt: attempt, Tenant: events.Tenant{
		ID: "acme", Name: "Acme <Ltd> & Söhne", AdminEmail: "admin@acme.example", Tier: "free", Region: "eu-west-1", Status: tenants.StatusCreating}}
	for _, s := range services {
		r.Services = append(r.Services, events.Ask{Service: s, AnswerBy: time.Now().Add(time.Hour).Truncate(time.Millisecond)})
	}
	e, err := events.NewRequested(events.Context{CorrelationID: "c-1"}, r)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func answered(t *testing.T, operation, service string, attempt int) events.Event {
	t.Helper()
	e, err := events.NewAnswered(events.Context{CorrelationID: "c-1"}, "acme", events.Answer{
		OperationID: operation, Service: service, Attempt: attempt, Outcome: events.OutcomeSucceeded, Outputs: map[string]string{"account": "7"}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
