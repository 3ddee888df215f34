package events_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/testtime"
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
