// Package direct runs operations on tenants in the calling process, without a
// control plane: each is recorded in the journal as it goes, survives being
// killed, and goes on where it stopped when it is asked for again.
package direct

import (
	"context"
	"encoding/json"

	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/tenants"
)

// Holder gives exclusive holds that end with the process that has them.
type Holder interface {
	// Hold takes a tenant; CodeConflict when another operation has it.
	Hold(tenantID string) (release func(), err error)
}

// Outcome is what an operation did, or would do.
type Outcome = lifecycle.Outcome

// StepRun is the run of a stack in a step.
type StepRun = lifecycle.StepRun

// Runner runs operations. Its fields, and those of the Lifecycle, are set before
// the first use; those without a comment on their zero value are required.
type Runner struct {
	lifecycle.Lifecycle
	Holder    Holder
	Initiator string                                        // recorded in the journal
	Step      func(op tenants.Operation, step tenants.Step) // told of each step that begins or ends; may be nil
}

// Create adds a tenant to the store and brings up its stack. A tenant whose
// creation failed, or was killed, is created on from where that stopped.
func (r *Runner) Create(ctx context.Context, t tenants.Tenant, reason string) (Outcome, error) {
	if err := r.Complete(&t); err != nil {
		return Outcome{}, err
	}
	release, err := r.Holder.Hold(t.ID)
	if err != nil {
		return Outcome{}, err
	}
	defer release()
	if t, err = r.reserve(ctx, t); err != nil {
		return Outcome{}, err
	}
	return r.run(ctx, t, tenants.Operation{Kind: tenants.OperationCreate, Reason: reason}, tenants.StatusCreating)
}

// Move takes a tenant to another tier. A move that failed, or was killed, goes
// on at the step where it stopped when the same tier is asked for again; asked
// for the tier it came from, it is rolled back, as long as the users and data
// have not gone over.
func (r *Runner) Move(ctx context.Context, id, tier, reason string) (Outcome, error) {
	return r.on(ctx, id, tenants.StatusMoving, func(tenants.Tenant) (tenants.Operation, error) {
		return tenants.Operation{Kind: tenants.OperationMove, ToTier: tier, Reason: reason}, nil
	})
}

// Delete takes a tenant's functions and its stack away, then marks it deleted;
// the journal stays. A deletion that failed goes on where it stopped.
func (r *Runner) Delete(ctx context.Context, id, reason string) (Outcome, error) {
	return r.on(ctx, id, tenants.StatusDeleting, func(tenants.Tenant) (tenants.Operation, error) {
		return tenants.Operation{Kind: tenants.OperationDelete, Reason: reason}, nil
	})
}

// Deploy brings a tenant's function up, or changes the one of that name. A
// refusal by the gate leaves the tenant as it was.
func (r *Runner) Deploy(ctx context.Context, id string, f tenants.Function, reason string) (Outcome, error) {
	return r.changeFunctions(ctx, id, reason, func(t tenants.Tenant) ([]tenants.Function, error) { return r.With(t, f) })
}

// Undeploy takes a tenant's function away. CodeNotFound when there is none of
// that name.
func (r *Runner) Undeploy(ctx context.Context, id, name, reason string) (Outcome, error) {
	return r.changeFunctions(ctx, id, reason, func(t tenants.Tenant) ([]tenants.Function, error) { return lifecycle.Without(t, name) })
}

func (r *Runner) changeFunctions(ctx context.Context, id, reason string, edit func(tenants.Tenant) ([]tenants.Function, error)) (Outcome, error) {
	return r.on(ctx, id, tenants.StatusUpdating, func(t tenants.Tenant) (tenants.Operation, error) {
		functions, err := edit(t)
		if err != nil {
			return tenants.Operation{}, err
		}
		request, err := json.Marshal(lifecycle.Request{Functions: &functions})
		return tenants.Operation{Kind: tenants.OperationUpdate, Reason: reason, Request: request}, err
	})
}

// on runs an operation, of which ask gives kind, reason and request, on a
// tenant that there is.
func (r *Runner) on(ctx context.Context, id string, status tenants.Status, ask func(tenants.Tenant) (tenants.Operation, error)) (Outcome, error) {
	t, release, err := r.held(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	defer release()
	op, err := ask(t)
	if err != nil {
		return Outcome{}, err
	}
	return r.run(ctx, t, op, status)
}
