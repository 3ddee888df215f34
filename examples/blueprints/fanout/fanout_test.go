package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/examples/blueprints/blueprinttest"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/policies"
)

func TestUpInTwoAccounts(t *testing.T) {
	e, cloud := blueprinttest.Engine(t, "")
	s := automation.Stack{Name: "events", Program: program, Subject: policies.Subject{Environment: "dev", Region: "eu-west-1", Tiers: []string{"shared"}}}
	slow := cloud.Inject(localcloud.Fault{Type: "aws:sns/topic:Topic", Operation: "create", Delay: 3 * time.Second})
	blueprinttest.Up(t, e, s)
	slow()
	all, err := cloud.Resources()
	if err != nil {
		t.Fatal(err)
	}
	var queues, keys, subscriptions []string
	var topic, earliest time.Time
	for _, r := range all {
		switch r.Type {
		case "aws:sns/topic:Topic":
			topic = r.CreatedAt
		case "aws:sqs/queue:Queue":
			queues = append(queues, r.Account+" "+r.Name)
		case "aws:kms/key:Key":
			keys = append(keys, r.Account)
		case "aws:sns/topicSubscription:TopicSubscription":
			if earliest.IsZero() || r.CreatedAt.Before(earliest) {
				earliest = r.CreatedAt
			}
			subscriptions = append(subscriptions, strings.Join([]string{r.Account, r.Inputs["topic"].(string), r.Inputs["endpoint"].(string)}, " "))
		}
	}
	if earliest.Before(topic) {
		t.Errorf("there is a subscription at %s and the topic at %s: the other account's did not wait", earliest, topic)
	}
	for what, c := range map[string]struct{ got, want []string }{
		"queues": {queues, []string{
			"111111111111 platform-lifecycle-audit", "111111111111 platform-lifecycle-audit-dead",
			"111111111111 platform-lifecycle-billing", "111111111111 platform-lifecycle-billing-dead",
			"333333333333 platform-lifecycle-search", "333333333333 platform-lifecycle-search-dead",
		}},
		"keys": {keys, []string{"111111111111", "333333333333"}},
		"subscriptions": {subscriptions, []string{
			"111111111111 arn:aws:sns:eu-west-1:111111111111:platform-lifecycle arn:aws:sqs:eu-west-1:111111111111:platform-lifecycle-audit",
			"111111111111 arn:aws:sns:eu-west-1:111111111111:platform-lifecycle arn:aws:sqs:eu-west-1:111111111111:platform-lifecycle-billing",
			"333333333333 arn:aws:sns:eu-west-1:111111111111:platform-lifecycle arn:aws:sqs:eu-west-1:333333333333:platform-lifecycle-search",
		}},
	} {
		slices.Sort(c.got)
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s are %q, want %q", what, c.got, c.want)
		}
	}
	blueprinttest.Settled(t, e, s)
	blueprinttest.Down(t, e, cloud, s)
}
