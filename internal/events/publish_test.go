package events_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/tenants"
)

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
			testtime.Until(t, service+" has its events", func() bool { return len(in[service].all()) >= n })
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
