package automation_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/killtest"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/tenants"
)

// cutOffPoints are where a run is killed: before the cloud did what it was
// asked, and after it did but before the answer came.
var cutOffPoints = []struct {
	name  string
	fault localcloud.Fault
}{
	{"before the first creation", localcloud.Fault{Type: "aws:iam/role:Role", Operation: "create", Hang: true}},
	{"after a creation with a name", localcloud.Fault{Type: "aws:iam/role:Role", Operation: "create", Hang: true, After: true}},
	{"before a creation with a generated id", localcloud.Fault{Type: "aws:ec2/vpc:Vpc", Operation: "create", Hang: true}},
	{"after a creation with a generated id", localcloud.Fault{Type: "aws:ec2/vpc:Vpc", Operation: "create", Hang: true, After: true}},
	{"before the last creation", localcloud.Fault{Type: "aws:dynamodb/table:Table", Operation: "create", Hang: true}},
	{"after the last creation", localcloud.Fault{Type: "aws:dynamodb/table:Table", Operation: "create", Hang: true, After: true}},
}

func TestCLIKilledInAnUp(t *testing.T) {
	for _, point := range cutOffPoints {
		t.Run(strings.ReplaceAll(point.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "", allow{}, nil)
			remove := r.cloud.Inject(point.fault)
			failed := make(chan error, 1)
			go func() {
				_, err := r.Up(t.Context(), sample("acme", 30))
				failed <- err
			}()
			killAt(t, r, "creating", point.fault.Type)
			err := <-failed
			if err == nil {
				t.Fatal("a killed run reported success")
			}
			remove()
			if holders := r.lockedBy(); len(holders) != 1 {
				t.Fatalf("the kill left the locks of %v, want the one that the test is about", holders)
			}
			res := r.up(sample("acme", 30))
			if res.Repair == nil || res.Repair.Locks != 1 {
				t.Errorf("the next run mended %+v, want one dead lock", res.Repair)
			}
			if adopted := res.Repair != nil && len(res.Repair.Adopted) > 0; adopted != point.fault.After {
				t.Errorf("adopted is %v, want %v: %+v", adopted, point.fault.After, res.Repair)
			}
			r.whole(sampleSize)
			wantChanges(t, "the run after", r.up(sample("acme", 30)).Changes, nil)
			if _, err := r.Destroy(t.Context(), automation.Stack{Name: "tenant-acme"}); err != nil {
				t.Fatalf("destroy: %v", err)
			}
			r.whole(0)
			r.clean()
		})
	}
}

func TestCLIKilledInADestroy(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after_%v", after), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "", allow{}, nil)
			r.up(sample("acme", 30))
			fault := localcloud.Fault{Type: "aws:dynamodb/table:Table", Operation: "delete", Hang: true, After: after}
			remove := r.cloud.Inject(fault)
			failed := make(chan error, 1)
			go func() {
				_, err := r.Destroy(t.Context(), automation.Stack{Name: "tenant-acme"})
				failed <- err
			}()
			killAt(t, r, "deleting", fault.Type)
			if err := <-failed; err == nil {
				t.Fatal("a killed destroy reported success")
			}
			remove()
			if stacks, _ := r.Stacks(t.Context()); len(stacks) != 1 {
				t.Fatalf("stacks are %v: a stack that was not destroyed must stay known", stacks)
			}
			if _, err := r.Destroy(t.Context(), automation.Stack{Name: "tenant-acme"}); err != nil {
				t.Fatalf("the next destroy: %v", err)
			}
			r.whole(0)
			r.clean()
		})
	}
}

func TestLiveLockIsNeverCleared(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	sleeper := exec.Command("sleep", "60")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sleeper.Process.Kill(); _ = sleeper.Wait() })
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		host    string
		pid     int
		since   time.Time
		cleared bool
	}{
		{"a live process", host, sleeper.Process.Pid, time.Now().Add(time.Second), false},
		{"another machine", "elsewhere", gone.Process.Pid, time.Now(), false},
		{"a dead process", host, gone.Process.Pid, time.Now(), true},
		{"a number taken over by a later process", host, sleeper.Process.Pid, time.Now().Add(-time.Hour), true},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			r := newRig(t, "", allow{}, nil)
			r.up(sample("acme", 30))
			dir := filepath.Join(r.dir, "state", ".pulumi", "locks", "organization", automation.Project, "tenant-acme")
			note, _ := json.Marshal(map[string]any{"pid": c.pid, "username": "somebody", "hostname": c.host, "timestamp": c.since})
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "6f1b7a52-0000-4000-8000-000000000000.json")
			if err := os.WriteFile(path, note, 0o600); err != nil {
				t.Fatal(err)
			}
			res, err := r.Repair(t.Context(), automation.Stack{Name: "tenant-acme"})
			if c.cleared {
				if err != nil || exists(path) || res.Repair == nil || res.Repair.Locks != 1 {
					t.Errorf("repair: %v, %+v; the lock is there: %v", err, res.Repair, exists(path))
				}
				return
			}
			if tenants.CodeOf(err) != tenants.CodeConflict || !strings.Contains(err.Error(), strconv.Itoa(c.pid)) || !strings.Contains(err.Error(), c.host) {
				t.Errorf("repair: %v, want a conflict that names process and machine", err)
			}
			if !exists(path) {
				t.Error("a live lock was cleared")
			}
		})
	}
}

func TestUnknownPendingCreateIsNotGuessed(t *testing.T) {
	r := newRig(t, "", allow{}, func(o *automation.Options) { o.Locator = nil })
	remove := r.cloud.Inject(localcloud.Fault{Type: "aws:ec2/vpc:Vpc", Operation: "create", Hang: true, After: true})
	failed := make(chan error, 1)
	go func() {
		_, err := r.Up(t.Context(), sample("acme", 30))
		failed <- err
	}()
	killAt(t, r, "creating", "aws:ec2/vpc:Vpc")
	if err := <-failed; err == nil {
		t.Fatal("a killed run reported success")
	}
	remove()
	_, err := r.Up(t.Context(), sample("acme", 30))
	if tenants.CodeOf(err) != tenants.CodeFailedPrecondition || !strings.Contains(err.Error(), "::vpc") || !strings.Contains(err.Error(), "tenantform stack repair tenant-acme") {
		t.Errorf("up: %v, want failed_precondition that names the resource and the way out", err)
	}
	all, err := r.cloud.Resources()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(x localcloud.Resource) bool { return x.Type == "aws:ec2/vpc:Vpc" })
	if i < 0 {
		t.Fatal("the cloud has no VPC")
	}
	const urn = "urn:pulumi:tenant-acme::tenantform::aws:ec2/vpc:Vpc::vpc"
	res, err := r.Repair(t.Context(), automation.Stack{Name: "tenant-acme", Settle: map[string]string{urn: all[i].ID}})
	if err != nil || !slices.Equal(res.Repair.Adopted, []string{urn}) {
		t.Fatalf("told what there is: %v, %+v", err, res.Repair)
	}
	r.up(sample("acme", 30))
	r.whole(sampleSize)
}

// TestPendingComponentIsDropped has a component's creation cut off: there is
// nothing in a cloud to look for.
func TestPendingComponentIsDropped(t *testing.T) {
	r := newRig(t, "", allow{}, func(o *automation.Options) { o.Locator = nil })
	r.up(sample("acme", 30))
	const urn = "urn:pulumi:tenant-acme::tenantform::tenantform:network:Network::net"
	data, err := os.ReadFile(r.stateFile())
	var state map[string]any
	if err == nil {
		err = json.Unmarshal(data, &state)
	}
	if err != nil {
		t.Fatal(err)
	}
	state["checkpoint"].(map[string]any)["latest"].(map[string]any)["pending_operations"] = []any{map[string]any{
		"type": "creating", "resource": map[string]any{"urn": urn, "type": "tenantform:network:Network", "custom": false},
	}}
	if data, err = json.Marshal(state); err == nil {
		err = os.WriteFile(r.stateFile(), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	res := r.up(sample("acme", 30))
	if res.Repair == nil || !slices.Equal(res.Repair.Dropped, []string{urn}) {
		t.Errorf("mended %+v, want the component dropped", res.Repair)
	}
	wantChanges(t, "the up", res.Changes, nil)
	if res := r.up(sample("acme", 30)); res.Repair != nil {
		t.Errorf("there is still something to mend: %+v", res.Repair)
	}
}

// killAt kills the pulumi CLI that works on the rig's stack with SIGKILL once
// the state says that an operation on a resource of the type is under way, and
// the cloud has been given time to take it up.
func killAt(t *testing.T, r rig, op, typ string) {
	t.Helper()
	testtime.Until(t, op+" of "+typ, func() bool { return r.underWay(op, typ) })
	time.Sleep(300 * time.Millisecond)
	holders := r.lockedBy()
	if len(holders) != 1 || holders[0] <= 0 || holders[0] == os.Getpid() {
		t.Fatalf("the stack is locked by the processes %v, want the CLI's", holders)
	}
	if err := syscall.Kill(holders[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func (r rig) lockedBy() []int { return killtest.LockedBy(r.dir, "tenant-acme") }

func (r rig) stateFile() string { return killtest.StateFile(r.dir, "tenant-acme") }

// underWay tells whether the stack's state has such an operation under way.
func (r rig) underWay(op, typ string) bool {
	all, _ := killtest.UnderWay(r.dir, "tenant-acme") // an error: it has no state yet
	return slices.ContainsFunc(all, func(o killtest.Operation) bool { return o.Type == op && o.Resource.Type == typ })
}
