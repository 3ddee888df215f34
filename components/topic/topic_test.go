package topic_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/topic"
)

const (
	topicARN = "arn:aws:sns:eu-west-1:111111111111:lifecycle"
	elseARN  = "arn:aws:sns:eu-west-1:333333333333:lifecycle"
)

func args() *topic.Args {
	return &topic.Args{Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "lifecycle"}
}

func subscription() *topic.SubscriptionArgs {
	return &topic.SubscriptionArgs{Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "billing", TopicARN: elseARN}
}

func fanout() *topic.FanoutArgs {
	return &topic.FanoutArgs{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "lifecycle", Subscribers: []string{"333333333333"},
		Services: []topic.Service{{Name: "billing", Filter: topic.Filter{"type": {"tenant.created", "tenant.deleted"}}}, {Name: "search"}},
	}
}

func newTopic(a *topic.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := topic.New(ctx, "lifecycle", a)
		return err
	}
}

func newSubscription(a *topic.SubscriptionArgs) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := topic.NewSubscription(ctx, "billing", a)
		return err
	}
}

func newFanout(a *topic.FanoutArgs) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := topic.NewFanout(ctx, "events", a)
		return err
	}
}

func run(t *testing.T, program pulumi.RunFunc) *componenttest.Recording {
	t.Helper()
	r := componenttest.MustRun(t, "test", program, nil)
	componenttest.Check(t, r)
	return r
}

// sid gives the statement of a document with that id.
func sid(t *testing.T, document any, id string) componenttest.Statement {
	t.Helper()
	all := componenttest.Statements(t, document)
	i := slices.IndexFunc(all, func(s componenttest.Statement) bool { return s.Sid == id })
	if i < 0 {
		t.Fatalf("there is no statement %s in %+v", id, all)
	}
	return all[i]
}

// public fails the test where a document lets everybody in.
func public(t *testing.T, document any) {
	t.Helper()
	for _, s := range componenttest.Statements(t, document) {
		if s.Effect == "Allow" && strings.Contains(fmt.Sprint(s.Principal), "*") {
			t.Errorf("everybody is let in: %+v", s)
		}
	}
}

func TestTopicIsClosed(t *testing.T) {
	r := run(t, newTopic(args()))
	made := r.One(t, "aws:sns/topic:Topic").Inputs
	if made["kmsMasterKeyId"] != "arn:recorded:aws:kms/key:Key:lifecycle-key" {
		t.Errorf("encrypted with %v", made["kmsMasterKeyId"])
	}
	statements := componenttest.Statements(t, made["policy"])
	s := statements[0]
	if len(statements) != 1 || s.Effect != "Deny" || s.Action[0] != "sns:Publish" || s.Resource[0] != topicARN || s.Condition["Bool"]["aws:SecureTransport"][0] != "false" {
		t.Errorf("statements %+v", statements)
	}
	key := r.One(t, "aws:kms/key:Key").Inputs
	if key["enableKeyRotation"] != true || key["deletionWindowInDays"] != 7.0 {
		t.Errorf("the key rotates %v and waits %v days", key["enableKeyRotation"], key["deletionWindowInDays"])
	}
	public(t, key["policy"])
	d := sid(t, key["policy"], "DeliversTheTopic")
	if d.Condition["ArnEquals"]["aws:SourceArn"][0] != topicARN || fmt.Sprint(d.Principal) != "map[Service:[sns.amazonaws.com]]" {
		t.Errorf("who delivers: %+v", d)
	}
}

func TestKeysWaitLongerInProduction(t *testing.T) {
	a := args()
	a.Location.Environment = location.Production
	if got := run(t, newTopic(a)).One(t, "aws:kms/key:Key").Inputs["deletionWindowInDays"]; got != 30.0 {
		t.Errorf("%v days", got)
	}
}

func TestAccountsAreLetInByTheirID(t *testing.T) {
	a := args()
	a.Subscribers = []string{"333333333333", "444444444444"}
	policy := run(t, newTopic(a)).One(t, "aws:sns/topic:Topic").Inputs["policy"]
	public(t, policy)
	for _, account := range a.Subscribers {
		s := sid(t, policy, "Subscriber"+account)
		if fmt.Sprint(s.Principal) != "map[AWS:[arn:aws:iam::"+account+":root]]" || !slices.Equal(s.Action, []string{"sns:Subscribe"}) ||
			s.Condition["StringEquals"]["sns:Protocol"][0] != "sqs" || s.Condition["StringLike"]["sns:Endpoint"][0] != "arn:aws:sqs:eu-west-1:"+account+":*" {
			t.Errorf("%s: %+v", account, s)
		}
	}
}

func TestAlarmsOfTheAccount(t *testing.T) {
	a := args()
	a.Alarms = true
	r := run(t, newTopic(a))
	publish := sid(t, r.One(t, "aws:sns/topic:Topic").Inputs["policy"], "AlarmsPublish")
	encrypt := sid(t, r.One(t, "aws:kms/key:Key").Inputs["policy"], "UsedByAlarms")
	for _, s := range []componenttest.Statement{publish, encrypt} {
		if fmt.Sprint(s.Principal) != "map[Service:[cloudwatch.amazonaws.com]]" || s.Condition["StringEquals"]["aws:SourceAccount"][0] != "111111111111" {
			t.Errorf("%+v", s)
		}
	}
	if publish.Action[0] != "sns:Publish" || !slices.Contains(encrypt.Action, "kms:GenerateDataKey") {
		t.Errorf("may %v and %v", publish.Action, encrypt.Action)
	}
}

func TestBudgetsAndRulesPublishOnlyWhenAsked(t *testing.T) {
	a := args()
	a.Budgets, a.Rules = true, true
	r := run(t, newTopic(a))
	policy, key := r.One(t, "aws:sns/topic:Topic").Inputs["policy"], r.One(t, "aws:kms/key:Key").Inputs["policy"]
	for _, s := range []componenttest.Statement{sid(t, policy, "BudgetsPublish"), sid(t, key, "UsedByBudgets")} {
		if fmt.Sprint(s.Principal) != "map[Service:[budgets.amazonaws.com]]" || s.Condition["StringEquals"]["aws:SourceAccount"][0] != "111111111111" ||
			s.Condition["ArnLike"]["aws:SourceArn"][0] != "arn:aws:budgets::111111111111:*" {
			t.Errorf("%+v", s)
		}
	}
	for _, s := range []componenttest.Statement{sid(t, policy, "RulesPublish"), sid(t, key, "UsedByRules")} {
		if fmt.Sprint(s.Principal) != "map[Service:[events.amazonaws.com]]" || s.Condition != nil {
			t.Errorf("%+v", s)
		}
	}
	if n := len(componenttest.Statements(t, run(t, newTopic(args())).One(t, "aws:sns/topic:Topic").Inputs["policy"])); n != 1 {
		t.Errorf("%d statements where nobody was asked for, want that of TLS alone", n)
	}
}

func TestSubscriptionInAnotherAccount(t *testing.T) {
	a := subscription()
	a.Filter = topic.Filter{"type": {"tenant.created"}, "region": {"eu-west-1"}}
	r := run(t, newSubscription(a))
	s := r.One(t, "aws:sns/topicSubscription:TopicSubscription").Inputs
	if s["topic"] != elseARN || s["protocol"] != "sqs" || s["endpoint"] != "arn:recorded:aws:sqs/queue:Queue:billing-queue-queue" || s["rawMessageDelivery"] != false {
		t.Errorf("subscription %v", s)
	}
	if s["filterPolicy"] != `{"region":["eu-west-1"],"type":["tenant.created"]}` || s["filterPolicyScope"] != "MessageAttributes" {
		t.Errorf("filter %v of %v", s["filterPolicy"], s["filterPolicyScope"])
	}
	var redrive map[string]string
	if err := json.Unmarshal([]byte(s["redrivePolicy"].(string)), &redrive); err != nil || redrive["deadLetterTargetArn"] != "arn:aws:sqs:eu-west-1:111111111111:billing-dead" {
		t.Errorf("redrive %v, %v", s["redrivePolicy"], err)
	}
	key := r.One(t, "aws:kms/key:Key")
	if got := sid(t, key.Inputs["policy"], "DeliversTheTopic").Condition["ArnEquals"]["aws:SourceArn"][0]; got != elseARN {
		t.Errorf("the key lets %s through", got)
	}
	for _, q := range r.OfType("aws:sqs/queue:Queue") {
		if q.Inputs["kmsMasterKeyId"] != "arn:recorded:aws:kms/key:Key:billing-key" {
			t.Errorf("%s is encrypted with %v", q.Name, q.Inputs["kmsMasterKeyId"])
		}
		public(t, q.Inputs["policy"])
		if got := sid(t, q.Inputs["policy"], "TheseTopicsSend").Condition["ArnEquals"]["aws:SourceArn"]; !slices.Equal(got, []string{elseARN}) {
			t.Errorf("%s lets %v through", q.Name, got)
		}
		if s := sid(t, q.Inputs["policy"], "TLSOnly"); s.Effect != "Deny" {
			t.Errorf("%s: %+v", q.Name, s)
		}
	}
}

func TestReadersLearnTheKey(t *testing.T) {
	keys := make(chan string, 1)
	run(t, func(ctx *pulumi.Context) error {
		s, err := topic.NewSubscription(ctx, "billing", subscription())
		if err == nil {
			s.KeyARN.ApplyT(func(key string) string { keys <- key; return key })
		}
		return err
	})
	if key := <-keys; key != "arn:recorded:aws:kms/key:Key:billing-key" {
		t.Errorf("the key is said to be %s", key)
	}
}

func TestSubscriptionByBodyWithAKey(t *testing.T) {
	a := subscription()
	a.Filter, a.FilterBody, a.Raw, a.KeyARN = topic.Filter{"type": {"x"}}, true, true, pulumi.String("arn:key")
	r := run(t, newSubscription(a))
	s := r.One(t, "aws:sns/topicSubscription:TopicSubscription").Inputs
	if s["filterPolicyScope"] != "MessageBody" || s["rawMessageDelivery"] != true {
		t.Errorf("subscription %v", s)
	}
	if len(r.OfType("aws:kms/key:Key")) > 0 || r.OfType("aws:sqs/queue:Queue")[0].Inputs["kmsMasterKeyId"] != "arn:key" {
		t.Error("the key that was given is not the one that is used")
	}
}

func TestSubscriptionInAnotherRegionHasItsOwnKey(t *testing.T) {
	r := run(t, func(ctx *pulumi.Context) error {
		made, err := topic.New(ctx, "lifecycle", args())
		if err != nil {
			return err
		}
		a := subscription()
		a.TopicARN, a.Topic, a.Location.Region = "", made, "eu-central-1"
		_, err = topic.NewSubscription(ctx, "billing", a)
		return err
	})
	if got := r.OfType("aws:sqs/queue:Queue")[0].Inputs["kmsMasterKeyId"]; got != "arn:recorded:aws:kms/key:Key:billing-key" {
		t.Errorf("encrypted with %v", got)
	}
}

func TestFanout(t *testing.T) {
	r := run(t, newFanout(fanout()))
	if n := len(r.OfType("aws:kms/key:Key")); n != 1 {
		t.Errorf("%d keys, want the topic's alone", n)
	}
	filters := map[string]any{}
	for _, s := range r.OfType("aws:sns/topicSubscription:TopicSubscription") {
		filters[s.Name] = s.Inputs["filterPolicy"]
		if s.Inputs["topic"] != "arn:recorded:aws:sns/topic:Topic:events-topic-topic" || s.Inputs["rawMessageDelivery"] != true || s.Inputs["redrivePolicy"] == nil {
			t.Errorf("%s: %v", s.Name, s.Inputs)
		}
	}
	want := map[string]any{"events-billing-subscription": `{"type":["tenant.created","tenant.deleted"]}`, "events-search-subscription": nil}
	if fmt.Sprint(filters) != fmt.Sprint(want) {
		t.Errorf("filters %v, want %v", filters, want)
	}
	var names []string
	for _, q := range r.OfType("aws:sqs/queue:Queue") {
		names = append(names, q.Inputs["name"].(string))
		if got := sid(t, q.Inputs["policy"], "TheseTopicsSend").Condition["ArnEquals"]["aws:SourceArn"][0]; got != topicARN {
			t.Errorf("%s lets %s through", q.Name, got)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"lifecycle-billing", "lifecycle-billing-dead", "lifecycle-search", "lifecycle-search-dead"}) {
		t.Errorf("queues %v", names)
	}
	if n := len(r.OfType("aws:cloudwatch/metricAlarm:MetricAlarm")); n != 4 {
		t.Errorf("%d alarms", n)
	}
}

// TestTheKeyIsForLogsToo: who keeps the messages logs with the topic's key.
func TestTheKeyIsForLogsToo(t *testing.T) {
	a := args()
	a.LogGroups = []string{"/aws/kinesisfirehose/lifecycle"}
	logs := sid(t, run(t, newTopic(a)).One(t, "aws:kms/key:Key").Inputs["policy"], "LogGroupsOfThisOwner")
	want := "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/kinesisfirehose/lifecycle"
	if got := logs.Condition["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]; !slices.Equal(got, []string{want}) {
		t.Errorf("log groups %v, want %s", got, want)
	}
	a.LogGroups = []string{"*"}
	r, err := componenttest.Run("test", newTopic(a), nil)
	componenttest.Refused(t, r, err, "LogGroups", `"*"`)
}

func TestBadTopicsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*topic.Args)
		words  []string
	}{
		"no name":           {func(a *topic.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name":         {func(a *topic.Args) { a.Name = strings.Repeat("n", 201) }, []string{"1 to 200"}},
		"everybody":         {func(a *topic.Args) { a.Subscribers = []string{"*"} }, []string{"Subscribers", `"*"`, "12 digits"}},
		"a role":            {func(a *topic.Args) { a.Subscribers = []string{"arn:aws:iam::333333333333:role/r"} }, []string{"Subscribers"}},
		"its own account":   {func(a *topic.Args) { a.Subscribers = []string{"111111111111"} }, []string{"Subscribers", "other accounts"}},
		"an account twice":  {func(a *topic.Args) { a.Subscribers = []string{"333333333333", "333333333333"} }, []string{"each once"}},
		"too many accounts": {func(a *topic.Args) { a.Subscribers = make([]string, 61) }, []string{"0 to 60"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", newTopic(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "topic", "lifecycle")...)
		})
	}
}

func TestBadSubscriptionsAreRefused(t *testing.T) {
	many := func(n int) []string {
		values := make([]string, n)
		for i := range values {
			values[i] = fmt.Sprint(i)
		}
		return values
	}
	for name, c := range map[string]struct {
		change func(*topic.SubscriptionArgs)
		words  []string
	}{
		"no topic":   {func(a *topic.SubscriptionArgs) { a.TopicARN = "" }, []string{"TopicARN is missing"}},
		"no ARN":     {func(a *topic.SubscriptionArgs) { a.TopicARN = "lifecycle" }, []string{"TopicARN", `"lifecycle"`}},
		"two topics": {func(a *topic.SubscriptionArgs) { a.Topic = &topic.Topic{} }, []string{"TopicARN", "where Topic is given"}},
		"long name":  {func(a *topic.SubscriptionArgs) { a.Name = strings.Repeat("n", 76) }, []string{"Name", "1 to 75"}},
		"six keys": {func(a *topic.SubscriptionArgs) {
			a.Filter = topic.Filter{"a": {"1"}, "b": {"1"}, "c": {"1"}, "d": {"1"}, "e": {"1"}, "f": {"1"}}
		}, []string{"Filter", "1 to 5 keys"}},
		"combinations":  {func(a *topic.SubscriptionArgs) { a.Filter = topic.Filter{"a": many(16), "b": many(10)} }, []string{"Filter", "150 combinations"}},
		"no value":      {func(a *topic.SubscriptionArgs) { a.Filter = topic.Filter{"a": nil} }, []string{"Filter.a"}},
		"an operator":   {func(a *topic.SubscriptionArgs) { a.Filter = topic.Filter{"$or": {"1"}} }, []string{"Filter", "$or"}},
		"body, nothing": {func(a *topic.SubscriptionArgs) { a.FilterBody = true }, []string{"FilterBody"}},
		"receives":      {func(a *topic.SubscriptionArgs) { a.Queue.MaxReceiveCount = -1 }, []string{"MaxReceiveCount", "1 to 1000"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := subscription()
			c.change(a)
			r, err := componenttest.Run("test", newSubscription(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "subscription", "billing")...)
		})
	}
}

func TestBadFanoutsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*topic.FanoutArgs)
		words  []string
	}{
		"long name":      {func(a *topic.FanoutArgs) { a.Name = strings.Repeat("n", 41) }, []string{"Name", "1 to 40"}},
		"long service":   {func(a *topic.FanoutArgs) { a.Services[0].Name = strings.Repeat("n", 35) }, []string{"Services.Name", "1 to 34"}},
		"service twice":  {func(a *topic.FanoutArgs) { a.Services[1].Name = "billing" }, []string{"Services.Name", "each name once"}},
		"topic's name":   {func(a *topic.FanoutArgs) { a.Services[1].Name = "topic" }, []string{"Services.Name", `"topic"`}},
		"subscriber":     {func(a *topic.FanoutArgs) { a.Subscribers = []string{"o-1234567890"} }, []string{"Subscribers", "o-1234567890"}},
		"service's part": {func(a *topic.FanoutArgs) { a.Services[1].Queue.VisibilitySec = 43201 }, []string{"events-search", "VisibilitySec", "1 to 43200"}},
		"no tags":        {func(a *topic.FanoutArgs) { a.Tags.TenantID = "" }, []string{"Tags.tenant-id is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := fanout()
			c.change(a)
			r, err := componenttest.Run("test", newFanout(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "fanout", "events")...)
		})
	}
}
