package workflows

import (
	"fmt"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/tenants"
)

// TestWatchersOfOtherProcessesSeeRuns watches with a broker that the worker does
// not know, while the step is under way.
func TestWatchersOfOtherProcessesSeeRuns(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	watched := make(chan struct{})
	h.steps.Engine.(*paper).fail = func(call, stack string) error {
		if call != "up" {
			return nil
		}
		b := h.a.Broker
		b.Progress(automation.Event{Time: time.Now(), Stack: stack, Kind: automation.EventDiagnostic, Message: "password is hunter2"})
		for i := range 2 * pulseEvents {
			b.Progress(automation.Event{Time: time.Now(), Stack: stack, Kind: automation.EventResource, URN: "urn", Name: fmt.Sprint("r", i), Progress: tenants.ProgressSucceeded})
		}
		select {
		case <-watched:
			return nil
		case <-time.After(20 * time.Second):
			return tenants.Errorf(tenants.CodeInternal, "nobody saw what happens")
		}
	}
	op := h.create("acme", "free")
	h.work()
	other, names := &Broker{Elsewhere: h.client}, []string{}
	for u, err := range other.Watch(t.Context(), h.ledger, op.ID, 50*time.Millisecond) {
		if err != nil {
			t.Fatal(err)
		}
		if u.Event == (automation.Event{}) {
			continue
		}
		if u.Event.Kind == automation.EventDiagnostic || u.Event.Message != "" || u.Event.URN != "" || u.Operation.ID != op.ID {
			t.Errorf("a heartbeat carries %+v of %s", u.Event, u.Operation.ID)
		}
		if names = append(names, u.Event.Name); u.Event.Name == fmt.Sprint("r", 2*pulseEvents-1) {
			close(watched)
		}
	}
	if len(names) < pulseEvents {
		t.Fatalf("%d events were seen, want the latest %d: %q", len(names), pulseEvents, names)
	}
	for i, name := range names[len(names)-pulseEvents:] {
		if name != fmt.Sprint("r", pulseEvents+i) {
			t.Fatalf("the %dth of the last is %s; each comes once and in order", i, name)
		}
	}
	if got := h.ended(op.ID); got.Progress != tenants.ProgressSucceeded {
		t.Errorf("the operation: %s %s", progress(got), got.Error)
	}
	if events, err := h.client.Events(t.Context(), op.ID); err != nil || len(events) != 0 {
		t.Errorf("of an operation that has ended: %v, %v", events, err)
	}
	if events, err := h.client.Events(t.Context(), "unknown"); err != nil || len(events) != 0 {
		t.Errorf("of no operation: %v, %v", events, err)
	}
}
