package tenants

import (
	"errors"
	"fmt"
	"strings"
)

// Code classifies an error. Callers branch on the code, never on the text.
type Code string

// The codes. An error that carries none is CodeInternal.
const (
	CodeInvalid            Code = "invalid"             // the input is wrong; the same call will fail again
	CodeNotFound           Code = "not_found"           // the thing named does not exist
	CodeConflict           Code = "conflict"            // another operation, or a newer version, is in the way
	CodeForbidden          Code = "forbidden"           // a policy or a permission refuses it
	CodeFailedPrecondition Code = "failed_precondition" // the system is not in a state where this can be done
	CodeUnavailable        Code = "unavailable"         // a passing fault; the same call may succeed later
	CodeInternal           Code = "internal"            // a defect, or a fault that nobody classified
)

// Error is an error with a code, a message that may be shown to a user, and a
// cause that may not. The zero value is an internal error without a message.
type Error struct {
	Code    Code
	Message string       // what is wrong, where, why and what to do; safe to show
	Fields  []FieldError // for CodeInvalid: one entry a field
	Cause   error        // for logs; never shown to a caller of the API
}

// FieldError says what is wrong with one field of an input.
type FieldError struct {
	Source  string `json:"source,omitempty"` // where the value was read, "tiers.yaml:12" for example; may be empty
	Field   string `json:"field"`            // path of the field, "tiers.free.monthlyQuota" for example
	Value   string `json:"value"`            // the value as given; empty when it is missing
	Allowed string `json:"allowed"`          // what would have been accepted
}

// String gives the one line that a person reads; a long value is cut.
func (f FieldError) String() string {
	where := f.Field
	if f.Source != "" {
		where = f.Source + ": " + f.Field
	}
	if f.Value == "" {
		return fmt.Sprintf("%s is missing; allowed: %s", where, f.Allowed)
	}
	return fmt.Sprintf("%s is %s; allowed: %s", where, quote(f.Value), f.Allowed)
}

// Error gives the message, or the fields where there is none.
func (e *Error) Error() string {
	parts := make([]string, 0, 1+len(e.Fields))
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	for _, f := range e.Fields {
		parts = append(parts, f.String())
	}
	if len(parts) == 0 {
		return string(CodeOf(e))
	}
	return strings.Join(parts, "; ")
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an error with a code. An %w in the format becomes its cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// Invalid makes a CodeInvalid error from what is wrong with the fields; it
// returns nil (the untyped nil error) when nothing is.
func Invalid(fields ...FieldError) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Code: CodeInvalid, Fields: fields}
}

// CodeOf gives the code of the first Error in err's chain. It is CodeInternal
// for an error that has none, and empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Code != "" {
		return e.Code
	}
	return CodeInternal
}
