package auth

import (
	"errors"

	"github.com/tenantform/tenantform/tenants"
)

// ErrUnauthenticated is what every *UnauthenticatedError is: nobody is known to
// have sent the request. What a known sender may not do is a tenants.Error with
// tenants.CodeForbidden; a provider that cannot be asked is one with
// tenants.CodeUnavailable.
var ErrUnauthenticated = errors.New("unauthenticated")

// The codes of RFC 6750, section 3.1, that answers to unauthenticated requests carry.
const (
	CodeInvalidRequest = "invalid_request" // the token is not given as it should be
	CodeInvalidToken   = "invalid_token"   // the token is not, or no longer, accepted
)

// UnauthenticatedError says why a request is not accepted as anybody's.
type UnauthenticatedError struct {
	Code   string // CodeInvalidRequest or CodeInvalidToken; empty where no token was given
	Reason string // what is wrong and what to do; safe to show
}

// Error gives the reason.
func (e *UnauthenticatedError) Error() string {
	if e.Reason == "" {
		return ErrUnauthenticated.Error()
	}
	return ErrUnauthenticated.Error() + ": " + e.Reason
}

// Is makes errors.Is(err, ErrUnauthenticated) true.
func (e *UnauthenticatedError) Is(target error) bool { return target == ErrUnauthenticated }

// refuse makes the error for a token that is not accepted.
func refuse(reason string) error {
	return &UnauthenticatedError{Code: CodeInvalidToken, Reason: reason}
}

func malformed(reason string) error {
	return &UnauthenticatedError{Code: CodeInvalidRequest, Reason: reason}
}

// unavailable makes the error for a provider that cannot be asked; cause is for logs.
func unavailable(cause error) error {
	return &tenants.Error{Code: tenants.CodeUnavailable, Cause: cause,
		Message: "tokens cannot be verified now, as the keys of their issuer cannot be fetched; try again in a few seconds"}
}
