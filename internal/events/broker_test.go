package events_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/mototest"
	"github.com/tenantform/tenantform/tenants"
)

// broker is what a suite of tests runs on: a topic with a queue a service, an
// answers queue, and the dead letters.
type broker struct {
	topic       string
	queues      map[string]string // by the service
	answers     string            // to send to
	answersFrom string            // to receive from
	dead        string
	deadFrom    string
	filters     bool // whether a queue gets only what is for its service
}

func memBroker(t *testing.T) broker {
	name := "mem://" + strings.ReplaceAll(t.Name(), "/", "-")
	return broker{topic: name + "-events", queues: map[string]string{"billing": name + "-events", "search": name + "-events"},
		answers: name + "-answers", answersFrom: name + "-answers", dead: name + "-dead", deadFrom: name + "-dead"}
}

func spoolBroker(t *testing.T) broker {
	dir := "spool://" + filepath.ToSlash(t.TempDir())
	return broker{topic: dir + "/events?subscriptions=billing,search",
		queues:  map[string]string{"billing": dir + "/events?subscription=billing", "search": dir + "/events?subscription=search"},
		answers: dir + "/answers?subscriptions=control-plane", answersFrom: dir + "/answers?subscription=control-plane",
		dead: dir + "/dead?subscriptions=operators", deadFrom: dir + "/dead?subscription=operators"}
}

// awsBroker makes what an account has: a topic with a filtered queue a service,
// one of which gets messages raw and the other as SNS wraps them.
func awsBroker(t *testing.T) broker {
	mototest.Start(t)
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	topics, queues := sns.NewFromConfig(cfg), sqs.NewFromConfig(cfg)
	queue := func(name string) (queueURL, arn string) {
		q, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: map[string]string{"VisibilityTimeout": "3"}})
		if err != nil {
			t.Fatal(err)
		}
		a, err := queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: q.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(*q.QueueUrl)
		if err != nil {
			t.Fatal(err)
		}
		return "awssqs://" + u.Host + u.Path + "?region=" + mototest.Region + "&waittime=1s", a.Attributes["QueueArn"]
	}
	topic := func(name string) string {
		out, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String(name)})
		if err != nil {
			t.Fatal(err)
		}
		return *out.TopicArn
	}
	asURL := func(arn string) string { return "awssns:///" + arn + "?region=" + mototest.Region }
	lifecycle, dead := topic("events"), topic("dead")
	b := broker{topic: asURL(lifecycle), dead: asURL(dead), queues: map[string]string{}, filters: true}
	for _, service := range []string{"billing", "search"} {
		from, arn := queue(service)
		b.queues[service] = from
		if _, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: &lifecycle, Protocol: aws.String("sqs"), Endpoint: &arn, Attributes: map[string]string{
			"FilterPolicy": fmt.Sprintf(`{"services":[%q]}`, service), "RawMessageDelivery": fmt.Sprint(service == "billing")}}); err != nil {
			t.Fatal(err)
		}
	}
	b.answersFrom, _ = queue("answers")
	b.answers = strings.Split(b.answersFrom, "&")[0]
	var arn string
	b.deadFrom, arn = queue("operators")
	if _, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: &dead, Protocol: aws.String("sqs"), Endpoint: &arn}); err != nil {
		t.Fatal(err)
	}
	return b
}

// onEach runs a test on each broker.
func onEach(t *testing.T, test func(t *testing.T, b broker)) {
	for name, make := range map[string]func(*testing.T) broker{"mem": memBroker, "spool": spoolBroker, "aws": awsBroker} {
		t.Run(name, func(t *testing.T) { test(t, make(t)) })
	}
}

func publisher(t *testing.T, topicURL string) *events.Publisher {
	t.Helper()
	p, err := events.OpenPublisher(t.Context(), topicURL)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func publish(t *testing.T, p *events.Publisher, all ...events.Event) {
	t.Helper()
	for _, e := range all {
		if err := p.Publish(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

// tally counts results.
type tally struct {
	mu sync.Mutex
	n  map[events.Result]int
}

func (c *tally) Count(r events.Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[events.Result]int{}
	}
	c.n[r]++
}

func (c *tally) of(r events.Result) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[r]
}

func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.n)
}

// start runs a consumer until the function that it gives is called, which waits
// for its end.
func start(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("the consumer ended with %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Error("the consumer does not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

func eventually(t *testing.T, what string, true1 func() bool) {
	t.Helper()
	for began := time.Now(); !true1(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// inbox is a consumer that keeps what it gets.
type inbox struct {
	mu  sync.Mutex
	got []events.Event
}

func listen(t *testing.T, queueURL string) *inbox {
	var in inbox
	c := events.Consumer{QueueURL: queueURL}
	start(t, func(ctx context.Context) error {
		return c.Run(ctx, func(_ context.Context, e events.Event) error {
			in.mu.Lock()
			defer in.mu.Unlock()
			in.got = append(in.got, e)
			return nil
		})
	})
	return &in
}

func (in *inbox) all() []events.Event {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.got)
}

// settle waits until a mem subscription that was just started is there: a mem
// topic keeps nothing for those who come later.
func settle() { time.Sleep(300 * time.Millisecond) }

func requested(t *testing.T, operation string, attempt int, services ...string) events.Event {
	t.Helper()
	r := events.Requested{OperationID: operation, Kind: tenants.OperationCreate, Attempt: attempt, Tenant: events.Tenant{
		ID: "acme", Name: "Acme <Ltd> & Söhne", AdminEmail: "admin@acme.example", Tier: "free", Region: "eu-west-1", Status: tenants.StatusCreating}}
	for _, s := range services {
		r.Services = append(r.Services, events.Ask{Service: s, AnswerBy: time.Now().Add(time.Hour).Truncate(time.Millisecond)})
	}
	e, err := events.NewRequested(events.Context{CorrelationID: "c-1"}, r)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func answered(t *testing.T, operation, service string, attempt int) events.Event {
	t.Helper()
	e, err := events.NewAnswered(events.Context{CorrelationID: "c-1"}, "acme", events.Answer{
		OperationID: operation, Service: service, Attempt: attempt, Outcome: events.OutcomeSucceeded, Outputs: map[string]string{"account": "7"}})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestFanOut(t *testing.T) {
	onEach(t, func(t *testing.T, b broker) {
		in := map[string]*inbox{}
		for service, queue := range b.queues {
			in[service] = listen(t, queue)
		}
		settle()
		p := publisher(t, b.topic)
		both, one := requested(t, "op1", 1, "billing", "search"), requested(t, "op2", 1, "search")
		publish(t, p, both, one)
		want := map[string]int{"billing": 2, "search": 2}
		if b.filters {
			want["billing"] = 1
		}
		for service, n := range want {
			eventually(t, service+" has its events", func() bool { return len(in[service].all()) >= n })
		}
		time.Sleep(300 * time.Millisecond)
		for service, n := range want {
			got := in[service].all()
			if len(got) != n {
				t.Errorf("%s got %d events, want %d", service, len(got), n)
			}
			for _, e := range got {
				sent := map[string]events.Event{both.ID: both, one.ID: one}[e.ID]
				if a, b := fmt.Sprintf("%+v %s", e, e.Data), fmt.Sprintf("%+v %s", sent, sent.Data); a != b {
					t.Errorf("got  %s\nwant %s", a, b)
				}
				r, err := e.Requested()
				if err != nil || r.Tenant.Name != "Acme <Ltd> & Söhne" {
					t.Errorf("%+v, %v", r, err)
				}
			}
		}
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// ledger is a handler of answers that keeps what it accepts.
type ledger struct {
	mu   sync.Mutex
	fail func(events.Answer) error // asked first
	had  map[string]int
}

func (l *ledger) Answered(_ context.Context, a events.Answer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		if err := l.fail(a); err != nil {
			return err
		}
	}
	if l.had == nil {
		l.had = map[string]int{}
	}
	l.had[fmt.Sprintf("%s/%s/%d", a.OperationID, a.Service, a.Attempt)]++
	return nil
}

func (l *ledger) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprint(l.had)
}

func TestAnswers(t *testing.T) {
	onEach(t, func(t *testing.T, b broker) {
		letters := listen(t, b.deadFrom)
		var counts tally
		flaky := 2
		l := &ledger{fail: func(a events.Answer) error {
			switch a.OperationID {
			case "gone":
				return tenants.Errorf(tenants.CodeNotFound, "no such operation")
			case "over":
				return tenants.Errorf(tenants.CodeFailedPrecondition, "it has ended")
			case "flaky":
				if flaky--; flaky >= 0 {
					return tenants.Errorf(tenants.CodeUnavailable, "try again")
				}
			case "poison":
				return fmt.Errorf("always")
			case "panics":
				panic("boom")
			}
			return nil
		}}
		dead := publisher(t, b.dead)
		a := events.Answers{Handler: l, Known: func(s string) bool { return s == "billing" || s == "search" }, Consumer: events.Consumer{
			QueueURL: b.answersFrom, DeadLetters: dead, Counter: &counts, MinWait: 10 * time.Millisecond, Attempts: 3}}
		stop := start(t, a.Run)
		settle()
		p := publisher(t, b.answers)
		first := answered(t, "op1", "billing", 1)
		publish(t, p, answered(t, "poison", "billing", 1), answered(t, "panics", "billing", 1), first)
		eventually(t, "op1 is accepted", func() bool { return counts.of(events.ResultAccepted) == 1 })
		liar := answered(t, "op1", "billing", 2)
		liar.Source = events.SourceOf("search")
		if err := p.Publish(t.Context(), liar); tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("an answer in another's name is published: %v", err)
		}
		publish(t, p, first, answered(t, "op1", "search", 1), answered(t, "op1", "billing", 2), answered(t, "op1", "stranger", 1),
			answered(t, "gone", "billing", 1), answered(t, "over", "billing", 1), answered(t, "flaky", "billing", 1), requested(t, "op9", 1, "billing"))
		want := map[events.Result]int{events.ResultAccepted: 4, events.ResultDuplicate: 1, events.ResultUnknown: 2, events.ResultLate: 1,
			events.ResultMalformed: 1, events.ResultRetried: 6, events.ResultDeadLettered: 2}
		eventually(t, "every message has a result", func() bool { return counts.String() == fmt.Sprint(want) || counts.of(events.ResultAccepted) > 4 })
		if got, want := l.String(), "map[flaky/billing/1:1 op1/billing/1:1 op1/billing/2:1 op1/search/1:1]"; got != want {
			t.Errorf("accepted %s, want %s", got, want)
		}
		eventually(t, "the dead letters are there", func() bool { return len(letters.all()) == 3 })
		var told []string
		for _, e := range letters.all() {
			var u events.Undeliverable
			if err := json.Unmarshal(e.Data, &u); err != nil || e.Type != events.TypeUndeliverable || e.CorrelationID != "c-1" {
				t.Fatalf("%+v, %v", e, err)
			}
			body, err := events.Parse(u.Body)
			if err != nil {
				t.Fatal(err)
			}
			told = append(told, fmt.Sprintf("%s %d", body.ID, u.Attempts))
		}
		slices.Sort(told)
		if want := []string{"op9.requested.1 0", "panics.answered.1 3", "poison.answered.1 3"}; !slices.Equal(told, want) {
			t.Errorf("dead letters %q, want %q", told, want)
		}
		stop()
	})
}

// TestNothingIsLostBetweenConsumers stops consumers in the middle of their work, on
// brokers that outlive them.
func TestNothingIsLostBetweenConsumers(t *testing.T) {
	for name, make := range map[string]func(*testing.T) broker{"spool": spoolBroker, "aws": awsBroker} {
		t.Run(name, func(t *testing.T) {
			b := make(t)
			p := publisher(t, b.answers)
			const n = 60
			for i := range n {
				publish(t, p, answered(t, fmt.Sprintf("op%d", i), "billing", 1))
			}
			l := &ledger{}
			accepted := func() int {
				l.mu.Lock()
				defer l.mu.Unlock()
				return len(l.had)
			}
			for round := 0; accepted() < n; round++ {
				if round > 200 {
					t.Fatalf("only %d of %d answers arrived", accepted(), n)
				}
				before := accepted()
				a := events.Answers{Handler: slow{l}, Consumer: events.Consumer{QueueURL: b.answersFrom, Concurrency: 4, Grace: time.Millisecond}}
				stop := start(t, a.Run)
				for began := time.Now(); accepted() < min(before+10, n) && time.Since(began) < 10*time.Second; {
					time.Sleep(5 * time.Millisecond)
				}
				stop()
			}
		})
	}
}

// slow takes its time, so that a stop meets it at work.
type slow struct{ to events.AnswerHandler }

func (s slow) Answered(ctx context.Context, a events.Answer) error {
	select {
	case <-time.After(20 * time.Millisecond):
		return s.to.Answered(ctx, a)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestLongWork keeps a message of SQS in hand for longer than the queue hides it.
func TestLongWork(t *testing.T) {
	b := awsBroker(t)
	publish(t, publisher(t, b.answers), answered(t, "op1", "billing", 1))
	var counts tally
	calls := 0
	c := events.Consumer{QueueURL: b.answersFrom, Counter: &counts}
	stop := start(t, func(ctx context.Context) error {
		return c.Run(ctx, func(context.Context, events.Event) error {
			calls++
			time.Sleep(6 * time.Second)
			return nil
		})
	})
	eventually(t, "it is done", func() bool { return counts.of(events.ResultAccepted) == 1 })
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
	stop := start(t, func(ctx context.Context) error {
		return c.Run(ctx, func(context.Context, events.Event) error {
			calls.Add(1)
			time.Sleep(2 * time.Second)
			return nil
		})
	})
	settle()
	publish(t, publisher(t, name), answered(t, "op1", "billing", 1))
	eventually(t, "it is done", func() bool { return counts.of(events.ResultAccepted) == 1 })
	stop()
	if calls.Load() != 1 || counts.of(events.ResultDuplicate) == 0 {
		t.Errorf("%d calls, %s", calls.Load(), &counts)
	}
}

// TestFilterAttribute holds the services to the type of attribute that filter
// policies match element by element.
func TestFilterAttribute(t *testing.T) {
	b := awsBroker(t)
	publish(t, publisher(t, b.topic), requested(t, "op1", 1, "billing", "search"))
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	from, err := url.Parse(b.queues["search"]) // whose messages are as SNS wraps them
	if err != nil {
		t.Fatal(err)
	}
	out, err := sqs.NewFromConfig(cfg).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String("https://" + from.Host + from.Path)})
	if err != nil || len(out.Messages) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	var wrapped struct {
		MessageAttributes map[string]struct{ Type, Value string }
	}
	if err := json.Unmarshal([]byte(*out.Messages[0].Body), &wrapped); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct{ Type, Value string }{
		events.AttributeServices: {"String.Array", `["billing","search"]`}, events.AttributeKind: {"String", "create"},
		events.AttributeType: {"String", "com.tenantform.tenant.create.requested.v1"},
	} {
		if got := wrapped.MessageAttributes[name]; got != want {
			t.Errorf("%s is %+v, want %+v", name, got, want)
		}
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
	stop := start(t, a.Run)
	eventually(t, "it is tried twice", func() bool { return counts.of(events.ResultRetried) >= 2 })
	letters := listen(t, "spool://"+filepath.ToSlash(dir)+"/dead?subscription=operators")
	eventually(t, "it is a dead letter", func() bool { return len(letters.all()) == 1 && counts.of(events.ResultMalformed) == 1 })
	stop()
}

func TestPublishRefuses(t *testing.T) {
	p := publisher(t, "spool://"+filepath.ToSlash(t.TempDir())+"/t")
	if err := p.Publish(t.Context(), requested(t, "op1", 1, "billing")); tenants.CodeOf(err) != tenants.CodeFailedPrecondition {
		t.Errorf("nobody listens: %v", err)
	}
	if err := p.Publish(t.Context(), events.Event{}); tenants.CodeOf(err) != tenants.CodeInvalid {
		t.Errorf("empty: %v", err)
	}
	for _, text := range []string{"", "kafka://x", "spool://relative", "awssns://events", "mem://user:hunter2@x", "http://\x00"} {
		for name, err := range map[string]error{"topic": second(events.OpenPublisher(t.Context(), text)), "queue": second(events.OpenQueue(t.Context(), text))} {
			if tenants.CodeOf(err) != tenants.CodeInvalid || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s %q: %v", name, text, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }
