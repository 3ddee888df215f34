package service_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/events/spool"
	"github.com/tenantform/tenantform/internal/killtest"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/service"
	"github.com/tenantform/tenantform/tenants"
	"gocloud.dev/pubsub"
)

func newService(t *testing.T, p *plane, opts *service.Options) *service.Service {
	t.Helper()
	if opts == nil {
		opts = &service.Options{}
	}
	if opts.MinWait == 0 {
		opts.MinWait = time.Millisecond
	}
	s, err := service.New("billing", p.eventsURL(), p.answersURL(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// buffer is a log that several goroutines write.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// TestAnswers lets Handlers end in every way that they can.
func TestAnswers(t *testing.T) {
	p := newPlane(t).listen()
	var log buffer
	s := newService(t, p, &service.Options{Log: slog.New(slog.NewJSONHandler(&log, nil))})
	var calls sync.Map
	count := func(r service.Request) int {
		n, _ := calls.LoadOrStore(r.OperationID, new(atomic.Int32))
		return int(n.(*atomic.Int32).Add(1))
	}
	s.OnCreate(func(ctx context.Context, r service.Request) (service.Outputs, error) {
		n := count(r)
		switch r.OperationID {
		case "refuse":
			return nil, fmt.Errorf("billing: %w", service.Refuse("%s has no %s", r.Tenant.ID, "cost centre"))
		case "empty":
			return nil, service.Refuse("")
		case "flaky":
			if n < 3 {
				return nil, errors.New("password=hunter2")
			}
		case "broken":
			return nil, errors.New("password=hunter2")
		case "panic":
			panic("password=hunter2")
		case "wrong":
			return service.Outputs{"not a name": "x"}, nil
		case "long":
			return nil, service.Refuse("%s", strings.Repeat("ü", 5000))
		}
		deadline, ok := ctx.Deadline()
		if !ok || !deadline.Equal(r.AnswerBy) {
			t.Errorf("the context ends at %v, the time to answer at %v", deadline, r.AnswerBy)
		}
		if r.Service != "billing" || r.Attempt != 1 || r.CorrelationID != "corr-"+r.OperationID || r.Tenant.CostCenter != "4711" ||
			r.Tenant.Products[0] != (service.Product{Name: "reports", Licences: 3}) || r.Tenant.Settings.Endpoint != "https://e.example" {
			t.Errorf("%+v", r)
		}
		return service.Outputs{"account": "B-1"}, nil
	})
	testtime.Run(t, s.Run)
	operations := []string{"plain", "refuse", "empty", "flaky", "broken", "panic", "wrong", "long"}
	for i, op := range operations {
		p.request(op, fmt.Sprintf("tenant-%d", i), tenants.OperationCreate)
	}
	p.request("moved", "acme", tenants.OperationMove)
	want := []string{
		"broken/1 failed the service billing failed 3 times; its log says why, under the correlation id corr-broken map[]",
		"empty/1 failed the service billing refused without a reason map[]",
		"flaky/1 succeeded  map[account:B-1]",
		"long/1 failed " + strings.Repeat("ü", 500) + "... map[]",
		"moved/1 failed the service billing does nothing for a tenant's move; take the kind out of its entry in the catalogue of services map[]",
		"panic/1 failed the service billing failed 3 times; its log says why, under the correlation id corr-panic map[]",
		"plain/1 succeeded  map[account:B-1]",
		"refuse/1 failed tenant-1 has no cost centre map[]",
	}
	got := p.answers(9)
	wrong := slices.IndexFunc(got, func(s string) bool {
		return strings.HasPrefix(s, "wrong/1 failed the service billing gave an answer that cannot be sent")
	})
	if wrong < 0 {
		t.Errorf("no answer of an output that has no name: %q", got)
	} else {
		got = slices.Delete(got, wrong, wrong+1)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for op, want := range map[string]int{"plain": 1, "refuse": 1, "flaky": 3, "broken": 3, "panic": 3} {
		if n, _ := calls.Load(op); int(n.(*atomic.Int32).Load()) != want {
			t.Errorf("%s was called %v times, want %d", op, n, want)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(log.String()), "\n") {
		if !strings.Contains(line, `"correlation_id":"corr-`) {
			t.Errorf("a line without its correlation id: %s", line)
		}
	}
}

// TestDuplicates answers an event that comes again, and works once.
func TestDuplicates(t *testing.T) {
	p := newPlane(t)
	inbox := make(chan events.Event, 10)
	c := events.Consumer{QueueURL: p.base + "/answers?subscription=raw"}
	testtime.Run(t, func(ctx context.Context) error {
		return c.Run(ctx, func(_ context.Context, e events.Event) error { inbox <- e; return nil })
	})
	var calls atomic.Int32
	s := newService(t, p, nil)
	s.OnCreate(func(context.Context, service.Request) (service.Outputs, error) {
		calls.Add(1)
		time.Sleep(50 * time.Millisecond)
		return nil, nil
	})
	testtime.Run(t, s.Run)
	for range 3 {
		p.request("op1", "acme", tenants.OperationCreate)
	}
	first := <-inbox
	for range 2 {
		if e := <-inbox; e.Key() != first.Key() {
			t.Errorf("the answer %q is another than %q", e.Key(), first.Key())
		}
	}
	p.request("op1", "acme", tenants.OperationCreate, func(r *events.Requested) { r.Attempt = 2 })
	if e := <-inbox; e.ID != "op1.answered.2" {
		t.Errorf("%s", e.ID)
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("worked %d times, want once an attempt", n)
	}
}

// TestNotAnswered drops what is for others, too late, or no request.
func TestNotAnswered(t *testing.T) {
	p := newPlane(t).listen()
	dead := make(chan events.Event, 1)
	c := events.Consumer{QueueURL: p.base + "/dead?subscription=operators"}
	testtime.Run(t, func(ctx context.Context) error {
		return c.Run(ctx, func(_ context.Context, e events.Event) error { dead <- e; return nil })
	})
	var results sync.Map
	s := newService(t, p, &service.Options{DeadLetters: p.base + "/dead", Count: func(r string) {
		n, _ := results.LoadOrStore(r, new(atomic.Int32))
		n.(*atomic.Int32).Add(1)
	}})
	s.OnCreate(func(_ context.Context, r service.Request) (service.Outputs, error) {
		if r.OperationID != "last" {
			t.Errorf("called for %s", r.OperationID)
		}
		return nil, nil
	})
	p.request("other", "acme", tenants.OperationCreate, func(r *events.Requested) { r.Services[0].Service = "search" })
	p.request("late", "acme", tenants.OperationCreate, func(r *events.Requested) { r.Services[0].AnswerBy = time.Now().Add(-time.Second) })
	foreign, err := events.NewUndeliverable(events.Context{}, "x", events.Undeliverable{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.ask.Publish(t.Context(), foreign); err != nil {
		t.Fatal(err)
	}
	raw, err := spool.OpenTopic(strings.TrimPrefix(p.base, "spool://") + "/events")
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Send(t.Context(), &pubsub.Message{Body: []byte("hello")}); err != nil {
		t.Fatal(err)
	}
	testtime.Run(t, s.Run)
	p.request("last", "acme", tenants.OperationCreate)
	if got := p.answers(1); !slices.Equal(got, []string{"last/1 succeeded  map[]"}) {
		t.Errorf("%q", got)
	}
	if e := <-dead; e.Type != events.TypeUndeliverable || !bytes.Contains(e.Data, []byte("aGVsbG8=")) {
		t.Errorf("the dead letter is %+v %s", e, e.Data)
	}
	if n, ok := results.Load("late"); !ok || n.(*atomic.Int32).Load() != 1 {
		t.Errorf("the late one is not counted: %v", n)
	}
}

// TestStop ends Handlers that are done within the grace, and gives the others to
// the next process.
func TestStop(t *testing.T) {
	p := newPlane(t).listen()
	working := make(chan string, 2)
	s := newService(t, p, &service.Options{Grace: 400 * time.Millisecond})
	s.OnCreate(func(ctx context.Context, r service.Request) (service.Outputs, error) {
		working <- r.OperationID
		wait := 100 * time.Millisecond
		if r.OperationID == "slow" {
			wait = time.Minute
		}
		select {
		case <-time.After(wait):
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	stop := testtime.Run(t, s.Run)
	p.request("quick", "acme", tenants.OperationCreate)
	p.request("slow", "birch", tenants.OperationCreate)
	<-working
	<-working
	began := time.Now()
	stop()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it stopped after %s", took)
	}
	if got := p.answers(1); !slices.Equal(got, []string{"quick/1 succeeded  map[]"}) {
		t.Errorf("%q", got)
	}
	next := newService(t, p, nil)
	next.OnCreate(func(context.Context, service.Request) (service.Outputs, error) {
		return service.Outputs{"by": "next"}, nil
	})
	testtime.Run(t, next.Run)
	if got := p.answers(2); !slices.Equal(got, []string{"quick/1 succeeded  map[]", "slow/1 succeeded  map[by:next]"}) {
		t.Errorf("%q", got)
	}
}

// TestAnswerOutlivesTheProcess keeps an answer that nobody took, and does not work
// for it again.
func TestAnswerOutlivesTheProcess(t *testing.T) {
	p := newPlane(t)
	dir := filepath.Join(t.TempDir(), "answers")
	var calls atomic.Int32
	run := func() (stop func()) {
		store, err := service.OpenFileStore(dir, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		s := newService(t, p, &service.Options{Store: store})
		s.OnCreate(func(context.Context, service.Request) (service.Outputs, error) {
			return service.Outputs{"call": fmt.Sprint(calls.Add(1))}, nil
		})
		return testtime.Run(t, s.Run)
	}
	stop := run() // nobody listens to its answers
	p.request("op1", "acme", tenants.OperationCreate)
	testtime.Until(t, "the answer is stored", func() bool {
		names, _ := filepath.Glob(filepath.Join(dir, "*.json"))
		return len(names) == 1
	})
	time.Sleep(100 * time.Millisecond)
	stop()
	p.listen()
	run()
	if got := p.answers(1); !slices.Equal(got, []string{"op1/1 succeeded  map[call:1]"}) {
		t.Errorf("%q", got)
	}
}

// TestOneAtATime never runs Handlers of one tenant together, and lets those of
// others run.
func TestOneAtATime(t *testing.T) {
	p := newPlane(t).listen()
	s := newService(t, p, nil)
	var together, most, all, mostAll atomic.Int32
	enter := func(n, most *atomic.Int32) func() {
		most.Store(max(most.Load(), n.Add(1)))
		return func() { n.Add(-1) }
	}
	s.OnUpdate(func(_ context.Context, r service.Request) (service.Outputs, error) {
		if r.Tenant.ID == "acme" {
			defer enter(&together, &most)()
		}
		defer enter(&all, &mostAll)()
		time.Sleep(100 * time.Millisecond)
		return nil, nil
	})
	testtime.Run(t, s.Run)
	for i := range 4 {
		p.request(fmt.Sprintf("a%d", i), "acme", tenants.OperationUpdate)
		p.request(fmt.Sprintf("b%d", i), fmt.Sprintf("birch-%d", i), tenants.OperationUpdate)
	}
	p.answers(8)
	if most.Load() != 1 || mostAll.Load() < 2 {
		t.Errorf("%d handlers of one tenant ran together, %d of all", most.Load(), mostAll.Load())
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := service.New("Billing", "mem://a", "mem://b", nil); tenants.CodeOf(err) != tenants.CodeInvalid {
		t.Errorf("%v", err)
	}
	for _, urls := range [][3]string{{"kafka://x", "mem://b", ""}, {"mem://a", "", ""}, {"mem://a", "mem://b", "x"}} {
		s, err := service.New("billing", urls[0], urls[1], &service.Options{DeadLetters: urls[2]})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if err := s.Run(ctx); tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("%q: %v", urls, err)
		}
		cancel()
	}
}

func TestStores(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) service.Store{
		"memory": func(*testing.T) service.Store { return service.NewMemoryStore() },
		"file": func(t *testing.T) service.Store {
			dir := filepath.Join(t.TempDir(), "new", "dir")
			gone := killtest.Leave(t, dir, ".tmp-1")
			s, err := service.OpenFileStore(dir, 0)
			if err != nil {
				t.Fatal(err)
			}
			gone()
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			k := service.Key{Service: "billing", OperationID: "op-1_x", Attempt: 2}
			if _, had, err := s.Load(t.Context(), k); had || err != nil {
				t.Errorf("before: %v, %v", had, err)
			}
			var group sync.WaitGroup
			for i := range 8 {
				group.Go(func() {
					if err := s.Save(t.Context(), k, service.Answer{Error: "e", Outputs: service.Outputs{"a": fmt.Sprint(i)}}); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if err := s.Save(t.Context(), k, service.Answer{Outputs: service.Outputs{"a": "last"}}); err != nil {
				t.Error(err)
			}
			if a, had, err := s.Load(t.Context(), k); !had || err != nil || a.Error != "" || a.Outputs["a"] != "last" {
				t.Errorf("%+v, %v, %v", a, had, err)
			}
			for _, other := range []service.Key{{"billing", "op-1_x", 1}, {"billing", "op-1", 2}, {"search", "op-1_x", 2}} {
				if _, had, err := s.Load(t.Context(), other); had || err != nil {
					t.Errorf("%+v: %v, %v", other, had, err)
				}
			}
		})
	}
}
