package events_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/tenants"
)

// TestLongWork keeps a message of SQS in hand for longer than the queue hides it.
func TestLongWork(t *testing.T) {
	b := awsBroker(t)
	publish(t, publisher(t, b.answers), answered(t, "op1", "billing", 1))
	var counts tally
	calls := 0
	c := events.Consumer{QueueURL: b.answersFrom, Counter: &counts}
	stop := testtime.Run(t, func(ctx context.Context) error {
		return c.Run(ctx, func(context.Context, events.Event) error {
			calls++
			time.Sleep(6 * time.Second)
			return nil
		})
	})
	testtime.Until(t, "it is done", func() bool { return counts.of(events.ResultAccepted) == 1 })
	time.Sleep(time.Second)
	stop()
	if got, want := counts.String(), "map[accepted:1]"; got != want || calls != 1 {
		t.Errorf("%s after %d calls, want %s after one", got, calls, want)
	}
}

// TestInHand lets a message come again while it is worked on, as it does from a
// queue whose time to answer is short: it is not worked on twice.
func TestInHand(t *testing.T) {
	name := "mem://" + t.Name()
	var counts tally
	var calls atomic.Int32
	c := events.Consumer{QueueURL: name + "?ackdeadline=100ms", Counter: &counts, MinWait: time.Millisecond}
	stop := testtime.Run(t, func(ctx context.Context) error {
		return c.Run(ctx, func(context.Context, events.Event) error {
			calls.Add(1)
			time.Sleep(2 * time.Second)
			return nil
		})
	})
	settle()
	publish(t, publisher(t, name), answered(t, "op1", "billing", 1))
	testtime.Until(t, "it is done", func() bool { return counts.of(events.ResultAccepted) == 1 })
	stop()
	if calls.Load() != 1 || counts.of(events.ResultDuplicate) == 0 {
		t.Errorf("%d calls, %s", calls.Load(), &counts)
	}
}

// TestDeadLettersMissing keeps what the dead letters do not take.
func TestDeadLettersMissing(t *testing.T) {
	dir := t.TempDir()
	b := spoolBroker(t)
	nobody := publisher(t, "spool://"+filepath.ToSlash(dir)+"/dead")
	p := publisher(t, b.answers)
	publish(t, p, requested(t, "op1", 1, "billing"))
	var counts tally
	a := events.Answers{Handler: &ledger{}, Consumer: events.Consumer{QueueURL: b.answersFrom, DeadLetters: nobody, MinWait: time.Millisecond, Counter: &counts}}
	stop := testtime.Run(t, a.Run)
	testtime.Until(t, "it is tried twice", func() bool { return counts.of(events.ResultRetried) >= 2 })
	letters := listen(t, "spool://"+filepath.ToSlash(dir)+"/dead?subscription=operators")
	testtime.Until(t, "it is a dead letter", func() bool { return len(letters.all()) == 1 && counts.of(events.ResultMalformed) == 1 })
	stop()
}

// TestWhatIsAwayDoesNotCount: an answer outlasts what its handler needs, however
// often it is tried; a fault of its own is counted all the same.
func TestWhatIsAwayDoesNotCount(t *testing.T) {
	onEach(t, func(t *testing.T, b broker) {
		letters := listen(t, b.deadFrom)
		const away = 12 // tries
		var counts tally
		tries := 0
		l := &ledger{fail: func(events.Answer) error {
			switch tries++; {
			case tries == 3: // in between
				return errors.New("a fault")
			case tries <= away:
				return fmt.Errorf("look: %w", tenants.Errorf(tenants.CodeUnavailable, "the ledger is away"))
			}
			return nil
		}}
		dead := publisher(t, b.dead)
		a := events.Answers{Handler: l, Consumer: events.Consumer{
			QueueURL: b.answersFrom, DeadLetters: dead, Counter: &counts, MinWait: time.Millisecond, Attempts: 2}}
		stop := testtime.Run(t, a.Run)
		settle()
		publish(t, publisher(t, b.answers), answered(t, "op1", "billing", 1))
		testtime.Until(t, "it has ended", func() bool {
			return counts.of(events.ResultAccepted)+counts.of(events.ResultDeadLettered) > 0
		})
		stop()
		if got, want := counts.String(), fmt.Sprint(map[events.Result]int{events.ResultAccepted: 1, events.ResultRetried: away}); got != want || len(letters.all()) != 0 {
			t.Errorf("%s and %d dead letters, want %s and none", got, len(letters.all()), want)
		}
	})
}
