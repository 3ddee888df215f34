package workflows

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/tenants"
)

// The variables by which a test tells its second process what to do.
const (
	victimDir       = "TENANTFORM_TEST_VICTIM_DIR"
	victimStep      = "TENANTFORM_TEST_VICTIM_STEP"
	victimServer    = "TENANTFORM_TEST_VICTIM_SERVER"
	victimNamespace = "TENANTFORM_TEST_VICTIM_NAMESPACE"
)

var oneService = tenants.ServiceCatalogue{Services: []tenants.Service{{Name: "billing", TimeoutSec: 120}}}

// end is what an operation leaves.
type end struct {
	status    tenants.Status
	resources int
	steps     string
	mails     string
	services  string
}

func (h *house) end(id string) end {
	h.t.Helper()
	e := end{status: h.tenant("acme").Status, resources: h.count(), mails: strings.Join(h.town.mails(h.t, "acme"), " ")}
	op, err := h.ledger.Operation(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	e.steps = progress(op)
	for _, s := range op.Services {
		e.services += s.Service + ":" + string(s.Progress)
	}
	return e
}

// TestWorkerKilledInEachStep kills the worker's process with SIGKILL in each
// step of a creation, at its worst moment; the next worker brings it to the end
// that an undisturbed creation has.
func TestWorkerKilledInEachStep(t *testing.T) {
	if dir := os.Getenv(victimDir); dir != "" {
		victim(t, dir, os.Getenv(victimStep))
		return
	}
	t.Parallel()
	h := newHouse(t)
	h.a.Services = oneService
	h.stackUp("platform")
	h.stackUp("pool-a")
	stop := h.work()
	op := h.done(h.create("acme", "standard"))
	stop()
	want := h.end(op.ID)
	for _, s := range op.Steps {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.a.Services = oneService
			h.stackUp("platform")
			h.stackUp("pool-a")
			op := h.create("acme", "standard")
			h.killAt(s.Name)
			if s.Name == ServicesStep { // the service lives, and answers while nobody works
				if err := h.client.Answer(t.Context(), Answer{OperationID: op.ID, Service: "billing", Attempt: 1}); err != nil {
					t.Fatal(err)
				}
			}
			h.work()
			h.done(op)
			if got := h.end(op.ID); got != want {
				t.Errorf("killed in %s it ends as\n%+v, want\n%+v", s.Name, got, want)
			}
			for _, d := range []string{"runs", "leases"} {
				if left, _ := os.ReadDir(filepath.Join(h.dir, d)); len(left) > 0 {
					t.Errorf("%s holds %v", d, left)
				}
			}
			t.Logf("killed in %s: %+v", s.Name, want)
		})
	}
}

// victim works on, and does not get past the step.
func victim(t *testing.T, dir, step string) {
	time.AfterFunc(3*time.Minute, func() { os.Exit(3) }) // nobody may be left to kill it
	namespace := os.Getenv(victimNamespace)
	h := houseIn(t, dir, dial(t, os.Getenv(victimServer), namespace), namespace)
	h.a.Services = oneService
	switch step {
	case ServicesStep: // asked, and killed before the answer
		h.town.behave = func(Asking, Ask) []Answer {
			h.reached()
			return nil
		}
	case NotifyStep: // the mail is out, and not recorded
		h.a.Notifier = notifier(func(ctx context.Context, n Notice) error {
			if err := h.town.Notify(ctx, n); err != nil {
				return err
			}
			h.reached()
			select {}
		})
	case FinishStep: // recorded, and Temporal does not know
		h.a.Ledger = blocked{Ledger: h.ledger, reached: h.reached}
	default:
		h.cloud.Inject(localcloud.Fault{Type: "aws:iam/rolePolicy:RolePolicy", Operation: "create", Hang: true, After: true})
	}
	h.work()
	select {}
}

type notifier func(context.Context, Notice) error

func (f notifier) Notify(ctx context.Context, n Notice) error { return f(ctx, n) }

// blocked is a ledger that does not come back once an operation has ended.
type blocked struct {
	Ledger
	reached func()
}

func (b blocked) Advance(ctx context.Context, a tenants.Advance) (tenants.Tenant, error) {
	t, err := b.Ledger.Advance(ctx, a)
	if a.Operation.Progress.Ended() {
		b.reached()
		select {}
	}
	return t, err
}

// reached says that the victim is where it is to be killed.
func (h *house) reached() {
	if err := os.WriteFile(filepath.Join(h.dir, "reached"), nil, 0o600); err != nil {
		h.t.Error(err)
	}
}

// killAt starts a victim and kills it once it has come to the step.
func (h *house) killAt(step string) {
	t := h.t
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestWorkerKilledInEachStep$")
	cmd.Env = append(os.Environ(), victimDir+"="+h.dir, victimStep+"="+step, victimServer+"="+server.Address, victimNamespace+"="+h.namespace)
	var said bytes.Buffer // read once the process has ended
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	there := func() bool {
		_, err := os.Stat(filepath.Join(h.dir, "reached"))
		return err == nil || (!slices.Contains([]string{ServicesStep, NotifyStep, FinishStep}, step) && pending(h.dir))
	}
	for limit := time.Now().Add(2 * time.Minute); !there(); time.Sleep(20 * time.Millisecond) {
		select {
		case <-ended:
			t.Fatalf("the victim ended by itself:\n%s", said.String())
		default:
		}
		if time.Now().After(limit) {
			_ = cmd.Process.Kill()
			<-ended
			t.Fatalf("the victim did not come to %s:\n%s", step, said.String())
		}
	}
	time.Sleep(300 * time.Millisecond)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
}

// pending tells whether the tenant's state has an operation under way.
func pending(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, "state", ".pulumi", "stacks", "tenantform", "tenant-acme.json"))
	var state struct {
		Checkpoint struct {
			Latest struct {
				Pending []any `json:"pending_operations"`
			} `json:"latest"`
		} `json:"checkpoint"`
	}
	return err == nil && json.Unmarshal(data, &state) == nil && len(state.Checkpoint.Latest.Pending) > 0
}
