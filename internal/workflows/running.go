package workflows

import (
	"context"
	"errors"
	"log/slog"

	"go.temporal.io/sdk/activity"

	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/tenants"
)

// Run does an infrastructure step. The step that was done already is not done
// again. Until it is done the worker's heart is heard. Its time, and the count of
// its tries, begin when it has a place and the tenant.
func (a *Activities) Run(ctx context.Context, in stepOf) (did, error) {
	defer beat(ctx, func() (pulse, bool) { return a.Broker.pulse(in.TenantID) })()
	leave, err := a.place(ctx)
	if err != nil {
		return did{}, told(err, false, detail{})
	}
	defer leave()
	release, held := a.Holder.Hold(in.TenantID)
	if tenants.CodeOf(held) == tenants.CodeConflict {
		// Another process has not ended its try yet.
		a.log(tenants.Operation{ID: in.OperationID, TenantID: in.TenantID, Kind: in.Kind}).InfoContext(ctx, "step waits", "step", in.Step, "error", held)
		return did{}, told(held, false, detail{})
	}
	if held == nil {
		defer release()
	}
	op, err := a.beginning(ctx, in, func(mark *tenants.Step) { mark.Tries.Begun++ })
	if err != nil {
		return did{}, told(err, stays(err), detail{})
	}
	mark := *lifecycle.Find(&op, in.Step)
	if mark.Progress == tenants.ProgressSucceeded {
		return did{CancelRequested: op.CancelRequested}, nil
	}
	log := a.log(op).With("step", in.Step)
	if err := cutOff(mark.Tries); held != nil || err != nil {
		return did{}, a.cameToNothing(ctx, log, in, mark.Tries, lifecycle.Result{}, errors.Join(held, err))
	}
	log.InfoContext(ctx, "step begins", "try", mark.Tries.Begun)
	defer a.Broker.follow(in.TenantID, op.ID)()
	// The work goes on when the activity's context ends: nobody can take it over before it has ended.
	limit := a.Timing.filled().Step
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	res, err := a.Steps.Run(work, op, in.Step)
	if err != nil {
		if work.Err() != nil && !stays(err) {
			err = tenants.Errorf(tenants.CodeUnavailable, "the step did not end within %s: %w", limit, err)
		}
		return did{}, a.cameToNothing(ctx, log, in, mark.Tries, res, err)
	}
	op, err = a.end(context.WithoutCancel(ctx), in, nil)
	log.InfoContext(ctx, "step ended")
	return did{CancelRequested: op.CancelRequested}, err
}

// cutOff gives an error when too many tries of a step, the last of which begins, have
// ended with their worker.
func cutOff(t tenants.Tries) error {
	if lost := t.Begun - 1 - t.Failed; lost >= lostTries {
		return tenants.Errorf(tenants.CodeFailedPrecondition,
			"%d tries of the step were cut off, each with its worker; find out what ends the workers, such as a lack of memory, and retry the operation", lost)
	}
	return nil
}

// place waits for one of this process's places. A worker that stops waits no longer.
func (a *Activities) place(ctx context.Context) (leave func(), err error) {
	waiting, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if activity.IsActivity(ctx) {
		stopping := activity.GetWorkerStopChannel(ctx)
		go func() {
			select {
			case <-stopping:
				cancel(errors.New("the worker stops"))
			case <-waiting.Done():
			}
		}()
	}
	return a.Slots.take(waiting)
}

// cameToNothing records that a try of a step ended with cause, of which tries are those
// up to it, and gives the error with which the activity ends. The step is under way
// until its last try.
func (a *Activities) cameToNothing(ctx context.Context, log *slog.Logger, in stepOf, tries tenants.Tries, res lifecycle.Result, cause error) error {
	now, first := a.now(), tries.Begun == 1
	if tries.Since.IsZero() {
		tries.Since = now
	}
	if tenants.CodeOf(cause) == tenants.CodeConflict && !stays(cause) && len(res.Runs) <= 1 {
		tries.Begun-- // somebody else was at it, and nothing was done
	} else {
		tries.Failed++
	}
	isFinal := final(cause, tries, a.Timing.filled().Tries, now)
	log.WarnContext(ctx, "step failed", "final", isFinal, "error", cause)
	err := cause
	if ctx.Err() == nil || isFinal { // otherwise another worker is at it by now
		_, recorded := a.advance(context.WithoutCancel(ctx), in.OperationID, func(op *tenants.Operation, _ *tenants.Tenant) (bool, *tenants.AuditEntry) {
			mark := lifecycle.Find(op, in.Step)
			if mark == nil {
				return false, nil
			}
			if mark.Tries, mark.Error = tries, "tried again: "+cause.Error(); isFinal {
				lifecycle.End(op, in.Step, cause, now)
			}
			return false, nil
		})
		err = errors.Join(cause, recorded)
	}
	return told(err, isFinal, detail{Unchanged: res.Refused && len(res.Runs) == 1 && first})
}
