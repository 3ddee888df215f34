// Package direct runs operations on tenants in the calling process, without a
// control plane: each is recorded in the journal as it goes, survives being
// killed, and goes on where it stopped when it is asked for again.
package direct

import (
	"context"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

// Engine runs stacks; *automation.Engine is one.
type Engine interface {
	Preview(ctx context.Context, s automation.Stack) (automation.Result, error)
	Up(ctx context.Context, s automation.Stack) (automation.Result, error)
	Destroy(ctx context.Context, s automation.Stack) (automation.Result, error)
	PreviewDestroy(ctx context.Context, s automation.Stack) (automation.Result, error)
}

// Holder gives exclusive holds that end with the process that has them.
type Holder interface {
	// Hold takes a tenant; CodeConflict when another operation has it.
	Hold(tenantID string) (release func(), err error)
}

// Transfer takes a tenant's users and data from one placement to another. It
// returns only when nothing is left to take.
type Transfer func(ctx context.Context, tenantID string, from, to tenants.Placement) error

// Runner runs operations. Its fields are set before the first use; those
// without a comment on their zero value are required.
type Runner struct {
	Engine    Engine
	Holder    Holder
	Gate      automation.Gate // judges the later steps of a dry run
	Store     tenants.Store
	Journal   tenants.Journal
	Catalogue tenants.Catalogue
	Settings  stacks.Settings
	Networks  stacks.SiloNetworks                           // where silos get their ranges; the zero value is fine
	Unsigned  bool                                          // see stacks.FunctionsSpec
	Transfer  Transfer                                      // a move between two places is refused without one
	Initiator string                                        // recorded in the journal
	Step      func(op tenants.Operation, step tenants.Step) // told of each step that begins or ends; may be nil
	Now       func() time.Time                              // time.Now when nil
}

// Outcome is what an operation did, or would do.
type Outcome struct {
	Operation tenants.Operation `json:"operation"`
	Tenant    tenants.Tenant    `json:"tenant"`
	// Runs are the results of the steps that ran, or would run, a stack; one a
	// step that has one, with the step's name.
	Runs []StepRun `json:"runs"`
}

// StepRun is the run of a stack in a step.
type StepRun struct {
	Step   string            `json:"step"`
	Title  string            `json:"title"`
	Result automation.Result `json:"result"`
}

// Allowed tells whether the gate allowed, or would allow, every run.
func (o Outcome) Allowed() bool {
	for _, r := range o.Runs {
		if !r.Result.Report.Allowed() {
			return false
		}
	}
	return true
}

func (r *Runner) now() time.Time {
	if r.Now != nil {
		return r.Now().UTC()
	}
	return time.Now().UTC()
}
