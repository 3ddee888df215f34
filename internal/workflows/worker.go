package workflows

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tenantform/tenantform/tenants"
)

// Worker runs workflows and their activities. Those fields without a comment on
// their zero value are required.
type Worker struct {
	Temporal   client.Client
	Activities *Activities
	Accounts   []string // the AWS accounts whose infrastructure steps it does; none: it does none
	PerAccount int      // infrastructure steps at once in an account, on this worker; as many as there are slots when 0
	// Grace is how long a step that is under way may go on when the worker is told
	// to stop. DefaultStepDeadline when 0, so that it can end by itself.
	Grace time.Duration
	// HandOver tells what is under way after that to stop soon; it closes
	// automation.Options.Interrupt for example. The step is then gone on with by
	// another worker. It is called only when the worker is told to stop. It may be
	// nil: the step goes on until the process ends.
	HandOver func()
	// Tell is told nil when the worker takes work, and the error that Run will give
	// as soon as there is one. It may be nil.
	Tell func(err error)
	Log  *slog.Logger // nothing is logged when nil
}

// handOverGrace is how long a step may take to stop once it was told to: the
// engine gives the CLI 5 minutes.
const handOverGrace = 6 * time.Minute

// registry is where workflows and activities are made known; worker.Worker and
// the test environments are such.
type registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
	RegisterActivityWithOptions(a any, options activity.RegisterOptions)
}

func registerWorkflows(r registry) {
	for name, f := range map[string]any{
		CreateTenantName: CreateTenant, UpdateTenantName: UpdateTenant, MoveTenantName: MoveTenant,
		DeactivateTenantName: DeactivateTenant, DeleteTenantName: DeleteTenant, ReconcileTenantName: ReconcileTenant,
	} {
		r.RegisterWorkflowWithOptions(f, workflow.RegisterOptions{Name: name})
	}
}

// registerActivities registers all but the infrastructure steps.
func registerActivities(r registry, a *Activities) {
	for name, f := range map[string]any{
		planActivity: a.Plan, askActivity: a.Ask, answeredActivity: a.Answered, notifyActivity: a.Notify,
		finishActivity: a.Finish, failActivity: a.Fail, deadLetterActivity: a.DeadLetter,
	} {
		r.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
}

func registerRun(r registry, a *Activities) {
	r.RegisterActivityWithOptions(a.Run, activity.RegisterOptions{Name: runActivity})
}

// Run works until ctx ends. It then takes no more work, lets what is under way
// end or hands it over, and returns. The error is that of a worker that could
// not begin, or that Temporal refused; what that one has under way is waited for,
// and not told to stop, so that another Run can go on beside what has not ended.
func (w *Worker) Run(ctx context.Context) error { return w.run(ctx, make(chan error, 8)) }

// run is Run; what Temporal refuses workers with comes by fatal.
func (w *Worker) run(ctx context.Context, fatal chan error) error {
	log := w.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	grace := w.Grace
	if grace <= 0 {
		grace = DefaultStepDeadline
	}
	tell := w.Tell
	if tell == nil {
		tell = func(error) {}
	}
	opts := worker.Options{WorkerStopTimeout: grace + handOverGrace, MaxHeartbeatThrottleInterval: pulseEvery, OnFatalError: func(err error) {
		select {
		case fatal <- err:
		default:
		}
	}}
	main := worker.New(w.Temporal, TaskQueue, opts)
	registerWorkflows(main)
	registerActivities(main, w.Activities)
	workers := []worker.Worker{main}
	accounts := slices.Compact(slices.Sorted(slices.Values(w.Accounts)))
	for _, account := range accounts {
		opts := opts
		opts.DisableWorkflowWorker = true
		if opts.MaxConcurrentActivityExecutionSize = w.perAccount(); opts.MaxConcurrentActivityExecutionSize > 0 {
			// What is polled for no longer waits in the queue, where the shares are kept.
			opts.MaxConcurrentActivityTaskPollers = min(2, opts.MaxConcurrentActivityExecutionSize)
		}
		on := worker.New(w.Temporal, AccountQueue(account), opts)
		registerRun(on, w.Activities)
		workers = append(workers, on)
	}
	var begun []worker.Worker
	for _, each := range workers {
		if err := each.Start(); err != nil {
			err = tenants.Errorf(tenants.CodeUnavailable, "the worker cannot begin: %w", err)
			tell(err)
			stop(begun)
			return err
		}
		begun = append(begun, each)
	}
	log.InfoContext(ctx, "worker begins", "accounts", len(accounts), "at_once", w.perAccount())
	tell(nil)
	stopped := make(chan struct{})
	var handing sync.WaitGroup
	handing.Go(func() { w.handOver(ctx, grace, stopped, log) })
	var refused error
	select {
	case <-ctx.Done():
	case err := <-fatal:
		refused = tenants.Errorf(tenants.CodeUnavailable, "Temporal refused the worker: %w", err)
		log.WarnContext(ctx, "the worker is refused; what is under way goes on", "error", refused)
		tell(refused)
	}
	stop(begun)
	close(stopped)
	handing.Wait()
	return refused
}

// handOver waits until the worker is told to stop, which ends ctx, and has what
// has not stopped after the grace handed over.
func (w *Worker) handOver(ctx context.Context, grace time.Duration, stopped <-chan struct{}, log *slog.Logger) {
	select {
	case <-stopped:
		return
	case <-ctx.Done():
	}
	log.InfoContext(ctx, "worker stops; what is under way may go on", "for", grace)
	over := time.NewTimer(grace)
	defer over.Stop()
	select {
	case <-stopped:
	case <-over.C:
		log.WarnContext(ctx, "what is still under way is handed over")
		if w.HandOver != nil {
			w.HandOver()
		}
	}
}

// stop ends workers side by side, and waits for what they have under way.
func stop(workers []worker.Worker) {
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(w.Stop)
	}
	all.Wait()
}

func (w *Worker) perAccount() int {
	slots := w.Activities.Slots.Len()
	if w.PerAccount > 0 && (slots == 0 || w.PerAccount < slots) {
		return w.PerAccount
	}
	return slots
}
