package workflows

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/tenantform/tenantform/tenants"
)

// held is a Holder of which somebody else has every tenant for the first calls.
type held struct{ calls atomic.Int32 }

func (h *held) Hold(string) (func(), error) {
	if h.calls.Add(-1) >= 0 {
		return nil, tenants.Errorf(tenants.CodeConflict, "another operation is running")
	}
	return func() {}, nil
}

// TestAStepHasItsTimeFromWhenItHasItsPlace keeps a step waiting for longer than all
// its tries may take: for a worker, for a place and for the tenant.
func TestAStepHasItsTimeFromWhenItHasItsPlace(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	h.a.Timing = Timing{Step: time.Second, Tries: time.Second, Heartbeat: time.Second, Retry: 10 * time.Millisecond}
	h.a.Slots = NewSlots(1)
	other := &held{}
	other.calls.Store(2 * unavailableTries)
	h.a.Holder = other
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- (&Worker{Temporal: h.temporal, Activities: h.a, Grace: time.Second}).Run(ctx) }() // in no account
	if err := h.dispatcher().Dispatch(t.Context()); err != nil {
		t.Fatal(err)
	}
	op := h.create("acme", "free")
	if err := h.dispatcher().Dispatch(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second)
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	leave, err := h.a.Slots.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.work()
	time.Sleep(3 * time.Second)
	now, err := h.ledger.Operation(t.Context(), op.ID)
	if err != nil || progress(now) != "provision: services: notify: finish:" {
		t.Fatalf("before there is a place: %s, %v", progress(now), err)
	}
	leave()
	op = h.done(op)
	if tries := op.Steps[0].Tries; tries != (tenants.Tries{Begun: 1}) {
		t.Errorf("the tries are %+v, want one", tries)
	}
}

// TestWaitingForAnotherRunUsesUpNoTries has others at the tenant before the first
// try, and a fault that passes in it.
func TestWaitingForAnotherRunUsesUpNoTries(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	h.a.Timing.Retry = 10 * time.Millisecond
	other := &held{}
	h.a.Holder = other
	faults := []error{
		tenants.Errorf(tenants.CodeConflict, "another update of the stack is in progress"),
		tenants.Errorf(tenants.CodeUnavailable, "slow down"),
	}
	h.steps.Engine.(*paper).fail = func(string, string) error {
		if len(faults) == 0 {
			return nil
		}
		err := faults[0]
		faults = faults[1:]
		return err
	}
	h.work()
	other.calls.Store(2 * unavailableTries)
	op := h.done(h.create("acme", "standard"))
	if tries := op.Steps[0].Tries; tries.Begun != 2 || tries.Failed != 1 || len(faults) != 0 {
		t.Errorf("the tries are %+v, want two of which one failed", tries)
	}
	// What waited has changed nothing, so that a refusal gives the old row back.
	other.calls.Store(3)
	faults = []error{tenants.Errorf(tenants.CodeForbidden, "refused by policy")}
	op = h.failed(h.move("acme", "premium", ""))
	if got := h.tenant("acme"); got.Status != tenants.StatusActive || got.Tier != "standard" {
		t.Errorf("after %q the tenant is %s in %s", op.Error, got.Status, got.Tier)
	}
}

// flaky is a publisher that is away for the first calls.
type flaky struct {
	Publisher
	away      int
	scheduled []time.Time // when each call's activity was asked for
}

func (f *flaky) Ask(ctx context.Context, a Asking) error {
	f.scheduled = append(f.scheduled, activity.GetInfo(ctx).ScheduledTime)
	if len(f.scheduled) <= f.away {
		return tenants.Errorf(tenants.CodeUnavailable, "the broker is away")
	}
	return f.Publisher.Ask(ctx, a)
}

// TestPatienceCountsFromTheFirstTry shows that the time from which an activity's
// patience counts stays the same in its later tries.
func TestPatienceCountsFromTheFirstTry(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	h.a.Services = tenants.ServiceCatalogue{Services: []tenants.Service{{Name: "billing", TimeoutSec: 60}}}
	f := &flaky{Publisher: h.town, away: 2}
	h.a.Publisher = f
	h.work()
	h.done(h.create("acme", "free"))
	if n := len(f.scheduled); n != 3 || !f.scheduled[0].Equal(f.scheduled[2]) || f.scheduled[0].IsZero() {
		t.Errorf("the tries were asked for at %v", f.scheduled)
	}
}

// planned plans an operation that no worker does.
func (h *house) planned(op tenants.Operation) stepOf {
	h.t.Helper()
	in := Input{OperationID: op.ID, TenantID: op.TenantID, Kind: op.Kind}
	if _, err := h.a.Plan(h.t.Context(), in); err != nil {
		h.t.Fatal(err)
	}
	return stepOf{Input: in, Step: "provision"}
}

// last tells whether an activity's error is not tried again.
func last(t *testing.T, err error) bool {
	t.Helper()
	a, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok {
		t.Fatalf("it ended with %v", err)
	}
	return a.NonRetryable()
}

func TestTriesAreCountedInTheRecord(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	in := h.planned(h.create("acme", "standard"))
	clock := time.Now()
	h.a.Now = func() time.Time { return clock }
	var fault error
	h.steps.Engine.(*paper).fail = func(string, string) error { return fault }
	try := func() bool {
		t.Helper()
		_, err := h.a.Run(t.Context(), in)
		return last(t, err)
	}
	fault = tenants.Errorf(tenants.CodeConflict, "another update of the stack is in progress")
	for range 3 * unavailableTries {
		if try() {
			t.Fatal("a run that another process has under way was not waited for")
		}
	}
	fault = tenants.Errorf(tenants.CodeUnavailable, "slow down")
	for n := range unavailableTries {
		if got, want := try(), n == unavailableTries-1; got != want {
			t.Fatalf("final in try %d is %v", n+1, got)
		}
	}
	op, err := h.ledger.Operation(t.Context(), in.OperationID)
	if err != nil {
		t.Fatal(err)
	}
	if s := op.Steps[0]; s.Tries.Begun != unavailableTries || s.Tries.Failed != unavailableTries || s.Progress != tenants.ProgressFailed || !strings.Contains(s.Error, "slow down") {
		t.Errorf("recorded is %+v", s)
	}

	// A lock that stays ends the waiting.
	in = h.planned(h.create("beta", "standard"))
	fault = tenants.Errorf(tenants.CodeConflict, "another update of the stack is in progress")
	if try() {
		t.Error("it was not waited for")
	}
	if clock = clock.Add(h.a.Timing.Tries); !try() {
		t.Error("it was waited for without end")
	}
}

func TestAStepThatEndsItsWorkersIsGivenUp(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	in := h.planned(h.create("acme", "standard"))
	for range lostTries { // each ends with its worker
		if _, err := h.a.beginning(t.Context(), in, func(mark *tenants.Step) { mark.Tries.Begun++ }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.a.Run(t.Context(), in); err == nil || !last(t, err) || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("the try after that ended with %v", err)
	}
	if calls := h.steps.Engine.(*paper).calls(); len(calls) != 0 {
		t.Errorf("it was run: %v", calls)
	}
}

func TestAWorkTakesNoLongerThanItsTime(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	in := h.planned(h.create("acme", "standard"))
	h.a.Timing.Step = 50 * time.Millisecond
	h.steps.Engine.(*paper).fail = func(string, string) error {
		time.Sleep(100 * time.Millisecond)
		return context.DeadlineExceeded
	}
	_, err := h.a.Run(t.Context(), in)
	if a, ok := errors.AsType[*temporal.ApplicationError](err); !ok || a.Type() != string(tenants.CodeUnavailable) || !strings.Contains(err.Error(), "within 50ms") || a.NonRetryable() {
		t.Errorf("it ended with %v", err)
	}
}

// TestATenantWhoseMailboxIsGoneMovesAndGoes has a mail server that refuses for good.
func TestATenantWhoseMailboxIsGoneMovesAndGoes(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	h.a.Notifier = refusing{}
	h.work()
	for _, begin := range []func() tenants.Operation{
		func() tenants.Operation { return h.create("acme", "standard") },
		func() tenants.Operation { return h.move("acme", "premium", "") },
		func() tenants.Operation { return h.remove("acme", "") },
	} {
		op := h.done(begin())
		notice := op.Steps[len(op.Steps)-2]
		if notice.Name != NotifyStep || notice.Progress != tenants.ProgressFailed || !strings.Contains(notice.Error, "no such mailbox") || notice.EndedAt.IsZero() {
			t.Errorf("%s: the notice is recorded as %+v", op.Kind, notice)
		}
	}
	if got := h.tenant("acme").Status; got != tenants.StatusDeleted {
		t.Errorf("the tenant is %s", got)
	}
}

type refusing struct{}

func (refusing) Notify(context.Context, Notice) error {
	return tenants.Errorf(tenants.CodeFailedPrecondition, "550 no such mailbox")
}

func TestADeadLetterSaysWhatIsRecordedAfterIt(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	in := h.planned(h.create("acme", "standard"))
	if _, err := h.a.begin(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	f := failed{Input: in.Input, Cause: cause{Step: in.Step, Code: tenants.CodeUnavailable, Message: "slow down"}}
	for _, recorded := range []bool{false, true} {
		if err := h.a.DeadLetter(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		op, err := h.ledger.Operation(t.Context(), in.OperationID)
		if err != nil || op.Progress.Ended() != recorded {
			t.Fatalf("recorded is %+v, %v", op, err)
		}
		letters := h.town.deadLetters(1)
		if l := letters[len(letters)-1]; l.Operation.Progress != tenants.ProgressFailed || l.Operation.Error != "slow down" || progress(l.Operation) != "provision:failed services: notify: finish:" {
			t.Errorf("recorded %v: the letter says %+v", recorded, l)
		}
		if err := h.a.Fail(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
}
