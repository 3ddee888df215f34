// Package workflows runs the operations of the control plane on Temporal: an
// operation that the ledger has begun becomes a workflow, each of its steps an
// activity, and every step that begins or ends is recorded in the ledger.
//
// The ledger is the source of truth. A workflow remembers only how far it is;
// what it has to do it reads from the operation's record, so that a worker that
// was killed, or a Temporal that lost everything, costs a repetition and nothing
// else. The dispatcher starts what the ledger has begun, and takes up again what
// has no workflow any more.
//
// Infrastructure steps are those of package lifecycle. They run on a queue for each
// AWS account, which bounds how many run there at once and shares the places
// between tiers; how many run on a worker is bounded by its memory.
package workflows

import (
	"fmt"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// The names of the workflows. Histories hold them: they never change.
const (
	CreateTenantName     = "CreateTenant"
	UpdateTenantName     = "UpdateTenant"
	MoveTenantName       = "MoveTenant"
	DeactivateTenantName = "DeactivateTenant" // also activates
	DeleteTenantName     = "DeleteTenant"
	ReconcileTenantName  = "ReconcileTenant"
)

// The names of the activities.
const (
	planActivity       = "Plan"
	runActivity        = "Run"
	askActivity        = "Ask"
	answeredActivity   = "Answered"
	notifyActivity     = "Notify"
	finishActivity     = "Finish"
	failActivity       = "Fail"
	deadLetterActivity = "DeadLetter"
)

// The names of the signals.
const (
	cancelSignal   = "cancel"
	answeredSignal = "service-answered"
)

// The names of the steps that are not the lifecycle's own.
const (
	ServicesStep = "services" // the business services do their part
	NotifyStep   = "notify"   // the tenant's administrator is told
	FinishStep   = "finish"   // the outcome is recorded
)

// TaskQueue is where workflows and all activities but infrastructure steps run.
const TaskQueue = "tenantform"

// AccountQueue is where the infrastructure steps in an AWS account run.
func AccountQueue(account string) string { return TaskQueue + "-account-" + account }

// WorkflowID gives the id of an operation's workflow.
func WorkflowID(operationID string) string { return "operation-" + operationID }

// nameOf gives the name of the workflow of operations of a kind.
func nameOf(kind tenants.OperationKind) (string, error) {
	switch kind {
	case tenants.OperationCreate:
		return CreateTenantName, nil
	case tenants.OperationUpdate:
		return UpdateTenantName, nil
	case tenants.OperationMove:
		return MoveTenantName, nil
	case tenants.OperationDeactivate, tenants.OperationActivate:
		return DeactivateTenantName, nil
	case tenants.OperationDelete:
		return DeleteTenantName, nil
	case tenants.OperationReconcile:
		return ReconcileTenantName, nil
	}
	return "", tenants.Errorf(tenants.CodeInvalid, "there is no workflow for operations of the kind %q", kind)
}

// Input is what a workflow begins with.
type Input struct {
	OperationID string                `json:"operationId"`
	TenantID    string                `json:"tenantId"`
	Kind        tenants.OperationKind `json:"kind"`
}

// Result is what a workflow that succeeded ends with. One that failed ends with
// an error; what there is to know of it is in the operation's record.
type Result struct {
	OperationID string           `json:"operationId"`
	TenantID    string           `json:"tenantId"`
	Progress    tenants.Progress `json:"progress"`
}

// Timing bounds what a workflow waits for. The zero value of each field has a meaning.
type Timing struct {
	Step      time.Duration // one try of an infrastructure step, from when it has a place; DefaultStepDeadline when 0
	Tries     time.Duration // how long an infrastructure step is tried after a first try that came to nothing; Step when 0
	Heartbeat time.Duration // after which silence a worker counts as dead; 30 s when 0
	Retry     time.Duration // before a second try; doubled for each further one, up to 30 times it; 1 s when 0
}

// DefaultStepDeadline bounds one try of an infrastructure step: a run has
// automation.DefaultDeadline for its change, and some time to look before that
// and to stop after it.
const DefaultStepDeadline = 105 * time.Minute

func (t Timing) filled() Timing {
	fill := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	fill(&t.Step, DefaultStepDeadline)
	fill(&t.Tries, t.Step)
	fill(&t.Heartbeat, 30*time.Second)
	fill(&t.Retry, time.Second)
	return t
}

// String gives what a log says of the input.
func (in Input) String() string {
	return fmt.Sprintf("%s of tenant %s (operation %s)", in.Kind, in.TenantID, in.OperationID)
}
