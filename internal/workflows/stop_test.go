package workflows

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

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

// TestAWorkerThatIsRefusedHandsNothingOver has Temporal refuse a worker that has
// a step under way. That step ends, and so do those of the next worker, which has
// the same engine; only a stop hands over.
func TestAWorkerThatIsRefusedHandsNothingOver(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	up, goOn := make(chan string), make(chan struct{})
	interrupted := func() bool {
		select {
		case <-h.interrupt:
			return true
		default:
			return false
		}
	}
	h.steps.Engine.(*paper).fail = func(call, stack string) error {
		if call != "up" {
			return nil
		}
		up <- stack
		<-goOn
		if interrupted() { // as the engine does from then on
			return tenants.Errorf(tenants.CodeUnavailable, "the run was stopped")
		}
		return nil
	}
	var told []string
	var close1 sync.Once
	const grace = 50 * time.Millisecond
	w := &Worker{
		Temporal: h.temporal, Activities: h.a, Accounts: []string{h.steps.Settings.AccountID, h.steps.Settings.FunctionsAccountID},
		Grace: grace, HandOver: func() { close1.Do(func() { close(h.interrupt) }) }, Tell: func(err error) { told = append(told, fmt.Sprint(err)) },
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go h.dispatcher().Run(ctx)
	begin := func() (fatal chan error, ended chan error) {
		fatal, ended = make(chan error, 1), make(chan error, 1)
		go func() { ended <- w.run(ctx, fatal) }()
		return fatal, ended
	}
	fatal, ended := begin()
	op := h.create("acme", "free")
	<-up
	fatal <- serviceerror.NewNamespaceNotFound(h.namespace)
	time.Sleep(10 * grace)
	if interrupted() {
		t.Fatal("what is under way was handed over")
	}
	goOn <- struct{}{}
	if err := <-ended; tenants.CodeOf(err) != tenants.CodeUnavailable || !strings.Contains(err.Error(), h.namespace) {
		t.Errorf("the worker ended with %v", err)
	}
	_, ended = begin()
	if now := h.done(op); now.Steps[0].Error != "" {
		t.Errorf("the step was tried again: %s", now.Steps[0].Error)
	}
	later := h.create("birch", "free")
	<-up
	goOn <- struct{}{}
	h.done(later)

	last := h.create("cedar", "free")
	h.running(last, "provision")
	<-up
	cancel()
	for limit := time.Now().Add(time.Minute); !interrupted(); time.Sleep(grace) {
		if time.Now().After(limit) {
			t.Fatal("a worker that was told to stop has not handed over")
		}
	}
	goOn <- struct{}{}
	if err := <-ended; err != nil {
		t.Errorf("the worker that was told to stop ended with %v", err)
	}
	if len(told) != 3 || told[0] != "<nil>" || !strings.Contains(told[1], h.namespace) || told[2] != "<nil>" {
		t.Errorf("told were %q", told)
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

// hazy is a Temporal that cannot tell of some workflows.
type hazy struct {
	client.Client
	of    func(workflow string) bool
	looks atomic.Int32
}

func (h *hazy) DescribeWorkflowExecution(ctx context.Context, workflow, run string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	h.looks.Add(1)
	if h.of(workflow) {
		return nil, serviceerror.NewUnavailable("away")
	}
	return h.Client.DescribeWorkflowExecution(ctx, workflow, run)
}

// TestASweepGoesOnAfterFailures: what cannot be done with an operation keeps no
// other from it, and a Temporal that is away is not asked for each of them.
func TestASweepGoesOnAfterFailures(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	var ops []tenants.Operation
	for _, id := range []string{"acme", "birch", "cedar", "dogwood", "elder"} {
		ops = append(ops, h.create(id, "free"))
	}
	if err := h.dispatcher().Dispatch(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, op := range ops {
		if err := h.temporal.TerminateWorkflow(t.Context(), WorkflowID(op.ID), "", "tidying up"); err != nil {
			t.Fatal(err)
		}
	}
	unseen, stuck := ops[3], ops[4] // the newest, which are looked at first
	var seen []string
	d := h.dispatcher()
	d.Abandon = func(_ context.Context, op tenants.Operation, _ string) error {
		seen = append(seen, op.TenantID)
		if op.ID == stuck.ID {
			return errors.New("no broker")
		}
		return nil
	}
	temporal := &hazy{Client: h.temporal, of: func(workflow string) bool { return workflow == WorkflowID(unseen.ID) }}
	d.Client = NewClient(temporal)
	err := d.TakeUp(t.Context(), 0)
	if err == nil || !strings.Contains(err.Error(), "operation "+stuck.ID+" of tenant elder: no broker") || !strings.Contains(err.Error(), "operation "+unseen.ID+" of tenant dogwood") {
		t.Errorf("the error is %v", err)
	}
	slices.Sort(seen)
	if want := []string{"acme", "birch", "cedar", "elder"}; !slices.Equal(seen, want) {
		t.Errorf("taken up were %v, want %v", seen, want)
	}
	temporal.of = func(string) bool { return true }
	temporal.looks.Store(0)
	if err := d.TakeUp(t.Context(), 0); err == nil || temporal.looks.Load() != lookFailures {
		t.Errorf("%d looks at a Temporal that is away, %v", temporal.looks.Load(), err)
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
