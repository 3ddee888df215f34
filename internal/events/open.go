package events

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/tenantform/tenantform/internal/events/spool"
	"github.com/tenantform/tenantform/tenants"
	"gocloud.dev/gcerrors"
	"gocloud.dev/pubsub"
	"gocloud.dev/pubsub/awssnssqs"
	"gocloud.dev/pubsub/mempubsub"
)

const topicSchemes = "mem, spool, awssns, awssqs"
const queueSchemes = "mem, spool, awssqs"

// Attributes of a message, by which a queue's subscription to a topic can filter.
const (
	AttributeType        = "type"     // the event's type
	AttributeKind        = "kind"     // of an event that asks: the kind of operation
	AttributeServices    = "services" // of an event that asks: the services, a String.Array on SNS
	AttributeService     = "service"  // of an answer: the service that answers
	AttributeContentType = "content-type"
)

// Publisher sends events to a topic. Make it with OpenPublisher.
type Publisher struct {
	topic *pubsub.Topic
	name  string
}

// OpenPublisher opens the topic that a URL names; see the package's comment. A
// wrong URL is CodeInvalid. Nothing is sent, so that a topic that does not exist
// shows itself with the first event. Shutdown lets go of it; a mem topic is one for
// the whole process, and its Shutdown ends it for everybody.
func OpenPublisher(ctx context.Context, topicURL string) (*Publisher, error) {
	u, err := parseURL(topicURL, topicSchemes)
	if err != nil {
		return nil, err
	}
	var topic *pubsub.Topic
	if u.Scheme == spool.Scheme {
		topic, err = spool.OpenTopicURL(u)
	} else {
		topic, err = pubsub.OpenTopic(ctx, topicURL)
	}
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "the topic cannot be opened: %w", err)
	}
	return &Publisher{topic: topic, name: displayName(u)}, nil
}

// Publish sends an event, and returns once the broker has it. The error is
// CodeInvalid for an event that can never be sent, CodeFailedPrecondition where
// the topic is missing, has no subscription or may not be written to, and
// CodeUnavailable otherwise: the same call may succeed later, and may have
// succeeded now.
func (p *Publisher) Publish(ctx context.Context, e Event) error {
	body, err := e.Bytes()
	if err != nil {
		return err
	}
	m := &pubsub.Message{Body: body, Metadata: map[string]string{AttributeType: e.Type, AttributeContentType: ContentType}}
	switch {
	case e.IsRequested():
		r, err := e.Requested()
		if err != nil {
			return err
		}
		if err := address(m, r); err != nil {
			return err
		}
	case e.Type == TypeAnswered:
		a, err := e.Answer()
		if err != nil {
			return err
		}
		m.Metadata[AttributeService] = a.Service
	}
	if err := p.topic.Send(ctx, m); err != nil {
		return sendError(p.name, e, err)
	}
	return nil
}

// address puts the services into the message's attributes: on SNS as an array,
// which a filter policy matches element by element. Source: "Amazon SNS message
// attributes" and "String value matching" (Amazon SNS Developer Guide).
func address(m *pubsub.Message, r Requested) error {
	names := make([]string, 0, len(r.Services))
	for _, a := range r.Services {
		names = append(names, a.Service)
	}
	list, err := marshal(names)
	if err != nil {
		return tenants.Errorf(tenants.CodeInvalid, "the services of the operation %s cannot be written: %w", r.OperationID, err)
	}
	m.Metadata[AttributeKind] = string(r.Kind)
	m.Metadata[AttributeServices] = string(list)
	m.BeforeSend = func(as func(any) bool) error {
		var entry *snstypes.PublishBatchRequestEntry
		if as(&entry) {
			entry.MessageAttributes[AttributeServices] = snstypes.MessageAttributeValue{
				DataType: aws.String("String.Array"), StringValue: aws.String(string(list)),
			}
		}
		return nil
	}
	return nil
}

func sendError(name string, e Event, err error) error {
	code := tenants.CodeUnavailable
	switch gcerrors.Code(err) {
	case gcerrors.InvalidArgument:
		code = tenants.CodeInvalid
	case gcerrors.NotFound, gcerrors.PermissionDenied, gcerrors.FailedPrecondition:
		code = tenants.CodeFailedPrecondition
	}
	return tenants.Errorf(code, "the event %s could not be sent to %s: %w", e.ID, name, err)
}

// Shutdown sends what is under way and lets go of the topic.
func (p *Publisher) Shutdown(ctx context.Context) error { return p.topic.Shutdown(ctx) }

// Queue is where messages are received from. Make it with OpenQueue.
type Queue struct {
	subscription *pubsub.Subscription
	name         string
	url          string // of the queue, on SQS
}

// defaultWait is how long SQS is asked to wait for a message, so that an idle
// queue costs few requests. Source: "Amazon SQS short and long polling".
const defaultWait = "5s"

// OpenQueue opens the subscription that a URL names; see the package's comment.
// A wrong URL is CodeInvalid. Of a mem topic it gets what is sent from now on.
func OpenQueue(ctx context.Context, queueURL string) (*Queue, error) {
	u, err := parseURL(queueURL, queueSchemes)
	if err != nil {
		return nil, err
	}
	q := &Queue{name: displayName(u)}
	switch u.Scheme {
	case spool.Scheme:
		q.subscription, err = spool.OpenSubscriptionURL(u)
	case mempubsub.Scheme:
		// The topic must be there first; opening it makes it.
		if _, err = pubsub.OpenTopic(ctx, mempubsub.Scheme+"://"+u.Host+u.Path); err == nil {
			q.subscription, err = pubsub.OpenSubscription(ctx, queueURL)
		}
	default:
		query := u.Query()
		if query.Get("waittime") == "" {
			query.Set("waittime", defaultWait)
		}
		q.url = "https://" + u.Host + u.Path
		u.RawQuery = query.Encode()
		q.subscription, err = pubsub.OpenSubscription(ctx, u.String())
	}
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "the queue cannot be opened: %w", err)
	}
	return q, nil
}

// Shutdown gives back what is not acknowledged and lets go of the queue.
func (q *Queue) Shutdown(ctx context.Context) error { return q.subscription.Shutdown(ctx) }

// How long a message of SQS is hidden from others while it is worked on, when that
// begins, and how often it is renewed. What is dealt with sooner costs no request.
const (
	hiddenFor  = time.Minute
	renewFirst = time.Second
	renewEvery = 20 * time.Second
)

// keep hides a message of SQS from other receivers until ctx ends. With other
// queues it does nothing: a spool's lease is longer than a receiver's life, and a
// mem message that comes again finds itself in hand.
func (q *Queue) keep(ctx context.Context, m *pubsub.Message) {
	var client *sqs.Client
	var message sqstypes.Message
	if !q.subscription.As(&client) || !m.As(&message) {
		return
	}
	for wait := renewFirst; sleep(ctx, wait); wait = renewEvery {
		// A renewal that fails is made up for by the next, and without any the message comes again.
		_, _ = client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
			QueueUrl: aws.String(q.url), ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: int32(hiddenFor / time.Second),
		})
	}
}

// parseURL refuses what gocloud.dev would explain less well.
func parseURL(text, schemes string) (*url.URL, error) {
	refused := func(value string) error {
		return tenants.Invalid(tenants.FieldError{Field: "url", Value: value, Allowed: "a URL with one of the schemes " + schemes})
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, refused("") // the text may be anything
	}
	if !strings.Contains(", "+schemes+",", ", "+u.Scheme+",") || u.User != nil {
		return nil, refused(u.Redacted())
	}
	if u.Scheme == awssnssqs.SNSScheme && !strings.HasPrefix(strings.TrimPrefix(u.Path, "/"), "arn:") {
		return nil, tenants.Invalid(tenants.FieldError{Field: "url", Value: u.Redacted(),
			Allowed: "awssns:/// and the topic's ARN, awssns:///arn:aws:sns:eu-west-1:123456789012:events?region=eu-west-1 for example"})
	}
	return u, nil
}

// displayName gives a topic's or queue's URL without its parameters.
func displayName(u *url.URL) string { return u.Scheme + "://" + u.Host + u.Path }
