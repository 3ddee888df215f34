package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
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

// lostTries is how many tries of an infrastructure step may have begun of which
// nobody heard the end: a step that ends so many workers ends the next one, too.
const lostTries = 10

// lightPatience is how long an activity that only reads, writes and tells waits for
// what it needs, from when it was asked for; it makes unavailableTries at least, so
// that it does not give up because there was no worker.
const lightPatience = time.Hour

// stays tells whether an error is the same at the next try.
func stays(err error) bool {
	switch tenants.CodeOf(err) {
	case tenants.CodeInvalid, tenants.CodeForbidden, tenants.CodeFailedPrecondition, tenants.CodeNotFound:
		return true
	case tenants.CodeConflict: // with a resource; one with another run passes
		f, ok := errors.AsType[*automation.Failure](err)
		return ok && f.URN != ""
	}
	return false
}

// final tells whether an infrastructure step is not tried again whose last try
// ended with err, and whose tries are t, that one included. A conflict is that of a
// run which another process has not ended yet, and is waited for.
func final(err error, t tenants.Tries, within time.Duration, now time.Time) bool {
	long := now.Sub(t.Since) >= within
	switch code := tenants.CodeOf(err); {
	case stays(err):
		return true
	case code == tenants.CodeConflict:
		return long
	case t.Failed > 1 && long:
		return true
	case code == tenants.CodeUnavailable:
		return t.Failed >= unavailableTries
	}
	return t.Failed >= internalTries
}

// givenUp tells whether an activity that only reads, writes and tells is not tried
// again whose try-th try ended with err, that long after it was asked for.
func givenUp(err error, try int, waited time.Duration) bool {
	switch tenants.CodeOf(err) {
	case tenants.CodeUnavailable, tenants.CodeConflict:
		return stays(err) || (try >= unavailableTries && waited >= lightPatience)
	}
	return stays(err) || try >= internalTries
}

// briefly bounds the work of such an activity, so that it has the time to say what it
// waited for in vain.
func briefly(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, lightTry-5*time.Second)
}

// lightly makes the error with which an activity ends that only reads, writes and tells.
func lightly(ctx context.Context, err error, now time.Time, d detail) error {
	waited := time.Duration(0)
	if activity.IsActivity(ctx) {
		waited = now.Sub(activity.GetInfo(ctx).ScheduledTime)
	}
	return told(err, givenUp(err, tryOf(ctx), waited), d)
}

// detail is what an activity's error tells the workflow beside its text.
type detail struct {
	// Unchanged says that the step has changed nothing.
	Unchanged bool `json:"unchanged,omitempty"`
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
			c.Unchanged = d.Unchanged
		}
	}
	return c
}
