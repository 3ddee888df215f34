// Package lifecycle knows which steps an operation on a tenant has, and does
// one step of it. What it needs to know of a step it takes from the tenant and
// the operation as they are recorded, so that the process that does the next
// step may be another one than did the last.
package lifecycle

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
	Refresh(ctx context.Context, s automation.Stack) (automation.Result, error)
}

// Transfer takes a tenant's users and data from one placement to another. It
// returns only when nothing is left to take, and may be called again after it
// was cut off.
type Transfer func(ctx context.Context, tenantID string, from, to tenants.Placement) error

// Lifecycle does the steps of operations. Its fields are set before the first
// use; those without a comment on their zero value are required.
type Lifecycle struct {
	Engine    Engine
	Gate      automation.Gate // judges the later steps of a dry run; not needed otherwise
	Store     tenants.Store
	Journal   tenants.Journal
	Catalogue tenants.Catalogue
	Settings  stacks.Settings
	Networks  stacks.SiloNetworks // where silos get their ranges; the zero value is fine
	Unsigned  bool                // see stacks.FunctionsSpec
	Transfer  Transfer            // a move between two places is refused without one
	Now       func() time.Time    // time.Now when nil
}

// Time gives the time by the lifecycle's clock, in UTC.
func (l *Lifecycle) Time() time.Time {
	if l.Now != nil {
		return l.Now().UTC()
	}
	return time.Now().UTC()
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
