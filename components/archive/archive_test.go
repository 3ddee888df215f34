package archive_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/archive"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
)

const (
	topicARN  = "arn:aws:sns:eu-west-1:111111111111:lifecycle"
	bucketARN = "arn:aws:s3:::platform-events-111111111111"
	deadARN   = "arn:aws:sqs:eu-west-1:111111111111:lifecycle-archive-dead"
	streamARN = "arn:aws:firehose:eu-west-1:111111111111:deliverystream/lifecycle-archive"
)

func args() *archive.Args {
	return &archive.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "lifecycle-archive", TopicARN: topicARN,
		Bucket: "platform-events-111111111111", KeyARN: pulumi.String("arn:key"),
	}
}

func program(a *archive.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := archive.New(ctx, "archive", a)
		return err
	}
}

func run(t *testing.T, a *archive.Args) *componenttest.Recording {
	t.Helper()
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r)
	return r
}

// named gives the inputs of the resource of a type with a logical name.
func named(t *testing.T, r *componenttest.Recording, token, name string) map[string]any {
	t.Helper()
	for _, res := range r.OfType(token) {
		if res.Name == name {
			return res.Inputs
		}
	}
	t.Fatalf("there is no %s called %s", token, name)
	return nil
}

func TestStreamIsEncryptedAndByDate(t *testing.T) {
	r := run(t, args())
	s := r.One(t, "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream").Inputs
	if e := s["serverSideEncryption"].(map[string]any); e["enabled"] != true || e["keyType"] != "CUSTOMER_MANAGED_CMK" || e["keyArn"] != "arn:key" {
		t.Errorf("encryption %v", e)
	}
	to := s["extendedS3Configuration"].(map[string]any)
	for key, want := range map[string]any{
		"bucketArn": bucketARN, "roleArn": "arn:recorded:aws:iam/role:Role:archive-writer", "compressionFormat": "GZIP",
		"prefix":            "events/!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd}/",
		"errorOutputPrefix": "errors/!{firehose:error-output-type}/!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd}/",
		"bufferingSize":     5.0, "bufferingInterval": 300.0,
	} {
		if to[key] != want {
			t.Errorf("%s is %v, want %v", key, to[key], want)
		}
	}
	if l := to["cloudwatchLoggingOptions"].(map[string]any); l["enabled"] != true || l["logGroupName"] != "/aws/kinesisfirehose/lifecycle-archive" || l["logStreamName"] != "delivery" {
		t.Errorf("log %v", l)
	}
}

func TestSubscriptionHasItsRoleAndItsDeadLetters(t *testing.T) {
	r := run(t, args())
	s := r.One(t, "aws:sns/topicSubscription:TopicSubscription").Inputs
	for key, want := range map[string]any{
		"topic": topicARN, "protocol": "firehose", "rawMessageDelivery": true,
		"endpoint":            "arn:recorded:aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream:archive-stream",
		"subscriptionRoleArn": "arn:recorded:aws:iam/role:Role:archive-subscriber",
		"redrivePolicy":       `{"deadLetterTargetArn":"` + deadARN + `"}`,
	} {
		if s[key] != want {
			t.Errorf("%s is %v, want %v", key, s[key], want)
		}
	}
	dead := r.One(t, "aws:sqs/queue:Queue").Inputs
	statements := componenttest.Statements(t, dead["policy"])
	if dead["kmsMasterKeyId"] != "arn:key" || dead["redriveAllowPolicy"] != `{"redrivePermission":"denyAll"}` || len(statements) != 2 {
		t.Errorf("dead letters %v", dead)
	}
	if s := statements[0]; s.Effect != "Deny" || s.Condition["Bool"]["aws:SecureTransport"][0] != "false" {
		t.Errorf("without TLS: %+v", s)
	}
	if s := statements[1]; !slices.Equal(s.Action, []string{"sqs:SendMessage"}) || !slices.Equal(s.Condition["ArnEquals"]["aws:SourceArn"], []string{topicARN}) {
		t.Errorf("who sends: %+v", s)
	}
}

func TestRolesMayDoNothingElse(t *testing.T) {
	r := run(t, args())
	for _, c := range []struct {
		role, service string
		may           map[string]string
	}{
		{"archive-writer", "firehose.amazonaws.com", map[string]string{
			"s3:GetBucketLocation s3:ListBucket s3:ListBucketMultipartUploads": bucketARN,
			"s3:AbortMultipartUpload s3:GetObject s3:PutObject":                bucketARN + "/events/* " + bucketARN + "/errors/*",
			"logs:PutLogEvents": "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/kinesisfirehose/lifecycle-archive:log-stream:delivery",
		}},
		{"archive-subscriber", "sns.amazonaws.com", map[string]string{
			"firehose:DescribeDeliveryStream firehose:ListTagsForDeliveryStream firehose:PutRecord firehose:PutRecordBatch": streamARN,
		}},
	} {
		trust := componenttest.Statements(t, named(t, r, "aws:iam/role:Role", c.role)["assumeRolePolicy"])
		if len(trust) != 1 || fmt.Sprint(trust[0].Principal) != "map[Service:["+c.service+"]]" {
			t.Errorf("%s trusts %+v", c.role, trust)
		}
		if c.role == "archive-writer" && trust[0].Condition["StringEquals"]["sts:ExternalId"][0] != "111111111111" {
			t.Errorf("%s trusts %+v", c.role, trust)
		}
		got := map[string]string{}
		for _, s := range componenttest.Statements(t, named(t, r, "aws:iam/rolePolicy:RolePolicy", c.role)["policy"]) {
			got[strings.Join(s.Action, " ")] = strings.Join(s.Resource, " ")
		}
		if fmt.Sprint(got) != fmt.Sprint(c.may) {
			t.Errorf("%s may %v, want %v", c.role, got, c.may)
		}
	}
	g := r.One(t, "aws:kms/grant:Grant").Inputs
	context := g["constraints"].([]any)[0].(map[string]any)["encryptionContextSubset"]
	if fmt.Sprint(context) != "map[aws:s3:arn:"+bucketARN+"]" || fmt.Sprint(g["operations"]) != "[Decrypt GenerateDataKey]" ||
		g["granteePrincipal"] != "arn:recorded:aws:iam/role:Role:archive-writer" || g["keyId"] != "arn:key" {
		t.Errorf("grant %v", g)
	}
}

func TestAlarms(t *testing.T) {
	a := args()
	a.BufferSec, a.AlarmActions = 900, pulumi.ToStringArray([]string{"arn:aws:sns:eu-west-1:111111111111:alarms"})
	r := run(t, a)
	for child, want := range map[string]string{
		"archive-dead-letters": "AWS/SQS ApproximateNumberOfMessagesVisible map[QueueName:lifecycle-archive-dead] > 0",
		"archive-behind":       "AWS/Firehose DeliveryToS3.DataFreshness map[DeliveryStreamName:lifecycle-archive] > 2700",
	} {
		in := named(t, r, "aws:cloudwatch/metricAlarm:MetricAlarm", child)
		got := fmt.Sprint(in["namespace"], " ", in["metricName"], " ", in["dimensions"], " > ", in["threshold"])
		if got != want || in["comparisonOperator"] != "GreaterThanThreshold" {
			t.Errorf("%s watches %s, want %s", child, got, want)
		}
		for _, k := range []string{"alarmActions", "okActions"} {
			if fmt.Sprint(in[k]) != "[arn:aws:sns:eu-west-1:111111111111:alarms]" {
				t.Errorf("%s: %s are %v", child, k, in[k])
			}
		}
	}
}

func TestProductionKeepsTheLogLonger(t *testing.T) {
	for environment, want := range map[string]float64{location.Dev: 30, location.Production: 365} {
		a := args()
		a.Location.Environment = environment
		if got := run(t, a).One(t, "aws:cloudwatch/logGroup:LogGroup").Inputs["retentionInDays"]; got != want {
			t.Errorf("%s: %v days, want %v", environment, got, want)
		}
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*archive.Args)
		words  []string
	}{
		"no name":           {func(a *archive.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name":         {func(a *archive.Args) { a.Name = strings.Repeat("n", 51) }, []string{"Name", "1 to 50"}},
		"no topic":          {func(a *archive.Args) { a.TopicARN = "" }, []string{"TopicARN is missing"}},
		"fifo topic":        {func(a *archive.Args) { a.TopicARN = topicARN + ".fifo" }, []string{"TopicARN", ".fifo"}},
		"topic elsewhere":   {func(a *archive.Args) { a.Location.Region = "eu-central-1" }, []string{"TopicARN", "a topic in eu-central-1"}},
		"no bucket":         {func(a *archive.Args) { a.Bucket = "" }, []string{"Bucket is missing"}},
		"short bucket":      {func(a *archive.Args) { a.Bucket = "ab" }, []string{"Bucket", `"ab"`}},
		"no key":            {func(a *archive.Args) { a.KeyARN = nil }, []string{"KeyARN is missing"}},
		"prefix, no slash":  {func(a *archive.Args) { a.Prefix = "events" }, []string{"Prefix", `"events"`}},
		"prefix, wildcard":  {func(a *archive.Args) { a.Prefix = "*/" }, []string{"Prefix", `"*/"`}},
		"prefix, a pattern": {func(a *archive.Args) { a.Prefix = "!{timestamp:yyyy}/" }, []string{"Prefix"}},
		"prefix of errors":  {func(a *archive.Args) { a.Prefix = "errors/x/" }, []string{"Prefix", "errors/x/", "not below errors/"}},
		"buffer":            {func(a *archive.Args) { a.BufferMB = 129 }, []string{"BufferMB", "129", "1 to 128"}},
		"buffering":         {func(a *archive.Args) { a.BufferSec = 901 }, []string{"BufferSec", "901", "1 to 900"}},
		"retention":         {func(a *archive.Args) { a.LogRetentionDays = 2 }, []string{"LogRetentionDays", `"2"`}},
		"actions":           {func(a *archive.Args) { a.AlarmActions = make(pulumi.StringArray, 6) }, []string{"AlarmActions", "0 to 5"}},
		"no tags":           {func(a *archive.Args) { a.Tags.Tier = "" }, []string{"Tags.tier is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "archive")...)
		})
	}
	r, err := componenttest.Run("test", program(nil), nil)
	componenttest.Refused(t, r, err, "KeyARN")
}
