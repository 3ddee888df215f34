package direct_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/internal/killtest"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/tenants"
)

// The variables by which a test tells its second process what to do.
const (
	victimDir  = "TENANTFORM_TEST_VICTIM_DIR"
	victimStep = "TENANTFORM_TEST_VICTIM_STEP"
)

// hangs gives, for each step of a move from a silo to a pool and of the
// deletion of a silo, a fault at which the step stands still.
var hangs = []struct {
	operation, step string
	fault           localcloud.Fault
}{
	{"move", "prepare", localcloud.Fault{Type: "aws:iam/rolePolicy:RolePolicy", Name: "acme-pool-*", Operation: "create", Hang: true, After: true}},
	{"move", "transfer", localcloud.Fault{}},
	{"move", "release", localcloud.Fault{Type: "aws:dynamodb/table:Table", Operation: "update", Hang: true, After: true}},
	{"move", "retire", localcloud.Fault{Type: "aws:dynamodb/table:Table", Operation: "delete", Hang: true, After: true}},
	{"delete", "release", localcloud.Fault{Type: "aws:dynamodb/table:Table", Operation: "update", Hang: true}},
	{"delete", "destroy", localcloud.Fault{Type: "aws:ec2/vpc:Vpc", Operation: "delete", Hang: true}},
}

// TestProcessKilledInEachStep kills the process that runs an operation with
// SIGKILL while the step is under way; asked again, the operation ends as if
// nothing had happened.
func TestProcessKilledInEachStep(t *testing.T) {
	if dir := os.Getenv(victimDir); dir != "" {
		victim(t, dir, os.Getenv(victimStep))
		return
	}
	for _, c := range hangs {
		t.Run(c.operation+"/"+c.step, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			h := newHouseIn(t, dir)
			ctx := t.Context()
			h.stackUp("platform")
			h.stackUp("pool-a")
			shared := h.count()
			if _, err := h.Create(ctx, acme("premium"), ""); err != nil {
				t.Fatal(err)
			}
			h.killAt(dir, c.operation, c.step)

			again := func() (err error) {
				if c.operation == "move" {
					_, err = h.Move(ctx, "acme", "standard", "")
				} else {
					_, err = h.Delete(ctx, "acme", "")
				}
				return err
			}
			var err error
			for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
				// The CLI that lost its parent may hold the stack a moment longer.
				if err = again(); tenants.CodeOf(err) != tenants.CodeConflict {
					break
				}
			}
			if err != nil {
				t.Fatalf("asked again: %v", err)
			}
			if c.operation == "move" {
				if got := h.owned("acme"); got["premium"] != 0 || got["standard"] == 0 {
					t.Errorf("the cloud holds %v, want the pool's share alone", got)
				}
				if _, err := h.Delete(ctx, "acme", ""); err != nil {
					t.Fatal(err)
				}
			}
			if h.count() != shared {
				t.Errorf("%d resources are left, want the pool's %d", h.count(), shared)
			}
			killtest.NothingLeft(t, dir)
		})
	}
}

// TestCLIKilledAtAnyTime kills the pulumi CLI with SIGKILL again and again, at
// times that nobody chose, until the operation has gone through in spite of it.
func TestCLIKilledAtAnyTime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := newHouseIn(t, dir)
	ctx := t.Context()
	h.stackUp("platform")
	platform := h.count()
	if _, err := h.Create(ctx, acme("premium"), ""); err != nil {
		t.Fatal(err)
	}
	whole := h.count()
	if _, err := h.Delete(ctx, "acme", ""); err != nil {
		t.Fatal(err)
	}
	create := func() (direct.Outcome, error) { return h.Create(ctx, acme("premium"), "") }
	remove := func() (direct.Outcome, error) { return h.Delete(ctx, "acme", "") }
	for _, c := range []struct {
		name string
		do   func() (direct.Outcome, error)
		want int
	}{{"create", create, whole}, {"delete", remove, platform}, {"create", create, whole}, {"delete", remove, platform}} {
		kills := 0
		for try := range 6 {
			stop, killed := make(chan struct{}), make(chan bool, 1)
			if try < 5 {
				go func() { killed <- killSometime(dir, stop) }()
			} else {
				killed <- false // the last try is left alone
			}
			_, err := c.do()
			close(stop)
			if <-killed {
				kills++
			}
			if err == nil {
				break
			}
			if code := tenants.CodeOf(err); code == tenants.CodeFailedPrecondition || code == tenants.CodeConflict || try == 5 {
				t.Fatalf("%s after %d kills is stuck: %v", c.name, kills, err)
			}
		}
		t.Logf("%s took %d kills", c.name, kills)
		if h.count() != c.want {
			t.Errorf("after %s with %d kills: %d resources, want %d", c.name, kills, h.count(), c.want)
		}
	}
}

// killSometime waits for somebody to hold the tenant's lock, kills whoever does
// up to a second later, and tells whether it did.
func killSometime(dir string, stop <-chan struct{}) bool {
	after := time.Duration(rand.Int64N(int64(time.Second)))
	var seen time.Time
	for {
		select {
		case <-stop:
			return false
		case <-time.After(5 * time.Millisecond):
		}
		holders := killtest.LockedBy(dir, "tenant-acme")
		if len(holders) == 0 {
			continue
		}
		if seen.IsZero() {
			seen = time.Now()
		}
		if time.Since(seen) >= after && holders[0] > 0 {
			return syscall.Kill(holders[0], syscall.SIGKILL) == nil
		}
	}
}

// victim runs an operation that will not get past the step.
func victim(t *testing.T, dir, step string) {
	killtest.BeVictim()
	operation, step, _ := strings.Cut(step, "/")
	h := newHouseIn(t, dir)
	for _, c := range hangs {
		if c.operation == operation && c.step == step && c.fault.Hang {
			h.cloud.Inject(c.fault)
		}
	}
	if step == "transfer" {
		h.Transfer = func(context.Context, string, tenants.Placement, tenants.Placement) error { select {} }
	}
	var err error
	if operation == "move" {
		_, err = h.Move(t.Context(), "acme", "standard", "")
	} else {
		_, err = h.Delete(t.Context(), "acme", "")
	}
	t.Fatalf("the victim got past the step: %v", err)
}

// killAt starts a victim and kills it once the journal says that the step is
// under way and it has had time to come to its fault.
func (h house) killAt(dir, operation, step string) {
	h.t.Helper()
	v := killtest.Start(h.t, "TestProcessKilledInEachStep", victimDir+"="+dir, victimStep+"="+operation+"/"+step)
	v.KillAt(step, func() bool {
		underWay, _ := killtest.UnderWay(dir, "tenant-acme") // an error: it has no state yet
		return h.running(step) && (step == "transfer" || len(underWay) > 0)
	}, 500*time.Millisecond)
}

// running tells whether the tenant's operation has the step under way.
func (h house) running(step string) bool {
	ops, err := h.Journal.Operations(h.t.Context(), "acme")
	if err != nil {
		h.t.Fatal(err)
	}
	for _, op := range ops {
		for _, s := range op.Steps {
			if s.Name == step && s.Progress == tenants.ProgressRunning {
				return true
			}
		}
	}
	return false
}
