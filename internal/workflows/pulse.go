package workflows

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/tenants"
)

// pulse is what an infrastructure step says with its heartbeat: the latest of what
// happened in its runs, oldest first. What the engine and providers said is not in
// it, for heartbeats are kept.
type pulse struct {
	Events []automation.Event `json:"events,omitempty"`
}

const (
	// pulseEvents is how many events a heartbeat carries at most. They take about 200 bytes each.
	pulseEvents = 100
	// pulseEvery is how soon what happened is told.
	pulseEvery = time.Second
)

// EventReader tells what happens in runs of other processes; *Client is one.
type EventReader interface {
	// Events gives the latest of what happened in the step that the operation has
	// under way, oldest first; nothing where none is.
	Events(ctx context.Context, operationID string) ([]automation.Event, error)
}

// Events gives the latest of what happened in the step that an operation has under
// way, oldest first, as the worker's last heartbeat tells it: at most the last
// hundred events, without those that are messages. There is nothing where no step
// is under way.
func (c *Client) Events(ctx context.Context, operationID string) ([]automation.Event, error) {
	res, err := c.temporal.DescribeWorkflowExecution(ctx, WorkflowID(operationID), "")
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return nil, nil
	}
	if err != nil {
		return nil, classified(err, "look at", operationID)
	}
	var events []automation.Event
	for _, pending := range res.GetPendingActivities() {
		if pending.GetActivityType().GetName() != runActivity || pending.GetHeartbeatDetails() == nil {
			continue
		}
		var p pulse
		if err := converter.GetDefaultDataConverter().FromPayloads(pending.GetHeartbeatDetails(), &p); err != nil {
			return nil, classified(err, "read the progress of", operationID)
		}
		events = append(events, p.Events...)
	}
	return events, nil
}

// beat lets the worker's heart be heard while an activity is under way, until the
// function that it gives is called. What is new is told within pulseEvery.
func beat(ctx context.Context, latest func() (p pulse, news bool)) (stop func()) {
	if !activity.IsActivity(ctx) {
		return func() {}
	}
	quiet := max(activity.GetInfo(ctx).HeartbeatTimeout/4, 100*time.Millisecond)
	done := make(chan struct{})
	go func() {
		t := time.NewTicker(min(quiet, pulseEvery))
		defer t.Stop()
		var told time.Time
		for {
			if p, news := latest(); news || time.Since(told) >= quiet-quiet/10 {
				activity.RecordHeartbeat(ctx, p)
				told = time.Now()
			}
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-t.C:
			}
		}
	}()
	return func() { close(done) }
}

// run is a step of an operation that runs here.
type run struct {
	operationID string
	events      []automation.Event // the latest, for others to see
	news        bool               // there are some that no heartbeat has told
}

// add takes what happened. A diagnostic stays here: what a provider said may be
// anything, and what is a cause of failure comes into the record.
func (r *run) add(ev automation.Event) {
	if ev.Kind == automation.EventDiagnostic {
		return
	}
	ev.URN, ev.Message, ev.Severity = "", "", ""
	if len(r.events) == pulseEvents {
		r.events = append(r.events[:0:0], r.events[1:]...)
	}
	r.events, r.news = append(r.events, ev), true
}

// pulse gives what is to be told of a tenant's run, and whether any of it is new.
func (b *Broker) pulse(tenantID string) (p pulse, news bool) {
	if b == nil {
		return pulse{}, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.running[tenantID]
	if r == nil {
		return pulse{}, false
	}
	news, r.news = r.news, false
	return pulse{Events: append([]automation.Event(nil), r.events...)}, news
}

// here tells whether a step of the operation runs in this process.
func (b *Broker) here(operationID string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.running {
		if r.operationID == operationID {
			return true
		}
	}
	return false
}

// elsewhere hands on what has happened since in a run of another process; false
// when nothing is to follow. What cannot be asked for now may be the next time: it
// is no more than progress.
func (b *Broker) elsewhere(ctx context.Context, op tenants.Operation, since *time.Time, yield func(Update, error) bool) bool {
	if b == nil || b.Elsewhere == nil || b.here(op.ID) {
		return true
	}
	events, err := b.Elsewhere.Events(ctx, op.ID)
	if err != nil {
		return ctx.Err() == nil
	}
	for _, ev := range events {
		if !ev.Time.After(*since) {
			continue
		}
		*since = ev.Time
		if !yield(Update{Operation: op, Event: ev}, nil) {
			return false
		}
	}
	return true
}
