package wire

import (
	"cmp"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Pending is the progress of what has not started.
const Pending = "pending"

// Operation is one change to a tenant, from who asked for it to how it ended.
type Operation struct {
	ID              string         `json:"id,omitempty" doc:"Missing in the answer to a dry run"`
	TenantID        string         `json:"tenantId"`
	Kind            string         `json:"kind" enum:"create,update,move,deactivate,activate,delete,reconcile"`
	Initiator       string         `json:"initiator" doc:"Who asked for it"`
	Reason          string         `json:"reason,omitempty" doc:"Why, in the initiator's words"`
	FromTier        string         `json:"fromTier,omitempty" doc:"The tier that the tenant leaves"`
	ToTier          string         `json:"toTier,omitempty" doc:"The tier that it takes"`
	Progress        string         `json:"progress" enum:"pending,running,succeeded,failed"`
	Steps           []Step         `json:"steps" nullable:"false" doc:"In order; empty until the operation is planned"`
	Services        []ServiceState `json:"services" nullable:"false" doc:"How each business service that takes part has answered"`
	StartedAt       time.Time      `json:"startedAt,omitzero"`
	EndedAt         time.Time      `json:"endedAt,omitzero"`
	Error           string         `json:"error,omitempty" doc:"Why it failed; a cancelled one fails, with an error that says so"`
	CorrelationID   string         `json:"correlationId,omitempty" doc:"Of the request that asked for it"`
	RetryOf         string         `json:"retryOf,omitempty" doc:"The failed operation that this one takes up again"`
	CancelRequested bool           `json:"cancelRequested" doc:"It is to end at the next step at which it can"`
}

// Step is one part of an operation; steps run in order.
type Step struct {
	Name        string    `json:"name" example:"provision"`
	Title       string    `json:"title,omitempty" doc:"What it does, for people; only in the answer to a dry run"`
	Cancellable bool      `json:"cancellable,omitempty" doc:"The operation can be cancelled before it; only in the answer to a dry run"`
	Progress    string    `json:"progress" enum:"pending,running,succeeded,failed"`
	StartedAt   time.Time `json:"startedAt,omitzero"`
	EndedAt     time.Time `json:"endedAt,omitzero"`
	Error       string    `json:"error,omitempty"`
}

// Operations is a page of operations, newest first.
type Operations struct {
	Operations []Operation `json:"operations" nullable:"false"`
	Next       string      `json:"next,omitempty" doc:"The cursor of the page that follows, to be given as after; missing where none does"`
}

// FromOperation gives an operation as the API shows it.
func FromOperation(op tenants.Operation) Operation {
	out := Operation{
		ID: op.ID, TenantID: op.TenantID, Kind: string(op.Kind), Initiator: op.Initiator, Reason: op.Reason, FromTier: op.FromTier, ToTier: op.ToTier,
		Progress: fromProgress(op.Progress), Steps: []Step{}, Services: fromStates(op.Services), StartedAt: op.StartedAt, EndedAt: op.EndedAt,
		Error: op.Error, CorrelationID: op.CorrelationID, RetryOf: op.RetryOf, CancelRequested: op.CancelRequested,
	}
	for _, s := range op.Steps {
		out.Steps = append(out.Steps, Step{Name: s.Name, Progress: fromProgress(s.Progress), StartedAt: s.StartedAt, EndedAt: s.EndedAt, Error: s.Error})
	}
	return out
}

// Record gives the operation in the vocabulary of package tenants, as far as the
// API shows it.
func (o Operation) Record() tenants.Operation {
	out := tenants.Operation{
		ID: o.ID, TenantID: o.TenantID, Kind: tenants.OperationKind(o.Kind), Initiator: o.Initiator, Reason: o.Reason, FromTier: o.FromTier, ToTier: o.ToTier,
		Progress: progress(o.Progress), Services: states(o.Services), StartedAt: o.StartedAt, EndedAt: o.EndedAt,
		Error: o.Error, CorrelationID: o.CorrelationID, RetryOf: o.RetryOf, CancelRequested: o.CancelRequested,
	}
	for _, s := range o.Steps {
		out.Steps = append(out.Steps, tenants.Step{Name: s.Name, Progress: progress(s.Progress), StartedAt: s.StartedAt, EndedAt: s.EndedAt, Error: s.Error})
	}
	return out
}

// Ended says whether nothing follows.
func (o Operation) Ended() bool { return progress(o.Progress).Ended() }

func fromProgress(p tenants.Progress) string { return cmp.Or(string(p), Pending) }

func progress(p string) tenants.Progress {
	if p == Pending {
		return tenants.ProgressPending
	}
	return tenants.Progress(p)
}
