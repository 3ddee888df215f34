package automation_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/internal/killtest"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/tenants"
)

// content gives a text that changes with any file of the state or the cloud.
func (r rig) content() string {
	r.t.Helper()
	var b strings.Builder
	for _, d := range []string{"state", "cloud"} {
		err := filepath.WalkDir(filepath.Join(r.dir, d), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			fmt.Fprintf(&b, "%s %x\n", path, sha256.Sum256(data))
			return err
		})
		if err != nil {
			r.t.Fatal(err)
		}
	}
	return b.String()
}

// drift looks at a stack, which changes neither its state nor the cloud.
func (r rig) drift(stack string) plan.Observed {
	r.t.Helper()
	before := r.content()
	o, err := r.Drift(r.t.Context(), automation.Stack{Name: stack}, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	if r.content() != before {
		r.t.Error("the look changed the state or the cloud")
	}
	return o
}

func driftLines(o plan.Observed) string {
	lines := make([]string, 0, len(o.Drifted))
	for _, d := range o.Drifted {
		line := fmt.Sprintf("%s %s %s", d.Kind, d.Name, d.ID)
		for _, p := range d.Properties {
			line += fmt.Sprintf(" %s: %v -> %v", p.Path, p.Recorded, p.Found)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestDriftByProperty(t *testing.T) {
	r := newRig(t, "", allow{}, nil)
	r.up(sample("acme", 30))
	r.up(sample("other", 30))
	if o := r.drift("tenant-acme"); len(o.Drifted) != 0 || len(o.Deployed.Resources) != sampleSize+2 || !o.Deployed.Empty() {
		t.Errorf("before anything drifted: %s, %d resources", driftLines(o), len(o.Deployed.Resources))
	}
	if err := r.cloud.Modify(account, region, "aws:cloudwatch/logGroup:LogGroup", "/acme/logs", func(in map[string]any) {
		in["retentionInDays"], in["tags"] = 1.0, map[string]any{"by.hand": "yes"}
	}); err != nil {
		t.Fatal(err)
	}
	if err := r.cloud.Delete(account, region, "aws:dynamodb/table:Table", "acme-table"); err != nil {
		t.Fatal(err)
	}
	o := r.drift("tenant-acme")
	got := driftLines(o)
	for _, want := range []string{"retentionInDays: 30 -> 1", "tags: <nil> -> map[by.hand:yes]", "changed logs /acme/logs", "deleted table acme-table"} {
		if !strings.Contains(got, want) {
			t.Errorf("the look does not say %q:\n%s", want, got)
		}
	}
	if len(o.Drifted) != 2 || len(o.Deployed.Resources) != sampleSize+1 {
		t.Errorf("%d drifted, %d deployed", len(o.Drifted), len(o.Deployed.Resources))
	}
	for _, x := range o.Deployed.Resources {
		if x.Name == "logs" && x.Inputs["retentionInDays"] != 1.0 {
			t.Errorf("what is deployed is not as it is now: %v", x.Inputs)
		}
	}
	if o := r.drift("tenant-other"); len(o.Drifted) != 0 {
		t.Errorf("the other stack: %s", driftLines(o))
	}
	if _, err := r.Drift(t.Context(), automation.Stack{Name: "tenant-none"}, 0); tenants.CodeOf(err) != tenants.CodeNotFound {
		t.Errorf("a stack that there is not: %v", err)
	}
}

func TestDriftShowsNoSecret(t *testing.T) {
	r := newRig(t, "", allow{}, nil)
	r.up(automation.Stack{Name: "platform", Program: func(ctx *pulumi.Context) error {
		p, err := aws.NewProvider(ctx, "aws", &aws.ProviderArgs{Region: pulumi.String(region), AllowedAccountIds: pulumi.ToStringArray([]string{account})})
		if err != nil {
			return err
		}
		_, err = ssm.NewParameter(ctx, "key", &ssm.ParameterArgs{Name: pulumi.String("/key"), Type: pulumi.String("SecureString"), Value: pulumi.ToSecret(pulumi.String(canary)).(pulumi.StringOutput)}, pulumi.Provider(p))
		return err
	}})
	if err := r.cloud.Modify(account, region, "aws:ssm/parameter:Parameter", "/key", func(in map[string]any) { in["value"] = "another-" + canary }); err != nil {
		t.Fatal(err)
	}
	o := r.drift("platform")
	if got := driftLines(o); got != "changed key /key value: map[$secret:true] -> map[$secret:true]" || strings.Contains(fmt.Sprint(o), canary) {
		t.Errorf("%s\n%v", got, o)
	}
}

func TestDriftWaitsForTheRunUnderWay(t *testing.T) {
	heard := make(chan string, 10)
	r := newRig(t, "", allow{}, func(o *automation.Options) {
		o.Progress = func(ev automation.Event) {
			if strings.Contains(ev.Message, "waiting") {
				heard <- ev.Message
			}
		}
	})
	r.up(sample("acme", 30))
	remove := r.cloud.Inject(localcloud.Fault{Type: "aws:cloudwatch/logGroup:LogGroup", Operation: "update", Delay: 3 * time.Second})
	defer remove()
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := r.Up(t.Context(), sample("acme", 90)); err != nil {
			t.Errorf("the run under way: %v", err)
		}
	})
	testtime.Until(t, "the run's lease", func() bool {
		note, err := os.ReadFile(filepath.Join(r.dir, "leases", "stack-tenant-acme.lease"))
		return err == nil && len(note) > 0
	})
	if _, err := r.Drift(t.Context(), automation.Stack{Name: "tenant-acme"}, 0); tenants.CodeOf(err) != tenants.CodeConflict || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("without waiting: %v, want a conflict that names the process", err)
	}
	o, err := r.Drift(t.Context(), automation.Stack{Name: "tenant-acme"}, time.Minute)
	if err != nil || len(o.Drifted) != 0 {
		t.Errorf("after the wait: %v, %s", err, driftLines(o))
	}
	if len(heard) != 1 {
		t.Errorf("%d events tell of the wait, want 1", len(heard))
	}
	wg.Wait()

	// Somebody who runs pulumi by hand has no lease, but the backend's lock.
	lock := filepath.Join(r.dir, "state", ".pulumi", "locks", "organization", automation.Project, "tenant-acme", "x.json")
	host, _ := os.Hostname()
	if err := os.MkdirAll(filepath.Dir(lock), 0o700); err != nil {
		t.Fatal(err)
	}
	for pid, want := range map[int]tenants.Code{os.Getpid(): tenants.CodeConflict, 1 << 30: ""} {
		if err := os.WriteFile(lock, fmt.Appendf(nil, `{"pid":%d,"username":"me","hostname":%q,"timestamp":%q}`, pid, host, time.Now().Format(time.RFC3339)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := r.Drift(t.Context(), automation.Stack{Name: "tenant-acme"}, 0)
		if (err != nil || want != "") && tenants.CodeOf(err) != want {
			t.Errorf("locked by process %d: %v, want %q", pid, err, want)
		}
		if !exists(lock) {
			t.Error("the look took a lock away")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := os.WriteFile(lock, fmt.Appendf(nil, `{"pid":%d,"hostname":%q,"timestamp":%q}`, os.Getpid(), host, time.Now().Format(time.RFC3339)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Drift(ctx, automation.Stack{Name: "tenant-acme"}, time.Hour); err == nil {
		t.Error("a look whose caller has gone ended well")
	}
}

func TestDriftOfAnInterruptedStack(t *testing.T) {
	r := newRig(t, "", allow{}, nil)
	r.up(sample("acme", 30))
	state, err := os.ReadFile(r.stateFile())
	if err != nil {
		t.Fatal(err)
	}
	pending := bytes.Replace(state, []byte(`"resources":[`), []byte(`"pending_operations":[{"type":"creating","resource":{"urn":"urn:pulumi:tenant-acme::tenantform::aws:ec2/vpc:Vpc::more","type":"aws:ec2/vpc:Vpc","custom":true}}],"resources":[`), 1)
	if bytes.Equal(pending, state) || os.WriteFile(r.stateFile(), pending, 0o600) != nil {
		t.Fatal("the state is of another form")
	}
	before := r.content()
	_, err = r.Drift(t.Context(), automation.Stack{Name: "tenant-acme"}, 0)
	if tenants.CodeOf(err) != tenants.CodeFailedPrecondition || !strings.Contains(err.Error(), `"tenantform stack repair tenant-acme"`) {
		t.Errorf("drift: %v", err)
	}
	if _, err := r.Deployed(t.Context(), "tenant-acme"); tenants.CodeOf(err) != tenants.CodeInvalid || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("deployed: %v", err)
	}
	if r.content() != before {
		t.Error("the look mended something")
	}
}

func TestDeployedIsTheState(t *testing.T) {
	r := newRig(t, "", allow{}, nil)
	r.up(sample("acme", 30))
	if err := r.cloud.Delete(account, region, "aws:dynamodb/table:Table", "acme-table"); err != nil {
		t.Fatal(err)
	}
	file, err := r.Deployed(t.Context(), "tenant-acme")
	if err != nil || len(file.Resources) != sampleSize+2 || !file.Empty() || file.Stack != "tenant-acme" {
		t.Fatalf("%+v, %v", file, err)
	}
	if _, err := r.Deployed(t.Context(), "tenant-none"); tenants.CodeOf(err) != tenants.CodeNotFound {
		t.Errorf("a stack that there is not: %v", err)
	}
}

// TestDriftKilled kills the process in the middle of a look.
func TestDriftKilled(t *testing.T) {
	if dir := os.Getenv("TENANTFORM_TEST_LOOKER"); dir != "" {
		killtest.BeVictim()
		r := newRig(t, dir, allow{}, nil)
		r.cloud.Inject(localcloud.Fault{Type: "aws:dynamodb/table:Table", Operation: "read", Hang: true})
		r.cloud.Inject(localcloud.Fault{Type: "aws:ec2/vpc:Vpc", Operation: "read", Delay: time.Millisecond})
		_, err := r.Drift(t.Context(), automation.Stack{Name: "tenant-acme"}, 0)
		t.Fatalf("the victim was not killed: %v", err)
	}
	r := newRig(t, "", allow{}, nil)
	r.up(sample("acme", 30))
	before := r.content()
	victim := killtest.Start(t, "TestDriftKilled", "TENANTFORM_TEST_LOOKER="+r.dir)
	victim.KillAt("the look", func() bool {
		said, _ := filepath.Glob(filepath.Join(r.dir, "runs", "tenant-acme.*", "stdout.*"))
		return len(said) > 0
	}, 2*time.Second) // for the CLI to come to the read that hangs
	if r.content() != before {
		t.Error("the killed look changed the state or the cloud")
	}
	o, err := r.Drift(t.Context(), automation.Stack{Name: "tenant-acme"}, time.Minute)
	if err != nil || len(o.Drifted) != 0 {
		t.Errorf("the next look: %v, %s", err, driftLines(o))
	}
	killtest.NothingLeft(t, r.dir)
	wantChanges(t, "the run after", r.up(sample("acme", 30)).Changes, nil)
}
