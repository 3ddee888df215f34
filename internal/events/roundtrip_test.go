package events_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/service"
)

// TestRoundTrip asks two services, made with the package for that, and gets the
// answers of both: one that succeeds and one that refuses.
func TestRoundTrip(t *testing.T) {
	onEach(t, func(t *testing.T, b broker) {
		l := &ledger{}
		var outcomes []string
		l.fail = func(a events.Answer) error {
			outcomes = append(outcomes, fmt.Sprintf("%s %s %s %v", a.Service, a.Outcome, a.Error, a.Outputs))
			return nil
		}
		var counts tally
		testtime.Run(t, events.Answers{Handler: l, Consumer: events.Consumer{QueueURL: b.answersFrom, Counter: &counts}}.Run)
		for name, queue := range b.queues {
			s, err := service.New(name, queue, b.answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			s.OnCreate(func(_ context.Context, r service.Request) (service.Outputs, error) {
				if r.Service == "search" {
					return nil, service.Refuse("no index for %s", r.Tenant.ID)
				}
				return service.Outputs{"account": "B-" + r.Tenant.ID, "correlation": r.CorrelationID}, nil
			})
			testtime.Run(t, s.Run)
		}
		settle()
		publish(t, publisher(t, b.topic), requested(t, "op1", 1, "billing", "search"))
		testtime.Until(t, "both have answered", func() bool { return counts.of(events.ResultAccepted) == 2 })
		l.mu.Lock()
		defer l.mu.Unlock()
		want := map[string]bool{"billing succeeded  map[account:B-acme correlation:c-1]": true, "search failed no index for acme map[]": true}
		if len(outcomes) != 2 || !want[outcomes[0]] || !want[outcomes[1]] || outcomes[0] == outcomes[1] {
			t.Errorf("%q", outcomes)
		}
	})
}
