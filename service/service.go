package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/tenants"
)

// Options are what a service may have otherwise. The zero value is the default.
type Options struct {
	Store       Store         // nil: NewMemoryStore
	DeadLetters string        // URL of the topic for messages that are no events; empty: they are logged and dropped
	Concurrency int           // requests at a time; 0: 16
	Attempts    int           // how often a Handler is called that fails; 0: 3
	MinWait     time.Duration // before a failed Handler is called again, doubled each time; 0: a second
	Grace       time.Duration // what Handlers have to end after a stop; 0: 20 seconds
	Log         *slog.Logger  // nil: nothing is logged
	// Count is called with what became of each message: accepted, duplicate,
	// malformed, retried ...; nil: nothing is counted.
	Count func(result string)
}

// Service is a business service. Make it with New, give it its Handlers, and Run it.
type Service struct {
	name, eventsURL, answersURL string
	opts                        Options
	handlers                    map[Kind]Handler
	tenants                     locks
}

// New makes a service; name is its name in the catalogue, events the URL of its
// queue, and answers the URL to which its answers go. The error names what is
// wrong with the name; wrong URLs are told by Run.
func New(name, eventsURL, answersURL string, opts *Options) (*Service, error) {
	if opts == nil {
		opts = &Options{}
	}
	s := &Service{name: name, eventsURL: eventsURL, answersURL: answersURL, opts: *opts, handlers: map[Kind]Handler{}}
	if fields := (tenants.Service{Name: name}).Validate("service"); fields != nil {
		return nil, tenants.Invalid(fields...)
	}
	if s.opts.Store == nil {
		s.opts.Store = NewMemoryStore()
	}
	if s.opts.Attempts <= 0 {
		s.opts.Attempts = 3
	}
	if s.opts.MinWait <= 0 {
		s.opts.MinWait = time.Second
	}
	if s.opts.Log == nil {
		s.opts.Log = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

// On sets the Handler of a kind of operation, before Run. A request of a kind that
// has none is answered as failed.
func (s *Service) On(kind Kind, h Handler) { s.handlers[kind] = h }

// OnCreate sets the Handler of creations.
func (s *Service) OnCreate(h Handler) { s.On(Create, h) }

// OnUpdate sets the Handler of updates.
func (s *Service) OnUpdate(h Handler) { s.On(Update, h) }

// OnMove sets the Handler of moves to another tier.
func (s *Service) OnMove(h Handler) { s.On(Move, h) }

// OnDeactivate sets the Handler of deactivations.
func (s *Service) OnDeactivate(h Handler) { s.On(Deactivate, h) }

// OnActivate sets the Handler of activations.
func (s *Service) OnActivate(h Handler) { s.On(Activate, h) }

// OnDelete sets the Handler of deletions.
func (s *Service) OnDelete(h Handler) { s.On(Delete, h) }

// OnReconcile sets the Handler of reconciliations, for which a service is asked
// only if its catalogue entry says so.
func (s *Service) OnReconcile(h Handler) { s.On(Reconcile, h) }

// Run receives and answers until ctx ends; then it takes no more, lets Handlers
// end within Options.Grace, and returns nil. What they have not ended by then
// comes again to the next process. The error is that of a wrong URL.
func (s *Service) Run(ctx context.Context) error {
	answers, err := events.OpenPublisher(ctx, s.answersURL)
	if err != nil {
		return fmt.Errorf("the service %s cannot answer: %w", s.name, err)
	}
	defer s.shut(ctx, answers)
	c := events.Consumer{
		QueueURL: s.eventsURL, Concurrency: s.opts.Concurrency, Grace: s.opts.Grace, Log: s.opts.Log,
		Timeout:  -1,          // a request has its own deadline
		Attempts: math.MaxInt, // an answer is sent until it has arrived or its time is over
	}
	if s.opts.Count != nil {
		c.Counter = counter(s.opts.Count)
	}
	if s.opts.DeadLetters != "" {
		if c.DeadLetters, err = events.OpenPublisher(ctx, s.opts.DeadLetters); err != nil {
			return fmt.Errorf("the service %s cannot send dead letters: %w", s.name, err)
		}
		defer s.shut(ctx, c.DeadLetters)
	}
	stopping := ctx
	err = c.Run(ctx, func(ctx context.Context, e events.Event) error { return s.deal(ctx, stopping, answers, e) })
	if err != nil {
		return fmt.Errorf("the service %s cannot receive: %w", s.name, err)
	}
	return nil
}

func (s *Service) shut(ctx context.Context, p *events.Publisher) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := p.Shutdown(ctx); err != nil {
		s.opts.Log.Warn("a topic was not closed in good order", "cause", err)
	}
}

type counter func(string)

func (c counter) Count(r events.Result) { c(string(r)) }

// deal answers one event, if it is for this service.
func (s *Service) deal(ctx, stopping context.Context, answers *events.Publisher, e events.Event) error {
	if !e.IsRequested() {
		return nil // for somebody else
	}
	asked, err := e.Requested()
	if err != nil {
		return err
	}
	ask, ok := asked.Ask(s.name)
	if !ok {
		return nil
	}
	r := requestOf(e, asked, ask)
	r.Log = s.opts.Log.With("service", s.name, "operation", r.OperationID, "kind", string(r.Kind), "tenant", r.Tenant.ID,
		"attempt", r.Attempt, "correlation_id", r.CorrelationID)
	unlock, err := s.tenants.lock(ctx, r.Tenant.ID)
	if err != nil {
		return err
	}
	defer unlock()
	key := Key{Service: s.name, OperationID: r.OperationID, Attempt: r.Attempt}
	answer, had, err := s.opts.Store.Load(ctx, key)
	if err != nil {
		return err
	}
	if !time.Now().Before(r.AnswerBy) {
		r.Log.Warn("the time to answer is over", "answer_by", r.AnswerBy)
		return tenants.Errorf(tenants.CodeFailedPrecondition, "the time to answer for the operation %s was over at %s", r.OperationID, r.AnswerBy.Format(time.RFC3339))
	}
	if !had {
		if answer, err = s.work(ctx, stopping, r); err != nil {
			return err
		}
		if err := s.opts.Store.Save(ctx, key, answer); err != nil {
			return err
		}
	}
	return s.send(ctx, answers, r, answer)
}

func (s *Service) send(ctx context.Context, answers *events.Publisher, r Request, a Answer) error {
	e, err := events.NewAnswered(events.Context{CorrelationID: r.CorrelationID, TraceParent: r.TraceParent}, r.Tenant.ID, a.event(r))
	if err != nil {
		return err
	}
	if err := answers.Publish(ctx, e); err != nil {
		if tenants.CodeOf(err) == tenants.CodeFailedPrecondition {
			// Nobody listens yet; that is no reason to drop the answer.
			return tenants.Errorf(tenants.CodeUnavailable, "the answer waits: %w", err)
		}
		return err
	}
	return nil
}

func (a Answer) event(r Request) events.Answer {
	out := events.Answer{OperationID: r.OperationID, Service: r.Service, Attempt: r.Attempt, Outcome: events.OutcomeSucceeded, Error: a.Error, Outputs: a.Outputs}
	if a.Error != "" {
		out.Outcome = events.OutcomeFailed
	}
	return out
}

// work calls the Handler until there is an answer. The error means that there is
// none: the time is over, or the service stops.
func (s *Service) work(ctx, stopping context.Context, r Request) (Answer, error) {
	h := s.handlers[r.Kind]
	if h == nil {
		return Answer{Error: fmt.Sprintf("the service %s does nothing for a tenant's %s; take the kind out of its entry in the catalogue of services", s.name, r.Kind)}, nil
	}
	ctx, cancel := context.WithDeadline(ctx, r.AnswerBy)
	defer cancel()
	began := time.Now()
	for try := 1; ; try++ {
		outputs, err := call(ctx, h, r)
		var refusal *Refusal
		switch {
		case err == nil:
			r.Log.Info("done", "took", time.Since(began).String())
			return s.checked(r, Answer{Outputs: outputs}), nil
		case errors.As(err, &refusal):
			r.Log.Warn("refused", "reason", refusal.Reason)
			return s.checked(r, Answer{Error: cmp.Or(strings.TrimSpace(refusal.Reason), "the service "+s.name+" refused without a reason")}), nil
		case ctx.Err() != nil || stopping.Err() != nil:
			return Answer{}, fmt.Errorf("the %s of %s was not done in time: %w", r.Kind, r.Tenant.ID, err)
		case try >= s.opts.Attempts:
			r.Log.Error("given up", "attempts", try, "cause", err)
			return Answer{Error: fmt.Sprintf("the service %s failed %d times; its log says why, under the correlation id %s", s.name, try, r.CorrelationID)}, nil
		}
		wait := s.opts.MinWait << min(try-1, 6)
		r.Log.Warn("failed, and will be tried again", "attempts", try, "wait", wait.String(), "cause", err)
		select {
		case <-time.After(wait):
		case <-stopping.Done():
		case <-ctx.Done():
		}
	}
}

// checked gives the answer, or one that says why it cannot be sent.
func (s *Service) checked(r Request, a Answer) Answer {
	if len(a.Error) > events.MaxErrorLength {
		a.Error = fmt.Sprintf("%.*s...", events.MaxErrorLength/4, a.Error) // characters of up to four bytes
	}
	if fields := a.event(r).Validate(); fields != nil {
		r.Log.Error("the answer cannot be sent", "cause", tenants.Invalid(fields...))
		return Answer{Error: fmt.Sprintf("the service %s gave an answer that cannot be sent: %v", s.name, tenants.Invalid(fields...))}
	}
	return a
}

// call runs the Handler; a panic is an error of it.
func call(ctx context.Context, h Handler, r Request) (outputs Outputs, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.Log.Error("the handler panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			outputs, err = nil, errors.New("the handler panicked")
		}
	}()
	return h(ctx, r)
}

// locks gives one lock a name. The zero value is ready.
type locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	turn    chan struct{} // holds one element while it is locked
	waiting int
}

// lock waits for a name's lock as long as ctx lets it.
func (l *locks) lock(ctx context.Context, name string) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]*lock{}
	}
	k := l.held[name]
	if k == nil {
		k = &lock{turn: make(chan struct{}, 1)}
		l.held[name] = k
	}
	k.waiting++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.waiting--; k.waiting == 0 {
			delete(l.held, name)
		}
	}
	select {
	case k.turn <- struct{}{}:
		return func() {
			<-k.turn
			leave()
		}, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
