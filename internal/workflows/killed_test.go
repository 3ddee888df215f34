package workflows

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/killtest"
	"github.com/tenantform/tenantform/internal/lifecycle"
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

// disturbed are the operations whose worker is killed: what is there before, and
// how each begins.
var disturbed = []struct {
	kind   tenants.OperationKind
	before []tenants.OperationKind
}{
	{tenants.OperationCreate, nil},
	{tenants.OperationMove, []tenants.OperationKind{tenants.OperationCreate}},
	{tenants.OperationDelete, []tenants.OperationKind{tenants.OperationCreate, tenants.OperationMove}},
}

// starts begins an operation of acme's life: it is created in a pool, moved to a
// silo, and deleted from there.
func (h *house) starts(kind tenants.OperationKind) tenants.Operation {
	h.t.Helper()
	switch kind {
	case tenants.OperationCreate:
		return h.create("acme", "standard")
	case tenants.OperationMove:
		return h.move("acme", "premium", "")
	}
	return h.remove("acme", "")
}

// TestWorkerKilledInEachStep kills the worker's process with SIGKILL in each
// step of a creation, a move and a deletion, at the step's worst moment; the next
// worker brings each to the end that an undisturbed operation has.
func TestWorkerKilledInEachStep(t *testing.T) {
	if dir := os.Getenv(victimDir); dir != "" {
		victim(t, dir, os.Getenv(victimStep))
		return
	}
	if testing.Short() {
		t.Skip("it runs some fifteen stacks")
	}
	t.Parallel()
	undisturbed := newHouse(t)
	undisturbed.a.Services = oneService
	undisturbed.stackUp("platform")
	undisturbed.stackUp("pool-a")
	stop := undisturbed.work()
	steps, wants := map[tenants.OperationKind][]tenants.Step{}, map[tenants.OperationKind]end{}
	for _, c := range disturbed {
		op := undisturbed.done(undisturbed.starts(c.kind))
		steps[c.kind], wants[c.kind] = op.Steps, undisturbed.end(op.ID)
	}
	stop()
	for _, c := range disturbed {
		for _, s := range steps[c.kind] {
			t.Run(string(c.kind)+"/"+s.Name, func(t *testing.T) {
				t.Parallel()
				killedIn(newHouse(t), c.kind, c.before, s.Name, wants[c.kind])
			})
		}
	}
	t.Run("on PostgreSQL", func(t *testing.T) {
		t.Parallel()
		dir := onPostgres(t)
		c, namespace := temporalAt(t)
		move := disturbed[1]
		killedIn(houseIn(t, dir, c, namespace), move.kind, move.before, "prepare", wants[move.kind])
	})
}

// killedIn kills a worker in one step of an operation, and sees how it ends.
func killedIn(h *house, kind tenants.OperationKind, before []tenants.OperationKind, step string, want end) {
	t := h.t
	t.Helper()
	h.a.Services = oneService
	h.stackUp("platform")
	h.stackUp("pool-a")
	if len(before) > 0 {
		stop := h.work()
		for _, b := range before {
			h.done(h.starts(b))
		}
		stop()
	}
	op := h.starts(kind)
	h.killAt(step)
	if step == ServicesStep { // the service lives, and answers while nobody works
		if err := h.client.Answer(t.Context(), Answer{OperationID: op.ID, Service: "billing", Attempt: 1}); err != nil {
			t.Fatal(err)
		}
	}
	h.work()
	h.done(op)
	if got := h.end(op.ID); got != want {
		t.Errorf("killed in %s of %s it ends as\n%+v, want\n%+v", step, kind, got, want)
	}
	killtest.NothingLeft(t, h.dir)
	t.Logf("killed in %s of %s: %+v", step, kind, want)
}

// victim works on, and does not get past the step.
func victim(t *testing.T, dir, step string) {
	killtest.BeVictim()
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
	case "provision", "prepare": // in the middle, with a creation whose answer is lost
		h.cloud.Inject(localcloud.Fault{Type: "aws:iam/rolePolicy:RolePolicy", Operation: "create", Hang: true, After: true})
	case "retire", "destroy": // in the middle, with a deletion whose answer is lost
		h.cloud.Inject(localcloud.Fault{Type: "aws:iam/rolePolicy:RolePolicy", Operation: "delete", Hang: true, After: true})
	default: // done, and not recorded
		h.a.Steps = stuck{Steps: h.steps, step: step, reached: h.reached}
	}
	h.work()
	select {}
}

// stuck does not come back from a step.
type stuck struct {
	Steps
	step    string
	reached func()
}

func (s stuck) Run(ctx context.Context, op tenants.Operation, step string) (lifecycle.Result, error) {
	res, err := s.Steps.Run(ctx, op, step)
	if step == s.step {
		s.reached()
		select {}
	}
	return res, err
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
	h.t.Helper()
	v := killtest.Start(h.t, "TestWorkerKilledInEachStep", victimDir+"="+h.dir, victimStep+"="+step, victimServer+"="+server.Address, victimNamespace+"="+h.namespace)
	v.KillAt(step, func() bool {
		_, err := os.Stat(filepath.Join(h.dir, "reached"))
		return err == nil || (slices.Contains([]string{"provision", "prepare", "retire", "destroy"}, step) && pending(h.dir))
	}, 300*time.Millisecond)
}

// pending tells whether the tenant's state has an operation under way.
func pending(dir string) bool {
	underWay, _ := killtest.UnderWay(dir, "tenant-acme") // an error: it has no state yet
	return len(underWay) > 0
}
