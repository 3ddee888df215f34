package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/tenants"
)

// internalTries is how often a step is tried whose error nobody classified: it
// may be a defect, which stays, or a fault that passes.
const internalTries = 3

// unavailableTries is how often a step is tried that meets faults that pass.
// With the pauses between them that is about three minutes of trouble.
const unavailableTries = 10

// final tells whether a step that failed with err in its attempt-th try is not
// tried again. A conflict is that of a run which another process has not ended
// yet, and passes; one with a resource stays.
func final(err error, attempt int) bool {
	switch tenants.CodeOf(err) {
	case tenants.CodeInvalid, tenants.CodeForbidden, tenants.CodeFailedPrecondition, tenants.CodeNotFound:
		return true
	case tenants.CodeConflict:
		f, ok := errors.AsType[*automation.Failure](err)
		return ok && f.URN != ""
	case tenants.CodeUnavailable:
		return attempt >= unavailableTries
	}
	return attempt >= internalTries
}

// detail is what an activity's error tells the workflow beside its text.
type detail struct {
	// Unchanged says that the step has changed nothing.
	Unchanged bool `json:"unchanged,omitempty"`
	// Resumes is as in lifecycle.Plan.
	Resumes bool `json:"resumes,omitempty"`
}

// told makes the error with which an activity ends: its code is its type.
func told(err error, isFinal bool, d detail) error {
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(tenants.CodeOf(err)), temporal.ApplicationErrorOptions{
		NonRetryable: isFinal, Details: []any{d},
	})
}

// cause is why an operation failed.
type cause struct {
	Step      string       `json:"step,omitempty"`
	Code      tenants.Code `json:"code"`
	Message   string       `json:"message"`
	Unchanged bool         `json:"unchanged,omitempty"`
	Resumes   bool         `json:"resumes,omitempty"` // of an operation that could not be planned
}

// causeOf reads what an activity's failure says.
func causeOf(step string, err error) cause {
	c := cause{Step: step, Code: tenants.CodeInternal, Message: err.Error()}
	if t, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		c.Code = tenants.CodeUnavailable
		c.Message = fmt.Sprintf("the step did not end in the time that it has (%s)", t.TimeoutType())
	}
	if a, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		message := a.Message()
		if c.Code == tenants.CodeUnavailable {
			message = c.Message + "; its last try said: " + message
		}
		c.Message = message
		if a.Type() != "" {
			c.Code = tenants.Code(a.Type())
		}
		var d detail
		if a.Details(&d) == nil {
			c.Unchanged, c.Resumes = d.Unchanged, d.Resumes
		}
	}
	return c
}
