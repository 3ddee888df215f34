package workflows

import (
	"context"
	"time"

	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/tenants"
)

// Ledger is what activities need of tenants.Ledger.
type Ledger interface {
	Get(ctx context.Context, id string) (tenants.Tenant, error)
	Operation(ctx context.Context, id string) (tenants.Operation, error)
	Operations(ctx context.Context, tenantID string) ([]tenants.Operation, error)
	Advance(ctx context.Context, a tenants.Advance) (tenants.Tenant, error)
}

// Outbox is what the dispatcher needs of tenants.Ledger.
type Outbox interface {
	Orders(ctx context.Context, limit int) ([]tenants.Order, error)
	Started(ctx context.Context, seq int64) error
	Postponed(ctx context.Context, seq int64, cause error) error
	SearchOperations(ctx context.Context, q tenants.OperationQuery) (tenants.OperationPage, error)
}

// Steps knows and does the infrastructure steps; *lifecycle.Lifecycle is one.
type Steps interface {
	Plan(ctx context.Context, t tenants.Tenant, op tenants.Operation) (lifecycle.Plan, error)
	Recorded(t tenants.Tenant, op tenants.Operation) ([]lifecycle.Step, error)
	Run(ctx context.Context, op tenants.Operation, step string) (lifecycle.Result, error)
}

// Holder gives exclusive holds on tenants that end with the process that has
// them; *automation.Engine is one.
type Holder interface {
	// Hold takes a tenant; CodeConflict when another operation has it.
	Hold(tenantID string) (release func(), err error)
}

// Publisher tells the business services what they are to do, and the dead-letter
// topic what failed. A call that was not heard to succeed is made again, so the
// same event may be published more than once; it has the same operation and attempt.
type Publisher interface {
	// Ask tells services to take part in an operation. They answer through
	// Client.Answer.
	Ask(ctx context.Context, a Asking) error
	// DeadLetter tells that an operation has failed.
	DeadLetter(ctx context.Context, f Failure) error
}

// Asking is what business services are asked.
type Asking struct {
	Operation tenants.Operation
	Tenant    tenants.Tenant // as the operation has left it so far
	Attempt   int            // counts the askings of an operation and those that it takes up again, from 1
	Services  []Ask
}

// Ask is one service that is asked.
type Ask struct {
	Service  string
	AnswerBy time.Time // after which its answer counts no more
}

// Failure is an operation that has failed.
type Failure struct {
	Operation tenants.Operation // how far it came
	Before    *tenants.Tenant   // the tenant as it was when the operation was planned; nil for a creation
	Code      tenants.Code      // of the cause
	Message   string            // the cause, for people
	Step      string            // that failed; empty when it was none
}

// Notifier tells a tenant's administrator something.
type Notifier interface {
	// Notify tells it. What may have been heard already it tells again only where
	// notices with the same ID are one for who hears them; elsewhere it does without,
	// and returns nil. An error made by NotTold says that nobody was told, any other
	// that somebody may have been.
	Notify(ctx context.Context, n Notice) error
}

// Notice is something that a tenant's administrator is told.
type Notice struct {
	// ID is the same for the same notice, also in another process: the id of the
	// first of the operations that take each other up, and the kind.
	ID        string
	Kind      tenants.OperationKind // what has been done to the tenant
	Tenant    tenants.Tenant
	Operation tenants.Operation
	// Again says that it was told before, or was about to be, and that nothing is
	// known of what came of it.
	Again bool
}

// Answer is a business service's answer.
type Answer struct {
	OperationID string `json:"operationId"`
	Service     string `json:"service"`
	Attempt     int    `json:"attempt"`         // of the Asking that it answers
	Failed      bool   `json:"failed"`          // the service could not do its part
	Error       string `json:"error,omitempty"` // why
}
