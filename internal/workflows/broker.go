package workflows

import (
	"context"
	"iter"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/tenants"
)

// Update is something that happened to an operation.
type Update struct {
	Operation tenants.Operation `json:"operation"` // as recorded
	// Event is what happened in the run of a stack; the zero value when the update
	// tells of the record.
	Event automation.Event `json:"event,omitzero"`
}

// Broker hands the updates of operations from those who do them to those who
// watch them. The zero value is ready, for one process; a nil Broker takes updates
// and tells nobody.
type Broker struct {
	// Elsewhere tells what happens in runs of other processes. Nil: nobody does.
	Elsewhere EventReader

	mu       sync.Mutex
	watchers map[string]map[chan Update]struct{} // by operation
	running  map[string]*run                     // by tenant: the step that runs here
	last     map[string]tenants.Operation        // by operation, of those that are watched
}

// backlog is how many updates a watcher may be behind. Of one that is further
// behind, events are dropped; the record is read again.
const backlog = 256

// subscribe gives the updates of an operation from now on.
func (b *Broker) subscribe(operationID string) (updates <-chan Update, stop func()) {
	if b == nil {
		return nil, func() {}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers == nil {
		b.watchers = map[string]map[chan Update]struct{}{}
	}
	c := make(chan Update, backlog)
	if b.watchers[operationID] == nil {
		b.watchers[operationID] = map[chan Update]struct{}{}
	}
	b.watchers[operationID][c] = struct{}{}
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers[operationID], c)
		if len(b.watchers[operationID]) == 0 {
			delete(b.watchers, operationID)
			delete(b.last, operationID)
		}
	}
}

func (b *Broker) tell(u Update) { // the caller has the lock
	for c := range b.watchers[u.Operation.ID] {
		select {
		case c <- u:
		default:
		}
	}
}

// recorded takes an operation as it was recorded.
func (b *Broker) recorded(op tenants.Operation) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers[op.ID] == nil {
		return
	}
	if b.last == nil {
		b.last = map[string]tenants.Operation{}
	}
	b.last[op.ID] = op
	b.tell(Update{Operation: op})
}

// follow says that the runs of a tenant's stacks belong to the operation, until
// the function that it gives is called.
func (b *Broker) follow(tenantID, operationID string) (stop func()) {
	if b == nil {
		return func() {}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running == nil {
		b.running = map[string]*run{}
	}
	b.running[tenantID] = &run{operationID: operationID}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.running, tenantID)
	}
}

// Progress takes what happens in a run of a stack; it is for
// automation.Options.Progress, and never blocks. Events of stacks that are no
// tenant's, or of tenants without an operation here, go nowhere.
func (b *Broker) Progress(ev automation.Event) {
	kind, tenant, _ := strings.Cut(ev.Stack, "-")
	if kind != "tenant" && kind != "functions" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.running[tenant]
	if r == nil {
		return
	}
	r.add(ev)
	id := r.operationID
	if b.watchers[id] == nil {
		return
	}
	op, ok := b.last[id]
	if !ok {
		op = tenants.Operation{ID: id, TenantID: tenant}
	}
	b.tell(Update{Operation: op, Event: ev})
}

// OperationReader reads operations; tenants.Ledger is one.
type OperationReader interface {
	Operation(ctx context.Context, id string) (tenants.Operation, error)
}

// Watch gives an operation as it is and then whatever happens to it, until it
// has ended or ctx has. What happens in other processes is read from the ledger,
// every so often; events of their runs are those of Elsewhere, of which the last
// before a step ends may be missing. The sequence ends with the operation's end, or
// with the one error that there is.
func (b *Broker) Watch(ctx context.Context, from OperationReader, operationID string, every time.Duration) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		updates, stop := b.subscribe(operationID)
		defer stop()
		tick := time.NewTicker(every)
		defer tick.Stop()
		var last *tenants.Operation
		var since time.Time // the last event of another process
		for {
			op, err := from.Operation(ctx, operationID)
			if err != nil {
				yield(Update{}, err)
				return
			}
			if last == nil || !reflect.DeepEqual(*last, op) {
				last = &op
				b.remember(op)
				if !yield(Update{Operation: op}, nil) || op.Progress.Ended() {
					return
				}
			}
			if !b.elsewhere(ctx, *last, &since, yield) || !b.until(ctx, tick.C, updates, &last, yield) {
				return
			}
		}
	}
}

// remember lets events carry the operation as it was last read.
func (b *Broker) remember(op tenants.Operation) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last == nil {
		b.last = map[string]tenants.Operation{}
	}
	b.last[op.ID] = op
}

// until hands on updates until it is time to read the record again; false when
// nothing is to follow.
func (b *Broker) until(ctx context.Context, tick <-chan time.Time, updates <-chan Update, last **tenants.Operation, yield func(Update, error) bool) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick:
			return true
		case u := <-updates:
			if u.Event == (automation.Event{}) {
				if reflect.DeepEqual(**last, u.Operation) {
					continue
				}
				*last = &u.Operation
			}
			if !yield(u, nil) || (u.Event == (automation.Event{}) && u.Operation.Progress.Ended()) {
				return false
			}
		}
	}
}
