package workflows

import (
	"context"
	"errors"
	"time"

	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/tenants"
)

// NotTold makes of an error of a Notifier one that says that nobody was told. It
// keeps its text and code. NotTold(nil) is nil.
func NotTold(err error) error {
	if err == nil {
		return nil
	}
	return &notTold{err}
}

type notTold struct{ error }

func (n *notTold) Unwrap() error { return n.error }

func wasNotTold(err error) bool {
	_, ok := errors.AsType[*notTold](err)
	return ok
}

// notice makes the notice of an operation's step. heard says that it has arrived
// already, from one of those operations that this one takes up, or is of nothing
// that concerns anybody.
func (a *Activities) notice(ctx context.Context, op tenants.Operation, step string) (n Notice, heard bool, err error) {
	t, err := a.Ledger.Get(ctx, op.TenantID)
	if err != nil {
		return Notice{}, false, err
	}
	n = Notice{Kind: op.Kind, Tenant: t, Operation: op}
	first := op
	for first.RetryOf != "" {
		earlier, err := a.Ledger.Operation(ctx, first.RetryOf)
		if tenants.CodeOf(err) == tenants.CodeNotFound {
			break
		}
		if err != nil {
			return Notice{}, false, err
		}
		if mark := lifecycle.Find(&earlier, step); mark != nil && earlier.Kind == op.Kind {
			heard = heard || mark.Progress == tenants.ProgressSucceeded
			n.Again = n.Again || !mark.HandedOver.IsZero()
		}
		first = earlier
	}
	n.ID = first.ID + "-" + string(op.Kind)
	if !heard {
		concerned, err := a.concerns(ctx, op)
		return n, !concerned, err
	}
	return n, heard, nil
}

// handOver records that a notice is about to be told, and gives it with what the
// record said of that before.
func (a *Activities) handOver(ctx context.Context, in stepOf, n Notice) (Notice, error) {
	earlier := n.Again
	op, err := a.advance(ctx, in.OperationID, func(op *tenants.Operation, _ *tenants.Tenant) (bool, *tenants.AuditEntry) {
		n.Again = earlier
		if mark := lifecycle.Find(op, in.Step); mark != nil {
			n.Again = n.Again || !mark.HandedOver.IsZero()
			mark.HandedOver = a.now()
		}
		return false, nil
	})
	n.Operation = op
	return n, err
}

// takeBack records that nobody has heard a notice, unless somebody may have heard
// it before.
func (a *Activities) takeBack(ctx context.Context, in stepOf, n Notice) {
	if n.Again {
		return
	}
	_, err := a.advance(ctx, in.OperationID, func(op *tenants.Operation, _ *tenants.Tenant) (bool, *tenants.AuditEntry) {
		if mark := lifecycle.Find(op, in.Step); mark != nil {
			mark.HandedOver = time.Time{}
		}
		return false, nil
	})
	if err != nil {
		a.log(n.Operation).WarnContext(ctx, "a notice that nobody has heard stays recorded as told", "notice", n.ID, "error", err)
	}
}
