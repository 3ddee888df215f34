package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/examples/blueprints/blueprinttest"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/policies"
)

const (
	account = "111111111111"
	region  = "eu-west-1"
)

// stack is the program, with its code where the test finds it.
func stack(t *testing.T) automation.Stack {
	t.Helper()
	code, err := filepath.Abs("code")
	if err != nil {
		t.Fatal(err)
	}
	return automation.Stack{Name: "worker", Program: program(code), Subject: policies.Subject{
		TenantID: "acme", Environment: "dev", Region: region, Account: account, Tiers: []string{"premium"},
	}}
}

func TestUp(t *testing.T) {
	e, cloud := blueprinttest.Engine(t, region)
	first := blueprinttest.Up(t, e, stack(t))
	if first.Report.ResourcesSeen < 20 {
		t.Errorf("the rules saw %d resources", first.Report.ResourcesSeen)
	}
	for _, r := range first.Plan.Resources {
		for _, key := range []string{"policy", "assumeRolePolicy", "redrivePolicy", "redriveAllowPolicy"} {
			doc, given := r.Inputs[key]
			if _, known := doc.(string); given && !known {
				t.Errorf("the %s of %s is not known before the run: %v", key, r.URN, doc)
			}
		}
	}
	made(t, cloud)
	if want := "https://sqs.eu-west-1.amazonaws.com/111111111111/acme-import"; first.Outputs["queueUrl"] != want {
		t.Errorf("the queue is %v, want %s", first.Outputs["queueUrl"], want)
	}
	if want := "aws sqs start-message-move-task --region eu-west-1 --source-arn arn:aws:sqs:eu-west-1:111111111111:acme-import-dead" +
		" --destination-arn arn:aws:sqs:eu-west-1:111111111111:acme-import"; first.Outputs["redriveCommand"] != want {
		t.Errorf("redrive is %v, want %s", first.Outputs["redriveCommand"], want)
	}

	blueprinttest.Settled(t, e, stack(t))
	if drift, err := e.PreviewRefresh(t.Context(), stack(t)); err != nil || len(drift.Changes) > 0 {
		t.Errorf("drifted: %v, %v", drift.Changes, err)
	}
}

// made fails the test unless the whole pattern is there.
func made(t *testing.T, cloud *localcloud.Cloud) {
	t.Helper()
	want := map[string]int{
		"aws:sqs/queue:Queue": 2, "aws:cloudwatch/metricAlarm:MetricAlarm": 2,
		"aws:lambda/function:Function": 1, "aws:lambda/eventSourceMapping:EventSourceMapping": 1, "aws:iam/role:Role": 1, "aws:iam/rolePolicy:RolePolicy": 1,
		"aws:cloudwatch/logGroup:LogGroup": 1, "aws:kms/key:Key": 1, "aws:kms/alias:Alias": 1, "aws:kms/grant:Grant": 2,
		"aws:s3/bucketV2:BucketV2": 2, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 2, "aws:s3/bucketPolicy:BucketPolicy": 2, "aws:s3/bucketLoggingV2:BucketLoggingV2": 1,
	}
	all, err := cloud.Resources()
	if err != nil {
		t.Fatal(err)
	}
	for token, n := range want {
		if got := len(slices.DeleteFunc(slices.Clone(all), func(r localcloud.Resource) bool { return r.Type != token })); got != n {
			t.Errorf("%d of %s, want %d", got, token, n)
		}
	}
	queue, err := cloud.Get(account, region, "sqs.Queue", "https://sqs.eu-west-1.amazonaws.com/111111111111/acme-import")
	if err != nil {
		t.Fatal(err)
	}
	dead, err := cloud.Get(account, region, "sqs.Queue", "https://sqs.eu-west-1.amazonaws.com/111111111111/acme-import-dead")
	if err != nil {
		t.Fatal(err)
	}
	if who, _ := dead.Inputs["redriveAllowPolicy"].(string); !strings.Contains(who, `"arn:aws:sqs:eu-west-1:111111111111:acme-import"`) {
		t.Errorf("dead letters may come from %s", who)
	}
	if redrive, _ := queue.Inputs["redrivePolicy"].(string); !strings.Contains(redrive, `"maxReceiveCount":5`) || queue.Inputs["visibilityTimeoutSeconds"] != 180.0 {
		t.Errorf("redrive %s, hidden for %v s", redrive, queue.Inputs["visibilityTimeoutSeconds"])
	}
}

// TestDestroyIsRefused: the bucket has a tenant's data, and nobody has released it.
func TestDestroyIsRefused(t *testing.T) {
	e, cloud := blueprinttest.Engine(t, region)
	blueprinttest.Up(t, e, stack(t))
	before, err := cloud.Resources()
	if err != nil {
		t.Fatal(err)
	}
	res, err := e.Destroy(t.Context(), stack(t))
	after, listErr := cloud.Resources()
	if err == nil || res.Report.Allowed() || listErr != nil || len(after) != len(before) {
		t.Errorf("%v: %d resources were there, %d are, %v", err, len(before), len(after), listErr)
	}
	done := blueprinttest.Down(t, e, cloud, stack(t))
	if done.Changes[plan.OperationDelete] != len(before) {
		t.Errorf("%d of %d were deleted", done.Changes[plan.OperationDelete], len(before))
	}
}

// TestProgramIsShort holds the example to what it is there to show.
func TestProgramIsShort(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), "\n"); n >= 40 {
		t.Errorf("the program has %d lines", n)
	}
	project, err := os.ReadFile("Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{account, region} {
		if !strings.Contains(string(project), where) || !strings.Contains(string(source), where) {
			t.Errorf("the program and Pulumi.yaml are not both about %s", where)
		}
	}
}

// fakeBoto3 stands in for AWS's library: it writes down what is put.
const fakeBoto3 = `
import json, sys
class Bucket:
    def put_object(self, **args):
        args["Body"] = args["Body"].decode()
        print(json.dumps(args))
def client(service):
    return Bucket()
`

// TestCode runs the function's code as Lambda would, on a batch of which one
// message cannot be processed.
func TestCode(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 on this machine to run the function with")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "boto3.py"), []byte(fakeBoto3), 0o600); err != nil {
		t.Fatal(err)
	}
	const run = "import json, sys; from index import handler; print(json.dumps(handler(json.loads(sys.argv[1]), None)))"
	cmd := exec.Command(python, "-B", "-c", run, `{"Records":[{"messageId":"m-1","body":"{\"a\":1}"},{"messageId":"m-2","body":"poison"}]}`)
	cmd.Dir = "code"
	cmd.Env = append(os.Environ(), "PYTHONPATH="+dir, "BUCKET_NAME=acme-imports", "BUCKET_PREFIX=imports/")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got []map[string]any
	for line := range strings.Lines(string(out)) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		got = append(got, v)
	}
	want := []map[string]any{
		{"Bucket": "acme-imports", "Key": "imports/m-1.json", "Body": `{"a": 1}`, "ContentType": "application/json"},
		{"batchItemFailures": []any{map[string]any{"itemIdentifier": "m-2"}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}
