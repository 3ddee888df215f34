package events_test

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tenantform/tenantform/internal/mototest"
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
