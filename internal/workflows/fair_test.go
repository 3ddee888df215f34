package workflows

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/tenants"
)

// TestAFloodOfOneTierDoesNotHoldUpAnother queues many tenants of one tier and
// then one of another, on a worker with one place.
func TestAFloodOfOneTierDoesNotHoldUpAnother(t *testing.T) {
	t.Parallel()
	const flood = 14
	h := newPaper(t)
	h.a.Slots = NewSlots(1)
	engine := h.steps.Engine.(*paper)
	atOnce, gate := make(chan struct{}, flood+1), make(chan struct{})
	most := 0
	engine.fail = func(call, _ string) error {
		if call == "up" {
			atOnce <- struct{}{}
			most = max(most, len(atOnce)) // one at a time, or the test fails
			<-gate
			<-atOnce
		}
		return nil
	}
	var all []tenants.Operation
	for i := range flood {
		all = append(all, h.create(fmt.Sprintf("flood-%d", i), "free"))
	}
	h.work()
	planned := func(ops ...tenants.Operation) {
		for _, op := range ops {
			for now := op; len(now.Steps) == 0; time.Sleep(20 * time.Millisecond) {
				var err error
				if now, err = h.ledger.Operation(t.Context(), op.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(2 * time.Second) // until its first step is in the queue
	}
	planned(all...)
	late := h.create("patron", "standard")
	planned(late)
	before := len(engine.calls())
	close(gate)
	for _, op := range append(all, late) {
		h.done(op)
	}
	at := slices.IndexFunc(engine.calls(), func(s string) bool { return strings.HasSuffix(s, "tenant-patron") })
	if most != 1 {
		t.Errorf("%d steps ran at once on a worker with one place", most)
	}
	if waited := at - before; waited > flood/2 {
		t.Errorf("the other tier waited for %d of %d that were there before it", waited, flood-before)
	}
	t.Logf("%d of the flood were under way, and %d more came before it", before, at-before)
}

func (p *paper) calls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

func TestWatchersSeeEachStepAndWhatTheEngineDoes(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	h.steps.Engine.(*paper).fail = func(call, stack string) error {
		if call == "up" {
			h.a.Broker.Progress(automation.Event{Stack: stack, Kind: automation.EventResource, Name: "table"})
			h.a.Broker.Progress(automation.Event{Stack: "tenant-other", Kind: automation.EventResource, Name: "not this one's"})
		}
		return nil
	}
	op := h.create("acme", "free")
	var seen []string
	events := 0
	go func() {
		time.Sleep(100 * time.Millisecond)
		h.work()
	}()
	for u, err := range h.a.Broker.Watch(t.Context(), h.ledger, op.ID, time.Hour) { // nothing is read again: the broker tells
		if err != nil {
			t.Fatal(err)
		}
		if u.Event.Name != "" {
			if events++; u.Event.Name != "table" || u.Operation.ID != op.ID {
				t.Errorf("event %+v of %s", u.Event, u.Operation.ID)
			}
			continue
		}
		seen = append(seen, progress(u.Operation))
	}
	for _, want := range []string{
		"provision:running services: notify: finish:", "provision:succeeded services: notify: finish:",
		"provision:succeeded services:succeeded notify:running finish:", "provision:succeeded services:succeeded notify:succeeded finish:succeeded",
	} {
		if !slices.Contains(seen, want) {
			t.Errorf("nobody was told of %q; told: %q", want, seen)
		}
	}
	if events != 1 {
		t.Errorf("%d events, want one", events)
	}
	// Another process has no broker in common, and reads.
	other, ends := &Broker{}, 0
	for u, err := range other.Watch(t.Context(), h.ledger, op.ID, 10*time.Millisecond) {
		if err != nil || u.Operation.Progress != tenants.ProgressSucceeded {
			t.Errorf("%+v, %v", u, err)
		}
		ends++
	}
	if ends != 1 {
		t.Errorf("an operation that has ended is told of %d times", ends)
	}
}
