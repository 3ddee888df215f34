package silo_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/silo"
	"github.com/tenantform/tenantform/tenants"
)

func args() *silo.Args {
	a := plain()
	a.Worker = &silo.Worker{Runtime: "python3.13", Handler: "index.handler", Archive: os.TempDir(), Bucket: "acme-work-111111111111-eu-west-1"}
	a.AccessLogBucket = pulumi.String("platform-logs-111111111111-eu-west-1")
	a.AlarmTopic = topic
	return a
}

const topic = "arn:aws:sns:eu-west-1:111111111111:platform-alerts"

// plain are the arguments of a silo without anything that is optional.
func plain() *silo.Args {
	return &silo.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), TenantID: "acme", Name: "acme-silo",
		Bucket: "acme-data-111111111111-eu-west-1", Tier: componenttest.Tier(tenants.ModelSilo), CIDRBlock: "10.64.0.0/20",
	}
}

func program(a *silo.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := silo.New(ctx, "acme-silo", a)
		return err
	}
}

func TestSiloIsWhole(t *testing.T) {
	r := componenttest.MustRun(t, "tenant-acme", program(args()), nil)
	componenttest.Check(t, r)
	for _, token := range []string{
		"aws:kms/key:Key", "aws:ec2/vpc:Vpc", "aws:ec2/flowLog:FlowLog", "aws:cognito/userPool:UserPool", "aws:dynamodb/table:Table",
		"aws:apigateway/usagePlan:UsagePlan", "aws:apigateway/apiKey:ApiKey", "aws:cloudwatch/compositeAlarm:CompositeAlarm",
		"aws:lambda/function:Function", "aws:lambda/eventSourceMapping:EventSourceMapping",
		"aws:cloudwatch/dashboard:Dashboard",
	} {
		r.One(t, token)
	}
	for _, group := range r.OfType("aws:cloudwatch/logGroup:LogGroup") {
		if got, _ := group.Inputs["kmsKeyId"].(string); !strings.HasPrefix(got, "arn:recorded:aws:kms/key:Key") {
			t.Errorf("%s is encrypted with %q", group.Name, got)
		}
		if got, _ := group.Inputs["name"].(string); !strings.HasPrefix(got, "acme-silo/") && got != "/aws/lambda/acme-silo-worker" && !strings.HasPrefix(got, "API-Gateway-Execution-Logs_") {
			t.Errorf("%s is called %q, which the key's policy does not cover", group.Name, got)
		}
	}
	policy := componenttest.Statements(t, r.One(t, "aws:kms/key:Key").Inputs["policy"])
	if got := policy[1].Condition["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]; len(got) != 3 || !strings.HasSuffix(got[1], ":API-Gateway-Execution-Logs_*/live") ||
		!strings.HasSuffix(got[2], ":/aws/lambda/acme-silo-worker") {
		t.Errorf("the key encrypts the groups %v", got)
	}
}

// What a silo was before it had a worker: nothing of that goes, or is replaced.
func TestAPlainSiloIsPartOfAWholeOne(t *testing.T) {
	whole := map[string]bool{}
	for _, res := range componenttest.MustRun(t, "tenant-acme", program(args()), nil).Custom() {
		whole[res.Parent+" "+res.Type+" "+res.Name] = true
	}
	r := componenttest.MustRun(t, "tenant-acme", program(plain()), nil)
	componenttest.Check(t, r)
	for _, res := range r.Custom() {
		if !whole[res.Parent+" "+res.Type+" "+res.Name] {
			t.Errorf("%s %s is another with a worker", res.Type, res.Name)
		}
	}
	for _, token := range []string{"aws:sqs/queue:Queue", "aws:lambda/function:Function", "aws:s3/bucketLoggingV2:BucketLoggingV2", "aws:budgets/budget:Budget"} {
		if n := len(r.OfType(token)); n != 0 {
			t.Errorf("%d of %s, which nobody asked for", n, token)
		}
	}
}

func TestWorker(t *testing.T) {
	r := componenttest.MustRun(t, "tenant-acme", program(args()), nil)
	f := r.One(t, "aws:lambda/function:Function").Inputs
	if f["name"] != "acme-silo-worker" || f["reservedConcurrentExecutions"] != 2.0 || f["vpcConfig"] != nil {
		t.Errorf("worker %v, concurrency %v, network %v", f["name"], f["reservedConcurrentExecutions"], f["vpcConfig"])
	}
	variables, _ := f["environment"].(map[string]any)["variables"].(map[string]any)
	if variables["BUCKET_NAME"] != "acme-work-111111111111-eu-west-1" || variables["BUCKET_PREFIX"] != "results/" {
		t.Errorf("variables %v", variables)
	}
	key := "arn:recorded:aws:kms/key:Key:acme-silo-key-key"
	if f["kmsKeyArn"] != key {
		t.Errorf("variables are encrypted with %v", f["kmsKeyArn"])
	}
	for _, q := range r.OfType("aws:sqs/queue:Queue") {
		if q.Inputs["kmsMasterKeyId"] != key {
			t.Errorf("%s is encrypted with %v", q.Name, q.Inputs["kmsMasterKeyId"])
		}
	}
	if got := r.OfType("aws:s3/bucketLoggingV2:BucketLoggingV2"); len(got) == 0 || got[0].Inputs["targetBucket"] != "platform-logs-111111111111-eu-west-1" {
		t.Errorf("access logs: %v", got)
	}
}

// TestBucketsAreLogged: the results of the worker too, and into a bucket of the
// silo's own where there is no other.
func TestBucketsAreLogged(t *testing.T) {
	logged := func(a *silo.Args) map[any]int {
		into := map[any]int{}
		for _, l := range componenttest.MustRun(t, "tenant-acme", program(a), nil).OfType("aws:s3/bucketLoggingV2:BucketLoggingV2") {
			into[l.Inputs["targetBucket"]]++
		}
		return into
	}
	a := args()
	if got := logged(a); len(got) != 1 || got["platform-logs-111111111111-eu-west-1"] != 2 {
		t.Errorf("logged into %v", got)
	}
	a.AccessLogBucket, a.OwnLogBucket = nil, "acme-logs-111111111111-eu-west-1"
	if got := logged(a); len(got) != 1 || got[a.OwnLogBucket] != 2 {
		t.Errorf("logged into %v", got)
	}
	a.OwnLogBucket = ""
	if got := logged(a); len(got) != 0 {
		t.Errorf("logged into %v", got)
	}
	a.OwnLogBucket = "Acme_Logs"
	r, err := componenttest.Run("tenant-acme", program(a), nil)
	componenttest.Refused(t, r, err, "Acme_Logs")
}

func TestHealthIsThatOfAllAlarms(t *testing.T) {
	r := componenttest.MustRun(t, "tenant-acme", program(args()), nil)
	whole := r.One(t, "aws:cloudwatch/compositeAlarm:CompositeAlarm").Inputs
	rule, _ := whole["alarmRule"].(string)
	alarms := r.OfType("aws:cloudwatch/metricAlarm:MetricAlarm")
	if len(alarms) != 3 || strings.Count(rule, "ALARM(") != len(alarms) {
		t.Errorf("%d alarms, rule %s", len(alarms), rule)
	}
	for _, a := range alarms {
		if !strings.Contains(rule, `ALARM("`+a.Inputs["name"].(string)+`")`) {
			t.Errorf("%s is not part of %s", a.Inputs["name"], rule)
		}
	}
	waits := r.One(t, "tenantform:health:Health").Dependencies
	for _, a := range alarms {
		if !slices.Contains(waits, a.URN("tenant-acme")) {
			t.Errorf("it does not wait for %s, of which its rule speaks; it waits for %v", a.Name, waits)
		}
	}
	if told, _ := whole["alarmActions"].([]any); len(told) != 1 || told[0] != topic {
		t.Errorf("told: %v", whole["alarmActions"])
	}
}

func TestTheTierSetsProtectionAndBudget(t *testing.T) {
	a := args()
	a.Tier.ThreatProtection, a.Tier.MonthlyBudgetUSD, a.BudgetTopic = true, 250, topic
	r := componenttest.MustRun(t, "tenant-acme", program(a), nil)
	componenttest.Check(t, r)
	if got := r.One(t, "aws:cognito/userPool:UserPool").Inputs["userPoolTier"]; got != "PLUS" {
		t.Errorf("the user pool's plan is %v", got)
	}
	b := r.One(t, "aws:budgets/budget:Budget").Inputs
	if b["limitAmount"] != "250.00" || b["name"] != "acme-silo-budget" {
		t.Errorf("budget %v of %v", b["name"], b["limitAmount"])
	}
	r = componenttest.MustRun(t, "tenant-acme", program(args()), nil)
	if got := r.One(t, "aws:cognito/userPool:UserPool").Inputs["userPoolTier"]; got != "ESSENTIALS" {
		t.Errorf("without protection the plan is %v", got)
	}
}

func TestProtection(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*silo.Args)
		want   bool
	}{
		"the tier asks for it": {func(*silo.Args) {}, true},
		"no tier, dev":         {func(a *silo.Args) { a.Tier.DeletionProtection = false }, false},
		"no tier, production": {func(a *silo.Args) {
			a.Tier.DeletionProtection, a.Location.Environment = false, location.Production
		}, true},
		"released": {func(a *silo.Args) { a.Released, a.Location.Environment = true, location.Production }, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r := componenttest.MustRun(t, "tenant-acme", program(a), nil)
			if got := r.One(t, "aws:dynamodb/table:Table").Inputs["deletionProtectionEnabled"]; got != c.want {
				t.Errorf("table: %v", got)
			}
			if got := r.One(t, "aws:cognito/userPool:UserPool").Inputs["deletionProtection"] == "ACTIVE"; got != c.want {
				t.Errorf("user pool: %v", got)
			}
			for _, b := range r.OfType("aws:s3/bucketV2:BucketV2") {
				if got := b.Inputs["forceDestroy"]; got != a.Released {
					t.Errorf("%s: objects go with it: %v", b.Name, got)
				}
			}
		})
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*silo.Args)
		words  []string
	}{
		"no tenant":   {func(a *silo.Args) { a.TenantID = "" }, []string{"TenantID is missing"}},
		"no name":     {func(a *silo.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name":   {func(a *silo.Args) { a.Name = strings.Repeat("n", 41) }, []string{"1 to 40"}},
		"long bucket": {func(a *silo.Args) { a.Bucket = strings.Repeat("b", 64) }, []string{"Bucket", "1 to 63"}},
		"no range":    {func(a *silo.Args) { a.CIDRBlock = "" }, []string{"CIDRBlock is missing"}},
		"no code":     {func(a *silo.Args) { a.Worker.Archive = "" }, []string{"Worker.Archive is missing"}},
		"old runtime": {func(a *silo.Args) { a.Worker.Runtime = "python2.7" }, []string{"Worker.Runtime", "python2.7"}},
		"timeout":     {func(a *silo.Args) { a.Worker.TimeoutSec = 901 }, []string{"Worker.TimeoutSec", `"901"`, "1 to 900"}},
		"memory":      {func(a *silo.Args) { a.Worker.MemoryMB = 64 }, []string{"Worker.MemoryMB", `"64"`, "128 to 10240"}},
		"concurrency": {func(a *silo.Args) { a.Worker.Concurrency = 1 }, []string{"Worker.Concurrency", `"1"`, "2 to 1000"}},
		"grant": {func(a *silo.Args) {
			a.Worker.Grants = []tenants.Grant{{Actions: []string{"s3:*"}, Resources: []string{"*"}}}
		}, []string{"Worker.Grants", "s3:*"}},
		"results":       {func(a *silo.Args) { a.Worker.Bucket = a.Bucket }, []string{"Worker.Bucket", "other than"}},
		"no results":    {func(a *silo.Args) { a.Worker.Bucket = "" }, []string{"Worker.Bucket is missing"}},
		"topic":         {func(a *silo.Args) { a.AlarmTopic = "alerts" }, []string{"AlarmTopic", "alerts"}},
		"budget's":      {func(a *silo.Args) { a.Tier.MonthlyBudgetUSD = 5 }, []string{"BudgetTopic is missing"}},
		"negative":      {func(a *silo.Args) { a.Tier.MonthlyBudgetUSD = -5 }, []string{"Tier.monthlyBudgetUSD", `"-5"`}},
		"logs to it":    {func(a *silo.Args) { a.AccessLogBucket = pulumi.String(a.Bucket) }, []string{"AccessLogs.BucketName"}},
		"foreign range": {func(a *silo.Args) { a.CIDRBlock = "8.8.0.0/20" }, []string{"CIDRBlock", "8.8.0.0/20"}},
		"bad tier":      {func(a *silo.Args) { a.Tier.LogRetentionDays = 4 }, []string{"Tier.logRetentionDays", `"4"`}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("tenant-acme", program(a), nil)
			componenttest.Refused(t, r, err, c.words...)
		})
	}
}

func BenchmarkSilo(b *testing.B) {
	for b.Loop() {
		if _, err := componenttest.Run("tenant-acme", program(args()), nil); err != nil {
			b.Fatal(err)
		}
	}
}
