package workflows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enums "go.temporal.io/api/enums/v1"

	"github.com/tenantform/tenantform/tenants"
)

// Dispatcher starts the workflows of operations that the ledger has begun. It
// may be killed at any time, and any number of them may run at once: what is
// started twice is one workflow. Those fields without a comment on their zero
// value are required.
type Dispatcher struct {
	Outbox Outbox
	Client *Client
	// Abandon records the failure of an operation whose workflow was ended from
	// outside, by a person who terminated it for example.
	Abandon func(ctx context.Context, op tenants.Operation, why string) error
	Every   time.Duration   // between two looks at the outbox; a second when 0
	Sweep   time.Duration   // between two looks for operations without a workflow; a minute when 0
	Nudge   <-chan struct{} // says that there is something in the outbox; may be nil
	Log     *slog.Logger    // nothing is logged when nil
	Now     func() time.Time
}

// lookFailures is how many looks at Temporal may fail one after the other until a
// sweep ends: it is away then, and each look takes until its time is over.
const lookFailures = 3

// orders is how many orders are taken from the outbox at once.
const orders = 100

// Run starts workflows until ctx ends.
func (d *Dispatcher) Run(ctx context.Context) {
	every, sweep, log := d.Every, d.Sweep, d.Log
	if every <= 0 {
		every = time.Second
	}
	if sweep <= 0 {
		sweep = time.Minute
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	look, look2 := time.NewTicker(every), time.NewTicker(sweep)
	defer look.Stop()
	defer look2.Stop()
	for {
		if err := d.Dispatch(ctx); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "orders wait in the outbox", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case <-d.Nudge:
		case <-look2.C:
			if err := d.TakeUp(ctx, sweep); err != nil && ctx.Err() == nil {
				log.ErrorContext(ctx, "operations may be without a workflow", "error", err)
			}
		}
	}
}

// Dispatch starts what is in the outbox. An order that cannot be carried out is
// postponed; the others go on.
func (d *Dispatcher) Dispatch(ctx context.Context) error {
	for {
		due, err := d.Outbox.Orders(ctx, orders)
		if err != nil {
			return err
		}
		for _, o := range due {
			if err := d.Client.Start(ctx, o); err != nil {
				if perr := d.Outbox.Postponed(ctx, o.Seq, err); perr != nil {
					return perr
				}
				continue
			}
			// Killed here, it is started again by the next: that is the same workflow.
			if err := d.Outbox.Started(ctx, o.Seq); err != nil {
				return err
			}
		}
		if len(due) < orders {
			return nil
		}
	}
}

// TakeUp looks for operations that are under way by the ledger and not by
// Temporal. One that began longer than age ago and is unknown to Temporal, which
// has lost it, is started again and goes on with its recorded steps; one whose
// workflow was ended from outside is recorded as failed. One with which that does
// not succeed keeps none of the others from it; the errors are joined.
func (d *Dispatcher) TakeUp(ctx context.Context, age time.Duration) error {
	waiting, err := d.Outbox.Orders(ctx, orders)
	if err != nil {
		return err
	}
	ordered := map[string]bool{}
	for _, o := range waiting {
		ordered[o.OperationID] = true
	}
	q := tenants.OperationQuery{Progress: tenants.ProgressRunning, Limit: tenants.MaxPageLimit}
	var errs []error
	unseen := 0 // looks in a row that failed
	for {
		page, err := d.Outbox.SearchOperations(ctx, q)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, op := range page.Operations {
			if ordered[op.ID] || d.now().Sub(op.StartedAt) < age {
				continue
			}
			s, how, err := d.Client.state(ctx, op.ID)
			if err != nil {
				unseen++
			} else {
				unseen = 0
				err = d.takeUp(ctx, op, s, how)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("operation %s of tenant %s: %w", op.ID, op.TenantID, err))
			}
			if unseen == lookFailures || ctx.Err() != nil {
				return errors.Join(errs...)
			}
		}
		if q.After = page.Next; q.After == "" {
			return errors.Join(errs...)
		}
	}
}

func (d *Dispatcher) takeUp(ctx context.Context, op tenants.Operation, s state, how string) error {
	switch s {
	case stateUnknown:
		return d.Client.start(ctx, tenants.Order{OperationID: op.ID, TenantID: op.TenantID, Kind: op.Kind, CorrelationID: op.CorrelationID},
			enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE)
	case stateClosed:
		return d.Abandon(ctx, op, fmt.Sprintf("its workflow was ended from outside (%s); retry the operation", how))
	}
	return nil
}

func (d *Dispatcher) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

// Abandon records that an operation whose workflow was ended from outside has
// failed, and tells the dead-letter topic.
func (a *Activities) Abandon(ctx context.Context, op tenants.Operation, why string) error {
	in := failed{Input: Input{OperationID: op.ID, TenantID: op.TenantID, Kind: op.Kind}, Cause: cause{Code: tenants.CodeUnavailable, Message: why}}
	now, err := a.Ledger.Operation(ctx, op.ID)
	if err != nil || now.Progress.Ended() {
		return err
	}
	for _, s := range now.Steps {
		if s.Progress == tenants.ProgressRunning {
			in.Cause.Step = s.Name
		}
	}
	t, err := a.Ledger.Get(ctx, now.TenantID)
	if err != nil {
		return err
	}
	// It is told before it is recorded: nobody looks again at what has ended.
	in.mark(&now, &t, a.now())
	if err := a.Publisher.DeadLetter(ctx, in.letter(now)); err != nil {
		return err
	}
	return a.Fail(ctx, in)
}
