package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"sync"
	"time"

	"github.com/tenantform/tenantform/tenants"
	"gocloud.dev/pubsub"
)

// Result is what became of a message.
type Result string

// The results. Each delivery of a message has one, but for those whose consumer
// is stopping.
const (
	ResultAccepted     Result = "accepted"      // handled, durably
	ResultDuplicate    Result = "duplicate"     // had before, and dropped
	ResultUnknown      Result = "unknown"       // of a service or an operation that is not known, and dropped
	ResultLate         Result = "late"          // after the operation's end, or to an earlier attempt, and dropped
	ResultMalformed    Result = "malformed"     // not an event of a known form, and sent to the dead letters
	ResultRetried      Result = "retried"       // failed, and will be tried again
	ResultDeadLettered Result = "dead_lettered" // failed too often, and sent to the dead letters
)

// Results gives every result.
func Results() []Result {
	return []Result{ResultAccepted, ResultDuplicate, ResultUnknown, ResultLate, ResultMalformed, ResultRetried, ResultDeadLettered}
}

// Counter counts what became of messages. It is called from several goroutines. A
// Prometheus counter with the label result is one.
type Counter interface {
	Count(result Result)
}

// Consumer receives events of a queue and hands each to a handler, several at a
// time. QueueURL is required; the rest has defaults.
type Consumer struct {
	QueueURL    string
	DeadLetters *Publisher    // where messages go that are given up; nil: they are logged and dropped
	Concurrency int           // messages in hand at a time; 0: 16
	Attempts    int           // how often a message is tried that fails, but for CodeUnavailable; 0: 5
	Timeout     time.Duration // of one call of the handler; 0: 30 seconds, negative: none
	Grace       time.Duration // what calls have to end after a stop; 0: 20 seconds
	MinWait     time.Duration // before a message is tried again, doubled each time up to 64 times that; 0: 250 milliseconds
	Counter     Counter       // nil: nothing is counted
	Log         *slog.Logger  // nil: nothing is logged
}

// Handle deals with one event. Nil means that it is done, durably. The code of an
// error says what follows: CodeConflict is a duplicate, CodeNotFound unknown and
// CodeFailedPrecondition late, all of which are dropped; CodeInvalid is malformed
// and goes to the dead letters at once. With CodeUnavailable, which is no fault of
// the event, it is tried again until the broker gives it up, with pauses that grow
// up to the longest; with another it is tried again Consumer.Attempts times in all.
type Handle func(ctx context.Context, e Event) error

// Run receives until ctx ends, and then waits for the calls under way as long as
// Grace lets it; what is not done by then comes again to the next consumer. Each
// message is acknowledged only after its handler has returned, or after the dead
// letters have it. A queue that fails is opened again, more and more slowly, for
// ever. The error is one of QueueURL, CodeInvalid; nil after a stop.
func (c Consumer) Run(ctx context.Context, handle Handle) error {
	queue, err := OpenQueue(ctx, c.QueueURL)
	if err != nil {
		return err
	}
	c = c.withDefaults()
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	r := &run{Consumer: c, handle: handle, work: work, stopping: ctx, name: queue.name, queue: queue,
		free: make(chan struct{}, c.Concurrency), tried: newMemory[tries](remembered), inHand: map[string]bool{}}
	for ctx.Err() == nil {
		if err := r.receive(ctx); ctx.Err() == nil {
			r.reopen(ctx, err)
		}
	}
	r.finish(stop)
	return nil
}

// remembered is how many messages a consumer knows the tries of.
const remembered = 10_000

func (c Consumer) withDefaults() Consumer {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&c.Timeout, 30*time.Second)
	set(&c.Grace, 20*time.Second)
	set(&c.MinWait, 250*time.Millisecond)
	if c.Concurrency <= 0 {
		c.Concurrency = 16
	}
	if c.Attempts <= 0 {
		c.Attempts = 5
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// hand is a message in hand, kept from other receivers until it is let go of.
type hand struct {
	*pubsub.Message
	release func() // ends the keeping; safe to call again
}

func take(ctx context.Context, q *Queue, m *pubsub.Message) *hand {
	ctx, cancel := context.WithCancel(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		q.keep(ctx, m)
	}()
	return &hand{Message: m, release: func() {
		cancel()
		<-kept
	}}
}

func (h *hand) ack() {
	h.release()
	h.Ack()
}

// nack lets the message come again at once, or, where the queue cannot do that,
// when its time is over.
func (h *hand) nack() {
	h.release()
	if h.Nackable() {
		h.Nack()
	}
}

// run is a consumer at work.
type run struct {
	Consumer
	handle   Handle
	work     context.Context // ends when the grace is over
	stopping context.Context // ends with the stop
	name     string          // of the queue
	queue    *Queue          // of the receiving goroutine
	free     chan struct{}   // one element a message in hand
	group    sync.WaitGroup

	mu     sync.Mutex
	tried  *memory[tries]
	inHand map[string]bool // by the event's key
}

// tries are those of an event that have not ended it.
type tries struct {
	failed  int // that count
	waiting int // for what the handler could not reach
}

// receive hands out messages until the queue fails or ctx ends.
func (r *run) receive(ctx context.Context) error {
	for {
		select {
		case r.free <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		m, err := r.queue.subscription.Receive(ctx)
		if err != nil {
			<-r.free
			return err
		}
		queue := r.queue
		r.group.Go(func() {
			defer func() { <-r.free }()
			h := take(r.work, queue, m)
			defer h.release()
			r.deal(r.work, h)
		})
	}
}

// reopen opens the queue again, since a subscription that failed stays failed.
func (r *run) reopen(ctx context.Context, cause error) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		r.Log.Error("the queue failed and will be opened again", "queue", r.name, "cause", cause, "wait", wait.String())
		if !sleep(ctx, wait) {
			return
		}
		queue, err := OpenQueue(ctx, r.QueueURL)
		if err == nil {
			old := r.queue
			r.queue = queue
			r.group.Go(func() { r.shut(old) })
			return
		}
		cause = err
	}
}

func (r *run) shut(q *Queue) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.work), 5*time.Second)
	defer cancel()
	if err := q.Shutdown(ctx); err != nil && ctx.Err() == nil {
		r.Log.Warn("the queue was not closed in good order", "queue", q.name, "cause", err)
	}
}

// finish waits for the calls under way, ends them when the grace is over, and lets
// go of the queue.
func (r *run) finish(stop func()) {
	timer := time.AfterFunc(r.Grace, stop)
	defer timer.Stop()
	r.group.Wait()
	r.shut(r.queue)
}

// deal handles one message to its end: an acknowledgement, or none.
func (r *run) deal(ctx context.Context, m *hand) {
	e, err := Parse(m.Body)
	if err != nil {
		r.give(ctx, m, Event{ID: m.LoggableID}, ResultMalformed, 0, err)
		return
	}
	log := r.Log.With("event", e.ID, "type", e.Type, "correlation_id", e.CorrelationID)
	if !r.begin(e) {
		// It is being worked on, and must not be acknowledged before that has ended.
		r.count(ResultDuplicate)
		r.again(ctx, m, r.MinWait)
		return
	}
	defer r.end(e)
	err = r.call(ctx, e)
	switch code := tenants.CodeOf(err); code {
	case "":
		r.forget(e)
		r.count(ResultAccepted)
		m.ack()
	case tenants.CodeConflict, tenants.CodeNotFound, tenants.CodeFailedPrecondition:
		result := map[tenants.Code]Result{
			tenants.CodeConflict: ResultDuplicate, tenants.CodeNotFound: ResultUnknown, tenants.CodeFailedPrecondition: ResultLate}[code]
		log.Warn("the event was dropped", "result", result, "cause", err)
		r.count(result)
		m.ack()
	case tenants.CodeInvalid:
		r.give(ctx, m, e, ResultMalformed, 0, err)
	default:
		r.failed(ctx, m, e, err)
	}
}

// failed tries a message again, or gives it up.
func (r *run) failed(ctx context.Context, m *hand, e Event, cause error) {
	if r.stopping.Err() != nil {
		r.again(ctx, m, 0) // what failed because of the stop does not count
		return
	}
	n := r.tryOf(e, tenants.CodeOf(cause) == tenants.CodeUnavailable)
	if n.failed >= r.Attempts {
		r.give(ctx, m, e, ResultDeadLettered, n.failed, cause)
		return
	}
	r.Log.Warn("the event will be tried again", "event", e.ID, "correlation_id", e.CorrelationID, "attempt", n.failed+n.waiting, "cause", cause)
	r.count(ResultRetried)
	r.again(ctx, m, r.wait(n.failed+n.waiting))
}

// tryOf adds a try that has not ended an event.
func (r *run) tryOf(e Event, waiting bool) tries {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, _ := r.tried.get(e.Key())
	if waiting {
		n.waiting++
	} else {
		n.failed++
	}
	r.tried.put(e.Key(), n)
	return n
}

// wait gives how long to wait after so many tries.
func (r *run) wait(tries int) time.Duration { return r.MinWait << min(max(tries-1, 0), 6) }

// give sends a message to the dead letters. Where they cannot take it, it is kept.
func (r *run) give(ctx context.Context, m *hand, e Event, result Result, tries int, cause error) {
	log := r.Log.With("event", e.ID, "type", e.Type, "correlation_id", e.CorrelationID, "queue", r.name)
	if r.DeadLetters != nil {
		if err := r.bury(ctx, m, e, tries, cause); err != nil {
			log.Error("the message is kept, since the dead letters do not take it", "cause", err)
			r.count(ResultRetried)
			r.again(ctx, m, r.MinWait<<6)
			return
		}
	}
	log.Error("the message was given up", "result", result, "attempts", tries, "cause", cause)
	r.forget(e)
	r.count(result)
	m.ack()
}

func (r *run) bury(ctx context.Context, m *hand, e Event, tries int, cause error) error {
	letter, err := NewUndeliverable(Context{CorrelationID: e.CorrelationID, TraceParent: e.TraceParent}, e.ID, Undeliverable{
		Queue: r.name, Reason: cause.Error(), Attempts: tries, Body: m.Body, Metadata: maps.Clone(m.Metadata),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return r.DeadLetters.Publish(ctx, letter)
}

// again lets a message come again after a while, at once when the consumer stops.
func (r *run) again(ctx context.Context, m *hand, after time.Duration) {
	if after > 0 {
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.stopping.Done():
		case <-ctx.Done():
		}
	}
	m.nack()
}

// call runs the handler; a panic is an error of it.
func (r *run) call(ctx context.Context, e Event) (err error) {
	if r.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.Timeout)
		defer cancel()
	}
	defer func() {
		if p := recover(); p != nil {
			r.Log.Error("the handler of an event panicked", "event", e.ID, "correlation_id", e.CorrelationID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errors.New("the handler panicked")
		}
	}()
	return r.handle(ctx, e)
}

// begin takes an event in hand, unless it is already.
func (r *run) begin(e Event) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inHand[e.Key()] {
		return false
	}
	r.inHand[e.Key()] = true
	return true
}

func (r *run) end(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.inHand, e.Key())
}

func (r *run) forget(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried.remove(e.Key())
}

func (r *run) count(result Result) {
	if r.Counter != nil {
		r.Counter.Count(result)
	}
}

// sleep waits, and says whether ctx let it.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
