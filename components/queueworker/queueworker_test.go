package queueworker_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/queueworker"
	"github.com/tenantform/tenantform/tenants"
)

const (
	queueARN  = "arn:aws:sqs:eu-west-1:111111111111:acme-import"
	deadARN   = queueARN + "-dead"
	bucketARN = "arn:aws:s3:::acme-results-111111111111"
)

func args(t *testing.T) *queueworker.Args {
	return &queueworker.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-import",
		Runtime: "python3.13", Handler: "index.handler", Archive: t.TempDir(),
		Bucket: "acme-results-111111111111", Prefix: "imports/", KeyARN: pulumi.String("arn:key"),
	}
}

func program(a *queueworker.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := queueworker.New(ctx, "import", a)
		return err
	}
}

func run(t *testing.T, a *queueworker.Args) *componenttest.Recording {
	t.Helper()
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r)
	return r
}

// named gives the inputs of the resource of a type with a physical name.
func named(t *testing.T, r *componenttest.Recording, token, name string) map[string]any {
	t.Helper()
	for _, res := range r.OfType(token) {
		if res.Inputs["name"] == name {
			return res.Inputs
		}
	}
	t.Fatalf("there is no %s called %s", token, name)
	return nil
}

func decode(t *testing.T, text any) map[string]any {
	t.Helper()
	var out map[string]any
	s, _ := text.(string)
	if err := json.Unmarshal([]byte(s), &out); err != nil {
		t.Fatalf("%v: %q", err, s)
	}
	return out
}

func TestQueuesAreClosedAndRedrive(t *testing.T) {
	r := run(t, args(t))
	for name, arn := range map[string]string{"acme-import": queueARN, "acme-import-dead": deadARN} {
		q := named(t, r, "aws:sqs/queue:Queue", name)
		if q["kmsMasterKeyId"] != "arn:key" {
			t.Errorf("%s is encrypted with %v", name, q["kmsMasterKeyId"])
		}
		statements := componenttest.Statements(t, q["policy"])
		if len(statements) != 1 {
			t.Fatalf("%s: statements %+v", name, statements)
		}
		s := statements[0]
		if s.Effect != "Deny" || s.Condition["Bool"]["aws:SecureTransport"][0] != "false" || s.Action[0] != "sqs:*" || s.Resource[0] != arn {
			t.Errorf("%s without TLS: %+v", name, s)
		}
	}
	q := named(t, r, "aws:sqs/queue:Queue", "acme-import")
	if redrive := decode(t, q["redrivePolicy"]); redrive["deadLetterTargetArn"] != deadARN || redrive["maxReceiveCount"] != 5.0 {
		t.Errorf("redrive %v", redrive)
	}
	dead := named(t, r, "aws:sqs/queue:Queue", "acme-import-dead")
	if dead["messageRetentionSeconds"].(float64) <= q["messageRetentionSeconds"].(float64) {
		t.Errorf("dead letters are kept for %v s, messages for %v s", dead["messageRetentionSeconds"], q["messageRetentionSeconds"])
	}
	allow := decode(t, dead["redriveAllowPolicy"])
	if sources, _ := allow["sourceQueueArns"].([]any); allow["redrivePermission"] != "byQueue" || len(sources) != 1 || sources[0] != queueARN {
		t.Errorf("redrive is allowed to %v", allow)
	}
	if q["redriveAllowPolicy"] != nil || dead["redrivePolicy"] != nil {
		t.Errorf("the queue allows %v, and the dead letters go to %v", q["redriveAllowPolicy"], dead["redrivePolicy"])
	}
}

func TestRedriveCommand(t *testing.T) {
	commands := make(chan string, 1)
	r := componenttest.MustRun(t, "test", func(ctx *pulumi.Context) error {
		q, err := queueworker.NewQueue(ctx, "billing", &queueworker.QueueArgs{
			Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "billing", KeyARN: pulumi.String("arn:key"),
		})
		if err == nil {
			q.RedriveCommand.ApplyT(func(c string) string { commands <- c; return c })
		}
		return err
	}, nil)
	componenttest.Check(t, r)
	const want = "aws sqs start-message-move-task --region eu-west-1 --source-arn arn:recorded:aws:sqs/queue:Queue:billing-dead" +
		" --destination-arn arn:recorded:aws:sqs/queue:Queue:billing-queue"
	if got := <-commands; got != want {
		t.Errorf("redrive is %s, want %s", got, want)
	}
}

func TestDuplicatesPowertoolsAndSignedCode(t *testing.T) {
	a := args(t)
	a.Powertools, a.Idempotency = &function.Powertools{LayerARN: pulumi.String("arn:layer")}, &function.Idempotency{}
	a.CodeSigningConfigARN, a.Sensitive, a.ApplicationLogLevel = pulumi.String("arn:signed"), true, "WARN"
	a.Archive, a.Object = "", &function.Object{Bucket: pulumi.String("platform-artifacts"), Key: pulumi.String("signed/import.zip")}
	r := run(t, a)
	f := r.One(t, "aws:lambda/function:Function").Inputs
	variables := f["environment"].(map[string]any)["variables"].(map[string]any)
	if variables["IDEMPOTENCY_TABLE"] != "acme-import-idempotency" || variables["POWERTOOLS_SERVICE_NAME"] == nil || variables["BUCKET_PREFIX"] != "imports/" {
		t.Errorf("variables %v", variables)
	}
	if table := r.One(t, "aws:dynamodb/table:Table").Inputs; table["name"] != "acme-import-idempotency" {
		t.Errorf("table %v", table["name"])
	}
	if f["codeSigningConfigArn"] != "arn:signed" || f["loggingConfig"].(map[string]any)["applicationLogLevel"] != "WARN" || fmt.Sprint(f["layers"]) != "[arn:layer]" {
		t.Errorf("function %v", f)
	}
	if n := len(run(t, args(t)).OfType("aws:dynamodb/table:Table")); n > 0 {
		t.Errorf("%d tables without asking", n)
	}
}

func TestProductionKeepsMore(t *testing.T) {
	oldVersions := func(environment string) any {
		a := args(t)
		a.Location.Environment = environment
		rules := run(t, a).One(t, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2").Inputs["rules"].([]any)
		return rules[0].(map[string]any)["noncurrentVersionExpiration"].(map[string]any)["noncurrentDays"]
	}
	if dev, production := oldVersions("dev").(float64), oldVersions("production").(float64); production <= dev {
		t.Errorf("results that were replaced are kept for %v days in production, %v in dev", production, dev)
	}
}

func TestAlarms(t *testing.T) {
	a := args(t)
	a.MaxAgeSec = 120
	a.AlarmActions = pulumi.ToStringArray([]string{"arn:aws:sns:eu-west-1:111111111111:alarms"})
	r := run(t, a)
	for name, want := range map[string]string{
		"acme-import-dead-letters":   "acme-import-dead ApproximateNumberOfMessagesVisible Maximum > 0",
		"acme-import-oldest-message": "acme-import ApproximateAgeOfOldestMessage Maximum > 120",
	} {
		alarm := named(t, r, "aws:cloudwatch/metricAlarm:MetricAlarm", name)
		got := fmt.Sprint(alarm["dimensions"].(map[string]any)["QueueName"], " ", alarm["metricName"], " ", alarm["statistic"], " > ", alarm["threshold"])
		if got != want || alarm["namespace"] != "AWS/SQS" || alarm["comparisonOperator"] != "GreaterThanThreshold" {
			t.Errorf("%s watches %s, want %s", name, got, want)
		}
		for _, actions := range []string{"alarmActions", "okActions"} {
			if list, _ := alarm[actions].([]any); len(list) != 1 || list[0] != "arn:aws:sns:eu-west-1:111111111111:alarms" {
				t.Errorf("%s: %s are %v", name, actions, alarm[actions])
			}
		}
	}
}

func TestMapping(t *testing.T) {
	a := args(t)
	a.TimeoutSec, a.BatchSize, a.BatchWindowSec, a.Concurrency = 60, 100, 30, 4
	r := run(t, a)
	m := r.One(t, "aws:lambda/eventSourceMapping:EventSourceMapping").Inputs
	if types, _ := m["functionResponseTypes"].([]any); len(types) != 1 || types[0] != "ReportBatchItemFailures" {
		t.Errorf("response types %v", m["functionResponseTypes"])
	}
	if m["batchSize"] != 100.0 || m["maximumBatchingWindowInSeconds"] != 30.0 {
		t.Errorf("batches of %v in %v s", m["batchSize"], m["maximumBatchingWindowInSeconds"])
	}
	f := r.One(t, "aws:lambda/function:Function").Inputs
	if got := m["scalingConfig"].(map[string]any)["maximumConcurrency"]; got != 4.0 || f["reservedConcurrentExecutions"] != 4.0 {
		t.Errorf("Lambda polls for %v executions, %v are kept", got, f["reservedConcurrentExecutions"])
	}
	if got := named(t, r, "aws:sqs/queue:Queue", "acme-import")["visibilityTimeoutSeconds"]; got != 390.0 {
		t.Errorf("messages are hidden for %v s, want 6 x 60 + 30", got)
	}
}

func TestTheFunctionMayDoNothingElse(t *testing.T) {
	a := args(t)
	a.Environment = map[string]string{"MODE": "fast"}
	a.Grants = []tenants.Grant{{Actions: []string{"dynamodb:GetItem"}, Resources: []string{"arn:aws:dynamodb:eu-west-1:111111111111:table/acme-data"}}}
	r := run(t, a)
	got := map[string]string{}
	for _, s := range componenttest.Statements(t, r.One(t, "aws:iam/rolePolicy:RolePolicy").Inputs["policy"]) {
		if s.Sid == "" {
			got[strings.Join(s.Action, " ")] = strings.Join(s.Resource, " ")
		}
	}
	want := map[string]string{
		"sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage": queueARN,
		"s3:PutObject":     bucketARN + "/imports/*",
		"dynamodb:GetItem": "arn:aws:dynamodb:eu-west-1:111111111111:table/acme-data",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("grants %v, want %v", got, want)
	}
	for name, want := range map[string]struct {
		operations []string
		context    map[string]any
	}{
		"acme-import-receive": {[]string{"Decrypt"}, map[string]any{"aws:sqs:arn": queueARN}},
		"acme-import-put":     {[]string{"Decrypt", "GenerateDataKey"}, map[string]any{"aws:s3:arn": bucketARN}},
	} {
		g := named(t, r, "aws:kms/grant:Grant", name)
		var operations []string
		for _, o := range g["operations"].([]any) {
			operations = append(operations, o.(string))
		}
		context := g["constraints"].([]any)[0].(map[string]any)["encryptionContextSubset"]
		if !slices.Equal(operations, want.operations) || fmt.Sprint(context) != fmt.Sprint(want.context) || g["keyId"] != "arn:key" {
			t.Errorf("%s: %v with %v of %v", name, operations, context, g["keyId"])
		}
		if g["granteePrincipal"] != "arn:recorded:aws:iam/role:Role:import-function-role" {
			t.Errorf("%s is given to %v", name, g["granteePrincipal"])
		}
	}
	variables := r.One(t, "aws:lambda/function:Function").Inputs["environment"].(map[string]any)["variables"]
	if want := map[string]any{"BUCKET_NAME": "acme-results-111111111111", "BUCKET_PREFIX": "imports/", "MODE": "fast"}; fmt.Sprint(variables) != fmt.Sprint(want) {
		t.Errorf("variables %v, want %v", variables, want)
	}
}

func TestTopicsMaySendToBothQueues(t *testing.T) {
	const topic = "arn:aws:sns:eu-west-1:333333333333:lifecycle"
	r := componenttest.MustRun(t, "test", func(ctx *pulumi.Context) error {
		_, err := queueworker.NewQueue(ctx, "billing", &queueworker.QueueArgs{
			Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "billing", KeyARN: pulumi.String("arn:key"), Topics: []string{topic},
		})
		return err
	}, nil)
	componenttest.Check(t, r)
	for _, q := range r.OfType("aws:sqs/queue:Queue") {
		statements := componenttest.Statements(t, q.Inputs["policy"])
		s := statements[len(statements)-1]
		if s.Effect != "Allow" || s.Action[0] != "sqs:SendMessage" || fmt.Sprint(s.Principal) != "map[Service:[sns.amazonaws.com]]" ||
			s.Condition["ArnEquals"]["aws:SourceArn"][0] != topic {
			t.Errorf("%s: %+v", q.Name, s)
		}
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*queueworker.Args)
		words  []string
	}{
		"no name":           {func(a *queueworker.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name":         {func(a *queueworker.Args) { a.Name = strings.Repeat("n", 65) }, []string{"1 to 64"}},
		"fifo name":         {func(a *queueworker.Args) { a.Name = "import.fifo" }, []string{"Name", "import.fifo"}},
		"no key":            {func(a *queueworker.Args) { a.KeyARN = nil }, []string{"KeyARN is missing"}},
		"no bucket":         {func(a *queueworker.Args) { a.Bucket = "" }, []string{"Bucket is missing"}},
		"short bucket":      {func(a *queueworker.Args) { a.Bucket = "ab" }, []string{"Bucket", `"ab"`}},
		"no prefix":         {func(a *queueworker.Args) { a.Prefix = "" }, []string{"Prefix is missing"}},
		"prefix, no slash":  {func(a *queueworker.Args) { a.Prefix = "imports" }, []string{"Prefix", `"imports"`}},
		"prefix, wildcard":  {func(a *queueworker.Args) { a.Prefix = "*/" }, []string{"Prefix", `"*/"`}},
		"timeout":           {func(a *queueworker.Args) { a.TimeoutSec = 901 }, []string{"TimeoutSec", "901", "1 to 900"}},
		"visibility":        {func(a *queueworker.Args) { a.TimeoutSec, a.VisibilitySec = 60, 359 }, []string{"VisibilitySec", "359", "360 to 43200", "6 times TimeoutSec (60)"}},
		"window counts too": {func(a *queueworker.Args) { a.BatchWindowSec, a.VisibilitySec = 20, 180 }, []string{"VisibilitySec", "200 to 43200"}},
		"concurrency":       {func(a *queueworker.Args) { a.Concurrency = 1 }, []string{"Concurrency", "2 to 1000"}},
		"batch":             {func(a *queueworker.Args) { a.BatchSize = 10001 }, []string{"BatchSize", "1 to 10000"}},
		"batch, no window":  {func(a *queueworker.Args) { a.BatchSize = 11 }, []string{"BatchWindowSec", "1 to 300"}},
		"window":            {func(a *queueworker.Args) { a.BatchWindowSec = 301 }, []string{"BatchWindowSec", "0 to 300"}},
		"receives":          {func(a *queueworker.Args) { a.MaxReceiveCount = 1001 }, []string{"MaxReceiveCount", "1 to 1000"}},
		"gone before dead":  {func(a *queueworker.Args) { a.VisibilitySec, a.MaxReceiveCount = 43200, 9 }, []string{"MaxReceiveCount", "at most 8", "345600"}},
		"age":               {func(a *queueworker.Args) { a.MaxAgeSec = 59 }, []string{"MaxAgeSec", "60 to 345600"}},
		"actions":           {func(a *queueworker.Args) { a.AlarmActions = make(pulumi.StringArray, 6) }, []string{"AlarmActions", "0 to 5"}},
		"memory":            {func(a *queueworker.Args) { a.MemoryMB = 64 }, []string{"MemoryMB", "128 to 10240"}},
		"no archive":        {func(a *queueworker.Args) { a.Archive = "nowhere" }, []string{"Archive", "nowhere"}},
		"own variable":      {func(a *queueworker.Args) { a.Environment = map[string]string{"BUCKET_NAME": "x"} }, []string{"Environment.BUCKET_NAME"}},
		"wildcard grant": {func(a *queueworker.Args) {
			a.Grants = []tenants.Grant{{Actions: []string{"s3:*"}, Resources: []string{bucketARN}}}
		}, []string{"Grants.Actions", "s3:*"}},
		"unsigned":  {func(a *queueworker.Args) { a.Sensitive = true }, []string{"CodeSigningConfigARN"}},
		"log level": {func(a *queueworker.Args) { a.SystemLogLevel = "LOUD" }, []string{"SystemLogLevel", "LOUD"}},
		"retention": {func(a *queueworker.Args) { a.LogRetentionDays = 2 }, []string{"LogRetentionDays"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args(t)
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "queueworker", "import")...)
		})
	}
	t.Run("topic", func(t *testing.T) {
		r, err := componenttest.Run("test", func(ctx *pulumi.Context) error {
			_, err := queueworker.NewQueue(ctx, "billing", &queueworker.QueueArgs{
				Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "billing", KeyARN: pulumi.String("arn:key"),
				Topics: []string{"arn:aws:sns:eu-west-1:333333333333:*"},
			})
			return err
		}, nil)
		componenttest.Refused(t, r, err, "queue", "billing", "Topics", "333333333333:*")
	})
}
