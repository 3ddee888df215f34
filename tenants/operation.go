package tenants

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// OperationKind is what is being done to a tenant.
type OperationKind string

// The kinds.
const (
	OperationCreate     OperationKind = "create"
	OperationUpdate     OperationKind = "update"
	OperationMove       OperationKind = "move"
	OperationDeactivate OperationKind = "deactivate"
	OperationActivate   OperationKind = "activate"
	OperationDelete     OperationKind = "delete"
	OperationReconcile  OperationKind = "reconcile" // makes the infrastructure what the record says, without a change of the record
)

// OperationKinds gives every kind.
func OperationKinds() []OperationKind {
	return []OperationKind{OperationCreate, OperationUpdate, OperationMove, OperationDeactivate, OperationActivate, OperationDelete, OperationReconcile}
}

// Progress is how far an operation or a step is.
type Progress string

// The progress of an operation or a step. The zero value means not started.
const (
	ProgressPending   Progress = ""
	ProgressRunning   Progress = "running"
	ProgressSucceeded Progress = "succeeded"
	ProgressFailed    Progress = "failed"
)

// Ended says whether nothing follows.
func (p Progress) Ended() bool { return p == ProgressSucceeded || p == ProgressFailed }

// Operation is one change to a tenant, from who asked for it to how it ended.
type Operation struct {
	ID        string        `json:"id"`
	TenantID  string        `json:"tenantId"`
	Kind      OperationKind `json:"kind"`
	Initiator string        `json:"initiator"` // who asked: a user's name
	Reason    string        `json:"reason"`    // why, in the initiator's words; may be empty
	FromTier  string        `json:"fromTier,omitempty"`
	ToTier    string        `json:"toTier,omitempty"`
	// FromStatus is the tenant's status before the operation; empty of a tenant
	// that there was not. An operation that changed nothing gives it back.
	FromStatus Status    `json:"fromStatus,omitempty"`
	Progress   Progress  `json:"progress"`
	Steps      []Step    `json:"steps"`
	StartedAt  time.Time `json:"startedAt"`
	EndedAt    time.Time `json:"endedAt,omitzero"`
	Error      string    `json:"error,omitempty"` // why it failed; a cancelled one fails, with an error that says so
	// CorrelationID ties the operation to the request that asked for it, in logs,
	// traces and events; at most MaxCorrelationLength printable characters.
	CorrelationID string `json:"correlationId,omitempty"`
	// TenantHash is a digest of what was recorded of the tenant when the operation
	// was planned: who takes it up sees by it whether that has been changed since.
	TenantHash string `json:"tenantHash,omitempty"`
	// RetryOf is the id of the failed operation that this one takes up again.
	RetryOf string `json:"retryOf,omitempty"`
	// Services says how each business service that takes part has answered.
	Services []ServiceState `json:"services,omitempty"`
	// Request is what was asked for, as JSON without secrets; it may be nil. Stores
	// keep its meaning, and give it back without spaces between its parts.
	Request json.RawMessage `json:"request,omitempty"`
	// CancelRequested says that the operation is to end at the next step at which
	// it can. Once true it stays true.
	CancelRequested bool `json:"cancelRequested,omitempty"`
}

// Step is one part of an operation; steps run in order.
type Step struct {
	Name      string    `json:"name"`
	Progress  Progress  `json:"progress"`
	StartedAt time.Time `json:"startedAt,omitzero"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	Error     string    `json:"error,omitempty"`
	// HandedOver is when the step began to tell somebody outside what may be told
	// once only. Zero: it has not, or nobody has heard it.
	HandedOver time.Time `json:"handedOver,omitzero"`
	// Tries is of a step that is tried again by itself.
	Tries Tries `json:"tries,omitzero"`
}

// Tries counts how a step went that is tried again by itself. A try that found
// somebody else at the same infrastructure, and did nothing, is none.
type Tries struct {
	Begun  int       `json:"begun"`          // also those of which nobody heard the end
	Failed int       `json:"failed"`         // that ended with an error
	Since  time.Time `json:"since,omitzero"` // when the first one that came to nothing ended; zero when none did
}

// operationIDPattern keeps an id usable as a file's name.
var operationIDPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// Validate gives what is wrong with the operation, nil when nothing is.
func (o Operation) Validate() []FieldError {
	var fields []FieldError
	refuse := func(field, value, allowed string) {
		fields = append(fields, FieldError{Field: field, Value: value, Allowed: allowed})
	}
	if !operationIDPattern.MatchString(o.ID) {
		refuse("id", o.ID, "1 to 64 letters, digits, hyphens and underscores, beginning with a letter or digit")
	}
	fields = append(fields, ValidateID("tenantId", o.TenantID)...)
	if !slices.Contains(OperationKinds(), o.Kind) {
		refuse("kind", string(o.Kind), "one of "+join(texts(OperationKinds())))
	}
	if strings.TrimSpace(o.Initiator) == "" {
		refuse("initiator", o.Initiator, "the name of who asked for it")
	}
	if o.Kind == OperationMove {
		if o.FromTier == "" {
			refuse("fromTier", "", "the tier that the tenant leaves")
		}
		if o.ToTier == "" || o.ToTier == o.FromTier {
			refuse("toTier", o.ToTier, "a tier other than the one that the tenant has")
		}
	}
	if o.FromStatus != "" && !slices.Contains(Statuses(), o.FromStatus) {
		refuse("fromStatus", string(o.FromStatus), "empty or one of "+join(texts(Statuses())))
	}
	if o.StartedAt.IsZero() {
		refuse("startedAt", "", "the time at which the operation began")
	}
	fields = append(fields, validateProgress("progress", o.Progress)...)
	if !o.Progress.Ended() && !o.EndedAt.IsZero() {
		refuse("endedAt", o.EndedAt.Format(time.RFC3339), "nothing before the operation has ended")
	}
	fields = append(fields, validateCorrelation("correlationId", o.CorrelationID)...)
	if o.RetryOf != "" && (o.RetryOf == o.ID || !operationIDPattern.MatchString(o.RetryOf)) {
		refuse("retryOf", o.RetryOf, "the id of another operation")
	}
	if o.Request != nil && !json.Valid(o.Request) {
		refuse("request", string(o.Request), "JSON")
	}
	fields = append(fields, validateServiceStates("services", o.Services)...)
	for i, s := range o.Steps {
		path := fmt.Sprintf("steps[%d]", i)
		if strings.TrimSpace(s.Name) == "" {
			refuse(path+".name", s.Name, "a name")
		}
		fields = append(fields, validateProgress(path+".progress", s.Progress)...)
	}
	return fields
}

func validateProgress(field string, p Progress) []FieldError {
	switch p {
	case ProgressPending, ProgressRunning, ProgressSucceeded, ProgressFailed:
		return nil
	}
	return []FieldError{{Field: field, Value: string(p), Allowed: "empty, running, succeeded or failed"}}
}
