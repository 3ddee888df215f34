package events_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/tenants"
)

// ledger is a handler of answers that keeps what it accepts.
type ledger struct {
	mu   sync.Mutex
	fail func(events.Answer) error // asked first
	had  map[string]int
}

func (l *ledger) Answered(_ context.Context, a events.Answer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		if err := l.fail(a); err != nil {
			return err
		}
	}
	if l.had == nil {
		l.had = map[string]int{}
	}
	l.had[fmt.Sprintf("%s/%s/%d", a.OperationID, a.Service, a.Attempt)]++
	return nil
}

func (l *ledger) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprint(l.had)
}

func TestAnswers(t *testing.T) {
	onEach(t, func(t *testing.T, b broker) {
		letters := listen(t, b.deadFrom)
		var counts tally
		flaky := 2
		l := &ledger{fail: func(a events.Answer) error {
			switch a.OperationID {
			case "gone":
				return tenants.Errorf(tenants.CodeNotFound, "no such operation")
			case "over":
				return tenants.Errorf(tenants.CodeFailedPrecondition, "it has ended")
			case "flaky":
				if flaky--; flaky >= 0 {
					return tenants.Errorf(tenants.CodeUnavailable, "try again")
				}
			case "poison":
				return fmt.Errorf("always")
			case "panics":
				panic("boom")
			}
			return nil
		}}
		dead := publisher(t, b.dead)
		a := events.Answers{Handler: l, Known: func(s string) bool { return s == "billing" || s == "search" }, Consumer: events.Consumer{
			QueueURL: b.answersFrom, DeadLetters: dead, Counter: &counts, MinWait: 10 * time.Millisecond, Attempts: 3}}
		stop := testtime.Run(t, a.Run)
		settle()
		p := publisher(t, b.answers)
		first := answered(t, "op1", "billing", 1)
		publish(t, p, answered(t, "poison", "billing", 1), answered(t, "panics", "billing", 1), first)
		testtime.Until(t, "op1 is accepted", func() bool { return counts.of(events.ResultAccepted) == 1 })
		liar := answered(t, "op1", "billing", 2)
		liar.Source = events.SourceOf("search")
		if err := p.Publish(t.Context(), liar); tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("an answer in another's name is published: %v", err)
		}
		publish(t, p, first, answered(t, "op1", "search", 1), answered(t, "op1", "billing", 2), answered(t, "op1", "stranger", 1),
			answered(t, "gone", "billing", 1), answered(t, "over", "billing", 1), answered(t, "flaky", "billing", 1), requested(t, "op9", 1, "billing"))
		want := map[events.Result]int{events.ResultAccepted: 4, events.ResultDuplicate: 1, events.ResultUnknown: 2, events.ResultLate: 1,
			events.ResultMalformed: 1, events.ResultRetried: 6, events.ResultDeadLettered: 2}
		testtime.Until(t, "every message has a result", func() bool { return counts.String() == fmt.Sprint(want) || counts.of(events.ResultAccepted) > 4 })
		if got, want := l.String(), "map[flaky/billing/1:1 op1/billing/1:1 op1/billing/2:1 op1/search/1:1]"; got != want {
			t.Errorf("accepted %s, want %s", got, want)
		}
		testtime.Until(t, "the dead letters are there", func() bool { return len(letters.all()) == 3 })
		var told []string
		for _, e := range letters.all() {
			var u events.Undeliverable
			if err := json.Unmarshal(e.Data, &u); err != nil || e.Type != events.TypeUndeliverable || e.CorrelationID != "c-1" {
				t.Fatalf("%+v, %v", e, err)
			}
			body, err := events.Parse(u.Body)
			if err != nil {
				t.Fatal(err)
			}
			told = append(told, fmt.Sprintf("%s %d", body.ID, u.Attempts))
		}
		slices.Sort(told)
		if want := []string{"op9.requested.1 0", "panics.answered.1 3", "poison.answered.1 3"}; !slices.Equal(told, want) {
			t.Errorf("dead letters %q, want %q", told, want)
		}
		stop()
	})
}

// TestNothingIsLostBetweenConsumers stops consumers in the middle of their work, on
// brokers that outlive them.
func TestNothingIsLostBetweenConsumers(t *testing.T) {
	for name, make := range map[string]func(*testing.T) broker{"spool": spoolBroker, "aws": awsBroker} {
		t.Run(name, func(t *testing.T) {
			b := make(t)
			p := publisher(t, b.answers)
			const n = 60
			for i := range n {
				publish(t, p, answered(t, fmt.Sprintf("op%d", i), "billing", 1))
			}
			l := &ledger{}
			accepted := func() int {
				l.mu.Lock()
				defer l.mu.Unlock()
				return len(l.had)
			}
			for round := 0; accepted() < n; round++ {
				if round > 200 {
					t.Fatalf("only %d of %d answers arrived", accepted(), n)
				}
				before := accepted()
				a := events.Answers{Handler: slow{l}, Consumer: events.Consumer{QueueURL: b.answersFrom, Concurrency: 4, Grace: time.Millisecond}}
				stop := testtime.Run(t, a.Run)
				for began := time.Now(); accepted() < min(before+10, n) && time.Since(began) < 10*time.Second; {
					time.Sleep(5 * time.Millisecond)
				}
				stop()
			}
		})
	}
}

// slow takes its time, so that a stop meets it at work.
type slow struct{ to events.AnswerHandler }

func (s slow) Answered(ctx context.Context, a events.Answer) error {
	select {
	case <-time.After(20 * time.Millisecond):
		return s.to.Answered(ctx, a)
	case <-ctx.Done():
		return ctx.Err()
	}
}
