package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tenantform/tenantform/tenants"
)

// CreateTenant brings a new tenant's infrastructure up, lets the business
// services do their part, and welcomes the tenant.
func CreateTenant(ctx workflow.Context, in Input) (Result, error) {
	return operate(ctx, in, tenants.OperationCreate)
}

// UpdateTenant brings a tenant's infrastructure to what the ledger says of it.
func UpdateTenant(ctx workflow.Context, in Input) (Result, error) {
	return operate(ctx, in, tenants.OperationUpdate)
}

// MoveTenant takes a tenant to another tier.
func MoveTenant(ctx workflow.Context, in Input) (Result, error) {
	return operate(ctx, in, tenants.OperationMove)
}

// DeactivateTenant puts a tenant to rest, or wakes it.
func DeactivateTenant(ctx workflow.Context, in Input) (Result, error) {
	return operate(ctx, in, tenants.OperationDeactivate, tenants.OperationActivate)
}

// DeleteTenant takes everything away that a tenant has.
func DeleteTenant(ctx workflow.Context, in Input) (Result, error) {
	return operate(ctx, in, tenants.OperationDelete)
}

// ReconcileTenant brings back what has drifted of a tenant's infrastructure.
func ReconcileTenant(ctx workflow.Context, in Input) (Result, error) {
	return operate(ctx, in, tenants.OperationReconcile)
}

// plannedStep is a step of a workflow.
type plannedStep struct {
	Name        string `json:"name"`
	Queue       string `json:"queue,omitempty"` // of an infrastructure step; empty for the others
	Cancellable bool   `json:"cancellable,omitempty"`
	Done        bool   `json:"done,omitempty"` // by an earlier try
}

// planned is what a workflow is to do.
type planned struct {
	Steps  []plannedStep   `json:"steps"`
	Before *tenants.Tenant `json:"before,omitempty"` // the tenant before the first step
	Timing Timing          `json:"timing"`
	Tier   string          `json:"tier"`   // whose share of the places the steps take
	Weight float32         `json:"weight"` // of that share
	Ended  bool            `json:"ended,omitempty"`
	// CancelRequested is as in the operation's record.
	CancelRequested bool `json:"cancelRequested,omitempty"`
	// Touched says that a step has begun already, in a run of the workflow that
	// Temporal has lost.
	Touched bool `json:"touched,omitempty"`
}

// did is what the activity of a step gives.
type did struct {
	CancelRequested bool `json:"cancelRequested,omitempty"`
}

// operation is one workflow under way.
type operation struct {
	in      Input
	plan    planned
	cancels workflow.ReceiveChannel
	answers workflow.ReceiveChannel
	cancel  bool   // it was asked for
	touched bool   // a step has begun that may have changed something
	missed  string // why the tenant's administrator was not told; empty when nothing went wrong
}

// operate is what all workflows do: plan, then one step after the other.
func operate(ctx workflow.Context, in Input, kinds ...tenants.OperationKind) (Result, error) {
	if !slices.Contains(kinds, in.Kind) {
		return Result{}, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("%s is not for a workflow %s", in, workflow.GetInfo(ctx).WorkflowType.Name), string(tenants.CodeInvalid), nil)
	}
	asked := ctx // ends when somebody cancels the workflow itself
	// What is under way is always brought to a recorded end.
	ctx, release := workflow.NewDisconnectedContext(ctx)
	defer release()
	op := &operation{in: in, cancels: workflow.GetSignalChannel(ctx, cancelSignal), answers: workflow.GetSignalChannel(ctx, answeredSignal)}
	if err := workflow.ExecuteActivity(light(ctx), planActivity, in).Get(ctx, &op.plan); err != nil {
		c := causeOf("", err)
		c.Unchanged = true // also when the plan itself did not come to say so
		return Result{}, op.fail(ctx, c)
	}
	if op.plan.Ended {
		return op.result(), nil
	}
	op.cancel, op.touched = op.plan.CancelRequested, op.plan.Touched
	for _, s := range op.plan.Steps {
		if s.Done {
			continue
		}
		if s.Cancellable && op.cancelled(asked) {
			return Result{}, op.fail(ctx, cause{Step: s.Name, Code: tenants.CodeFailedPrecondition, Unchanged: !op.touched,
				Message: "the operation was cancelled before the step " + s.Name})
		}
		if c, err := op.step(ctx, s); err != nil || c != nil {
			if err != nil {
				c = new(causeOf(s.Name, err))
			}
			c.Unchanged = c.Unchanged && !op.touched
			return Result{}, op.fail(ctx, *c)
		}
		op.touched = true
	}
	return op.result(), nil
}

func (op *operation) result() Result {
	return Result{OperationID: op.in.OperationID, TenantID: op.in.TenantID, Progress: tenants.ProgressSucceeded}
}

// step does one step. It gives an error when an activity failed, and a cause
// when something else did.
func (op *operation) step(ctx workflow.Context, s plannedStep) (*cause, error) {
	var d did
	on := stepOf{Input: op.in, Step: s.Name}
	switch {
	case s.Queue != "":
		err := workflow.ExecuteActivity(op.infrastructure(ctx, s), runActivity, on).Get(ctx, &d)
		op.cancel = op.cancel || d.CancelRequested
		return nil, err
	case s.Name == ServicesStep:
		return op.services(ctx)
	case s.Name == NotifyStep:
		// What was done to the tenant is done, whether or not somebody could be told.
		if err := workflow.ExecuteActivity(light(ctx), notifyActivity, on).Get(ctx, nil); err != nil {
			op.missed = causeOf(s.Name, err).Message
		}
		return nil, nil
	case s.Name == FinishStep:
		on.Missed = op.missed
		return nil, workflow.ExecuteActivity(unbounded(ctx), finishActivity, on).Get(ctx, nil)
	}
	return &cause{Step: s.Name, Code: tenants.CodeInternal, Message: "there is no step " + s.Name}, nil
}

// cancelled tells whether somebody asked for the operation's end by now.
func (op *operation) cancelled(asked workflow.Context) bool {
	for op.cancels.ReceiveAsync(nil) {
		op.cancel = true
	}
	return op.cancel || errors.Is(asked.Err(), workflow.ErrCanceled)
}

// fail tells the dead-letter topic that the operation has failed, records it, and
// gives the workflow's error. It is told first, for nobody looks again at an
// operation that has ended, should the workflow be ended from outside; a topic that
// takes nothing for deadLetterFirst is told afterwards, so that the record does not
// wait for it.
func (op *operation) fail(ctx workflow.Context, c cause) error {
	in := failed{Input: op.in, Cause: c, Before: op.plan.Before}
	untold := workflow.ExecuteActivity(within(ctx, deadLetterFirst), deadLetterActivity, in).Get(ctx, nil)
	if err := workflow.ExecuteActivity(unbounded(ctx), failActivity, in).Get(ctx, nil); err != nil {
		return err
	}
	if untold != nil {
		if err := workflow.ExecuteActivity(unbounded(ctx), deadLetterActivity, in).Get(ctx, nil); err != nil {
			return err
		}
	}
	return temporal.NewNonRetryableApplicationError(c.Message, string(c.Code), nil)
}

// lightTry bounds one try of an activity that only reads, writes and tells.
const lightTry = 30 * time.Second

// deadLetterFirst is how long the record of a failure waits for the dead-letter topic.
const deadLetterFirst = 5 * time.Minute

// outage is how long there may be no worker, or no place on one, for what is to be
// done next. Temporal counts its deadlines from when something is asked for; those of
// what has begun are the activities' own, see lightPatience and Timing.
const outage = 30 * 24 * time.Hour

// light is the context of such activities: their troubles are those of a database,
// a broker or a mail server, which are waited for an hour.
func light(ctx workflow.Context) workflow.Context { return within(ctx, outage) }

// unbounded is the context of activities that record how an operation ended:
// they are tried until they succeed.
func unbounded(ctx workflow.Context) workflow.Context { return within(ctx, 0) }

// within is the context of activities that are tried that long, without end when 0.
func within(ctx workflow.Context, limit time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: lightTry, ScheduleToCloseTimeout: limit,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	})
}

// infrastructure is the context of an infrastructure step. A worker that has died is
// known by its heartbeat; how long a try takes, and how often it is made, the step
// bounds itself, once it has a place.
func (op *operation) infrastructure(ctx workflow.Context, s plannedStep) workflow.Context {
	t := op.plan.Timing
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: s.Queue, StartToCloseTimeout: outage, ScheduleToCloseTimeout: outage, HeartbeatTimeout: t.Heartbeat,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: t.Retry, BackoffCoefficient: 2, MaximumInterval: 30 * t.Retry},
		Priority:    temporal.Priority{FairnessKey: op.plan.Tier, FairnessWeight: op.plan.Weight},
	})
}
