package workflows

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/tenants"
)

// running waits until a step of an operation is under way.
func (h *house) running(op tenants.Operation, step string) {
	h.t.Helper()
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		now, err := h.ledger.Operation(h.t.Context(), op.ID)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, s := range now.Steps {
			if s.Name == step && s.Progress == tenants.ProgressRunning {
				return
			}
		}
	}
	h.t.Fatalf("%s has not come to %s", op.ID, step)
}

func TestAWorkerThatStopsLetsAStepEndOrHandsItOver(t *testing.T) {
	t.Parallel()
	for name, grace := range map[string]time.Duration{"ends": time.Minute, "handed over": 100 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.stackUp("platform")
			h.stackUp("pool-a")
			h.cloud.Inject(localcloud.Fault{Operation: "create", Delay: 700 * time.Millisecond})
			stop := h.workFor(grace)
			op := h.create("acme", "standard")
			h.running(op, "provision")
			for !pending(h.dir) { // something is being made
				time.Sleep(20 * time.Millisecond)
			}
			stop()
			now, err := h.ledger.Operation(t.Context(), op.ID)
			if err != nil {
				t.Fatal(err)
			}
			want := tenants.ProgressSucceeded
			if grace < time.Second {
				want = tenants.ProgressRunning
			}
			if now.Steps[0].Progress != want || now.Progress != tenants.ProgressRunning {
				t.Fatalf("when the worker has stopped: %s, want provision:%s", progress(now), want)
			}
			if pending(h.dir) {
				t.Error("the engine was cut off")
			}
			next := houseIn(t, h.dir, h.temporal, h.namespace)
			next.work()
			next.done(op)
			if got := next.tenant("acme").Status; got != tenants.StatusActive {
				t.Errorf("the tenant is %s", got)
			}
		})
	}
}

// forgetful is an outbox in whose process Started is never reached.
type forgetful struct{ Outbox }

func (f forgetful) Started(context.Context, int64) error { return errors.New("killed") }

func TestAnOrderIsCarriedOutOnceWhateverHappens(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	op := h.create("acme", "free")
	// Killed between the start and its record, twice; then a dispatcher that lives.
	d := h.dispatcher()
	d.Outbox = forgetful{h.ledger}
	for range 2 {
		if err := d.Dispatch(t.Context()); err == nil {
			t.Fatal("the order was not there")
		}
	}
	h.work()
	h.done(op)
	ups := 0
	for _, call := range h.steps.Engine.(*paper).seen {
		if call == "up tenant-acme" {
			ups++
		}
	}
	if due, err := h.ledger.Orders(t.Context(), 10); err != nil || len(due) != 0 || ups != 1 {
		t.Errorf("orders %v, %v; %d runs, want none and one", due, err, ups)
	}
}

// unordered takes an operation's order out of the outbox.
func (h *house) unordered(op tenants.Operation) {
	h.t.Helper()
	due, err := h.ledger.Orders(h.t.Context(), 10)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, o := range due {
		if o.OperationID == op.ID {
			if err := h.ledger.Started(h.t.Context(), o.Seq); err != nil {
				h.t.Fatal(err)
			}
		}
	}
}

func TestAnOperationThatTemporalLostIsTakenUp(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	op := h.create("acme", "free")
	h.unordered(op)
	h.work() // its dispatcher looks for such
	h.done(op)
}

func TestAnOperationWhoseWorkflowWasTerminatedFails(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	op := h.create("acme", "free")
	if err := h.dispatcher().Dispatch(t.Context()); err != nil { // and no worker
		t.Fatal(err)
	}
	if err := h.temporal.TerminateWorkflow(t.Context(), WorkflowID(op.ID), "", "tidying up"); err != nil {
		t.Fatal(err)
	}
	if err := h.dispatcher().TakeUp(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	h.failed(op)
	if got := h.tenant("acme").Status; got != tenants.StatusCreateFailed || len(h.town.deadLetters(1)) != 1 {
		t.Errorf("the tenant is %s, dead letters %v", got, h.town.deadLetters(0))
	}
}

// TestTemporalKilledAndStartedAgain kills the Temporal server in the middle of a
// step, and starts it again on its file.
func TestTemporalKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	path, err := FindTemporal("../../bin/temporal")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "temporal.db")
	first, err := StartDevServer(t.Context(), file, &DevServerOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = first.Stop() })
	h := paperIn(t, t.TempDir(), dial(t, first.Address, "default"), "default")
	going, goOn := make(chan struct{}), make(chan struct{})
	h.steps.Engine.(*paper).fail = func(call, _ string) error {
		if call == "up" {
			close(going) // a second run of the step would panic
			<-goOn
		}
		return nil
	}
	h.a.Timing.Heartbeat = time.Minute // longer than Temporal is away: the step is not run twice
	stop := h.work()
	op := h.create("acme", "free")
	<-going
	if err := syscall.Kill(first.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-first.Ended()
	_, port, err := net.SplitHostPort(first.Address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	again, err := StartDevServer(t.Context(), file, &DevServerOptions{Path: path, Port: number})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Stop() })
	defer stop() // before its server
	close(goOn)
	h.done(op)
}
