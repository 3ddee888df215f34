package automation_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// account and region are where the tests' programs deploy.
const (
	account = "111111111111"
	region  = "eu-west-1"
)

// allow is a gate that lets everything through; deny one that lets nothing.
type allow struct{}

func (allow) Evaluate(_ context.Context, in policies.Input) (policies.Report, error) {
	return policies.Report{Verdict: policies.VerdictAllow, ResourcesSeen: len(in.Plan.Resources), RulesRun: 1}, nil
}

type deny struct{}

func (deny) Evaluate(_ context.Context, in policies.Input) (policies.Report, error) {
	return policies.Report{Verdict: policies.VerdictDeny, Findings: []policies.Finding{{
		Rule: "no_tables", URN: in.Plan.Resources[len(in.Plan.Resources)-1].URN, Message: "the test refuses everything",
	}}}, nil
}

// rig is an engine over a local cloud, in a directory of the test's.
type rig struct {
	*automation.Engine
	t     *testing.T
	cloud *localcloud.Cloud
	dir   string
}

// newRig makes one in dir; the test's own temporary directory when empty.
func newRig(t *testing.T, dir string, gate automation.Gate, change func(*automation.Options)) rig {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	cloud, err := localcloud.Start(t.Context(), filepath.Join(dir, "cloud"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cloud.Close() })
	opts := &automation.Options{Pulumi: pulumiCLI(t), Env: cloud.Env(), Locator: cloud}
	if change != nil {
		change(opts)
	}
	e, err := automation.New(dir, gate, opts)
	if err != nil {
		t.Fatal(err)
	}
	return rig{Engine: e, t: t, cloud: cloud, dir: dir}
}

func pulumiCLI(t *testing.T) automation.CLI {
	t.Helper()
	cli, err := automation.FindPulumi([]string{"../bin/pulumi"})
	if err != nil {
		t.Fatal(err)
	}
	return cli
}

// sample is a program with six resources that need one another; more changes
// what it says of them.
func sample(name string, retention int) automation.Stack {
	return automation.Stack{Name: "tenant-" + name, Program: func(ctx *pulumi.Context) error {
		p, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String(region), AllowedAccountIds: pulumi.ToStringArray([]string{account})})
		if err != nil {
			return err
		}
		o := pulumi.Provider(p)
		role, err := iam.NewRole(ctx, "role", &iam.RoleArgs{Name: pulumi.String(name + "-role"), AssumeRolePolicy: pulumi.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}, o)
		if err != nil {
			return err
		}
		_, err = iam.NewRolePolicy(ctx, "deny", &iam.RolePolicyArgs{Name: pulumi.String("deny"), Role: role.Name, Policy: pulumi.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`)}, o)
		if err != nil {
			return err
		}
		logs, err := cloudwatch.NewLogGroup(ctx, "logs", &cloudwatch.LogGroupArgs{Name: pulumi.String("/" + name + "/logs"), RetentionInDays: pulumi.Int(retention)}, o)
		if err != nil {
			return err
		}
		vpc, err := ec2.NewVpc(ctx, "vpc", &ec2.VpcArgs{CidrBlock: pulumi.String("10.0.0.0/16"), Tags: pulumi.StringMap{"Name": pulumi.String(name)}}, o)
		if err != nil {
			return err
		}
		_, err = ec2.NewSubnet(ctx, "subnet", &ec2.SubnetArgs{VpcId: vpc.ID(), CidrBlock: pulumi.String("10.0.1.0/24"), Tags: pulumi.StringMap{"Name": pulumi.String(name)}}, o)
		if err != nil {
			return err
		}
		table, err := dynamodb.NewTable(ctx, "table", &dynamodb.TableArgs{
			Name: pulumi.String(name + "-table"), HashKey: pulumi.String("pk"), BillingMode: pulumi.String("PAY_PER_REQUEST"),
			Attributes: dynamodb.TableAttributeArray{dynamodb.TableAttributeArgs{Name: pulumi.String("pk"), Type: pulumi.String("S")}},
		}, o, pulumi.DependsOn([]pulumi.Resource{logs}))
		if err != nil {
			return err
		}
		ctx.Export("table", table.Arn)
		ctx.Export("token", pulumi.ToSecret(pulumi.String(canary)))
		return nil
	}}
}

const sampleSize = 6

// canary is a secret that must show nowhere.
const canary = "canary-4711-secret"

func (r rig) up(s automation.Stack) automation.Result {
	r.t.Helper()
	res, err := r.Up(r.t.Context(), s)
	if err != nil {
		r.t.Fatalf("up: %v", err)
	}
	return res
}

// whole fails the test unless the cloud holds exactly n resources, each once.
func (r rig) whole(n int) {
	r.t.Helper()
	all, err := r.cloud.Resources()
	if err != nil {
		r.t.Fatal(err)
	}
	var names []string
	for _, x := range all {
		names = append(names, x.Type+" "+x.ID)
	}
	if len(all) != n {
		r.t.Errorf("the cloud holds %d resources, want %d:\n%s", len(all), n, strings.Join(names, "\n"))
	}
}

// clean fails the test unless no stack, lease or working directory is left.
func (r rig) clean() {
	r.t.Helper()
	stacks, err := r.Stacks(r.t.Context())
	if err != nil || len(stacks) > 0 {
		r.t.Errorf("stacks left: %v, %v", stacks, err)
	}
	for _, d := range []string{"runs", "leases", "home/workspaces", "state/.pulumi/stacks/" + automation.Project} {
		left, err := os.ReadDir(filepath.Join(r.dir, d))
		if err != nil && !errors.Is(err, fs.ErrNotExist) || len(left) > 0 {
			r.t.Errorf("%s holds %v, %v", d, left, err)
		}
	}
}

func changes(create, update, replace, del int) map[plan.Operation]int {
	m := map[plan.Operation]int{}
	for op, n := range map[plan.Operation]int{plan.OperationCreate: create, plan.OperationUpdate: update, plan.OperationReplace: replace, plan.OperationDelete: del} {
		if n > 0 {
			m[op] = n
		}
	}
	return m
}

func wantChanges(t *testing.T, what string, got, want map[plan.Operation]int) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: changes %v, want %v", what, got, want)
	}
}

func TestLifeOfAStack(t *testing.T) {
	r := newRig(t, "", allow{}, nil)
	ctx := t.Context()

	res, err := r.Preview(ctx, sample("acme", 30))
	if err != nil {
		t.Fatal(err)
	}
	wantChanges(t, "preview", res.Changes, changes(sampleSize, 0, 0, 0))
	r.whole(0)
	r.clean()

	res = r.up(sample("acme", 30))
	wantChanges(t, "first up", res.Changes, changes(sampleSize, 0, 0, 0))
	if want := "arn:aws:dynamodb:" + region + ":" + account + ":table/acme-table"; res.Outputs["table"] != want {
		t.Errorf("output table is %v, want %s", res.Outputs["table"], want)
	}
	if strings.Contains(fmt.Sprint(res), canary) {
		t.Error("the result shows a secret")
	}
	r.whole(sampleSize)

	res = r.up(sample("acme", 30))
	wantChanges(t, "second up", res.Changes, nil)
	if !res.Plan.Empty() {
		t.Errorf("the plan of the second up is not empty: %v", res.Plan.Changes())
	}

	res = r.up(sample("acme", 90))
	wantChanges(t, "changed", res.Changes, changes(0, 1, 0, 0))
	i := slices.IndexFunc(res.Plan.Resources, func(x plan.Resource) bool { return x.Name == "logs" })
	if i < 0 || res.Plan.Resources[i].Operation != plan.OperationUpdate || !slices.Contains(res.Plan.Resources[i].Changed, "retentionInDays") {
		t.Errorf("the plan does not say that the log group's retention changes: %+v", res.Plan.Resources)
	}

	outs, err := r.Outputs(ctx, "tenant-acme")
	if err != nil || !outs["token"].Secret || outs["token"].Value != canary || outs["table"].Secret {
		t.Errorf("outputs are %v, %v", outs, err)
	}

	res, err = r.PreviewDestroy(ctx, automation.Stack{Name: "tenant-acme"})
	if err != nil {
		t.Fatal(err)
	}
	wantChanges(t, "preview of destroy", res.Changes, changes(0, 0, 0, sampleSize))
	r.whole(sampleSize)

	res, err = r.Destroy(ctx, automation.Stack{Name: "tenant-acme"})
	if err != nil {
		t.Fatal(err)
	}
	wantChanges(t, "destroy", res.Changes, changes(0, 0, 0, sampleSize))
	r.whole(0)
	r.clean()

	if _, err := r.Destroy(ctx, automation.Stack{Name: "tenant-acme"}); tenants.CodeOf(err) != tenants.CodeNotFound {
		t.Errorf("second destroy: %v, want not_found", err)
	}
}

func TestDriftIsSeenThenRecorded(t *testing.T) {
	r := newRig(t, "", allow{}, nil)
	ctx := t.Context()
	r.up(sample("acme", 30))
	s := automation.Stack{Name: "tenant-acme"}
	if res, err := r.PreviewRefresh(ctx, s); err != nil || len(res.Changes) > 0 {
		t.Fatalf("before anything drifted: %v, %v", res.Changes, err)
	}
	if err := r.cloud.Modify(account, region, "aws:cloudwatch/logGroup:LogGroup", "/acme/logs", func(in map[string]any) { in["retentionInDays"] = 1.0 }); err != nil {
		t.Fatal(err)
	}
	if err := r.cloud.Delete(account, region, "aws:dynamodb/table:Table", "acme-table"); err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"first look", "second look"} { // looking records nothing
		res, err := r.PreviewRefresh(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		wantChanges(t, when, res.Changes, changes(0, 1, 0, 1))
	}
	res, err := r.Refresh(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	wantChanges(t, "refresh", res.Changes, changes(0, 1, 0, 1))
	wantChanges(t, "the up that mends it", r.up(sample("acme", 30)).Changes, changes(1, 1, 0, 0))
	r.whole(sampleSize)
}

func TestRefusedPlanChangesNothing(t *testing.T) {
	r := newRig(t, "", deny{}, nil)
	res, err := r.Up(t.Context(), sample("acme", 30))
	if tenants.CodeOf(err) != tenants.CodeForbidden || !strings.Contains(err.Error(), "no_tables") {
		t.Fatalf("up: %v, want forbidden by no_tables", err)
	}
	if res.Report.Allowed() || len(res.Plan.Resources) == 0 {
		t.Errorf("the result lacks the report or the plan: %+v", res)
	}
	r.whole(0)
	r.clean()
}

func TestDestroyAsksTheGate(t *testing.T) {
	dir := t.TempDir()
	newRig(t, dir, allow{}, nil).up(sample("acme", 30))
	r := newRig(t, dir, deny{}, nil)
	if _, err := r.Destroy(t.Context(), automation.Stack{Name: "tenant-acme"}); tenants.CodeOf(err) != tenants.CodeForbidden {
		t.Fatalf("destroy: %v, want forbidden", err)
	}
	r.whole(sampleSize)
}

func TestGateIsRequired(t *testing.T) {
	if _, err := automation.New(t.TempDir(), nil, nil); tenants.CodeOf(err) != tenants.CodeInvalid {
		t.Fatalf("an engine without a gate: %v, want invalid", err)
	}
}

func TestProviderErrorHalfWay(t *testing.T) {
	r := newRig(t, "", allow{}, nil)
	const words = "AccessDeniedException: User: arn:aws:iam::111111111111:user/ci is not authorized to perform: dynamodb:CreateTable"
	remove := r.cloud.Inject(localcloud.Fault{Type: "aws:dynamodb/table:Table", Operation: "create", Error: words})
	_, err := r.Up(t.Context(), sample("acme", 30))
	remove()
	if tenants.CodeOf(err) != tenants.CodeForbidden {
		t.Errorf("code is %s, want forbidden: %v", tenants.CodeOf(err), err)
	}
	f, ok := errors.AsType[*automation.Failure](err)
	if !ok {
		t.Fatalf("no Failure in %v", err)
	}
	if f.Type != "aws:dynamodb/table:Table" || f.Name != "table" || !strings.Contains(f.URN, "::table") || !strings.Contains(f.Reason, words) || f.Advice == "" {
		t.Errorf("the failure does not say what, where, why and what to do: %+v", f)
	}
	for _, part := range []string{f.URN, words, f.Advice} {
		if strings.Count(err.Error(), part) != 1 {
			t.Errorf("the message does not say %q once: %s", part, err)
		}
	}
	r.whole(sampleSize - 1)

	wantChanges(t, "the next up", r.up(sample("acme", 30)).Changes, changes(1, 0, 0, 0))
	r.whole(sampleSize)
}

func TestTwoRunsOfOneStack(t *testing.T) {
	r := newRig(t, "", allow{}, nil)
	remove := r.cloud.Inject(localcloud.Fault{Type: "aws:iam/role:Role", Operation: "create", Delay: 3 * time.Second})
	defer remove()
	begun := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		close(begun)
		if _, err := r.Up(t.Context(), sample("acme", 30)); err != nil {
			t.Errorf("the first: %v", err)
		}
	})
	<-begun
	testtime.Until(t, "the first run's lease", func() bool {
		note, err := os.ReadFile(filepath.Join(r.dir, "leases", "stack-tenant-acme.lease"))
		return err == nil && len(note) > 0
	})
	_, err := r.Up(t.Context(), sample("acme", 90))
	if tenants.CodeOf(err) != tenants.CodeConflict || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("the second: %v, want a conflict that names the process", err)
	}
	wg.Wait()
	r.whole(sampleSize)
	wantChanges(t, "afterwards", r.up(sample("acme", 30)).Changes, nil)
}

func TestCallerGoingAwayDoesNotCutAnUpdate(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := newRig(t, "", allow{}, func(o *automation.Options) {
		o.Progress = func(ev automation.Event) {
			if ev.Phase == automation.PhaseUp && ev.Kind == automation.EventStarted {
				cancel()
			}
		}
	})
	r.cloud.Inject(localcloud.Fault{Type: "aws:dynamodb/table:Table", Operation: "create", Delay: time.Second})
	if _, err := r.Up(ctx, sample("acme", 30)); err != nil {
		t.Fatalf("up: %v", err)
	}
	if ctx.Err() == nil {
		t.Fatal("the test did not cancel the context")
	}
	r.whole(sampleSize)
}

func TestInterruptEndsARunInOrder(t *testing.T) {
	interrupt := make(chan struct{})
	r := newRig(t, "", allow{}, func(o *automation.Options) {
		o.Interrupt = interrupt
		o.Progress = func(ev automation.Event) {
			if ev.Phase == automation.PhaseUp && ev.Name == "logs" && ev.Progress == tenants.ProgressRunning {
				close(interrupt)
			}
		}
	})
	// The table waits for the log group, so it cannot have been begun.
	remove := r.cloud.Inject(localcloud.Fault{Type: "aws:cloudwatch/logGroup:LogGroup", Operation: "create", Delay: 2 * time.Second})
	_, err := r.Up(t.Context(), sample("acme", 30))
	remove()
	if tenants.CodeOf(err) != tenants.CodeUnavailable {
		t.Errorf("code is %s, want unavailable: %v", tenants.CodeOf(err), err)
	}
	again := newRig(t, r.dir, allow{}, nil)
	again.up(sample("acme", 30))
	again.whole(sampleSize)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
