package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

// ResponseError is how the control plane refused a request; the *tenants.Error
// that a method gives has it as its cause.
type ResponseError struct {
	Status        int    // of HTTP
	CorrelationID string // with which the request is found in the control plane's logs; may be empty
	retryAfter    string
}

// Error says what the *tenants.Error does not: the status and the correlation id.
func (e *ResponseError) Error() string {
	text := fmt.Sprintf("HTTP %d", e.Status)
	if e.CorrelationID != "" {
		text += ", correlation id " + e.CorrelationID
	}
	return text
}

// CorrelationID gives the correlation id of the request that an error tells of;
// empty when it tells of none.
func CorrelationID(err error) string {
	if e, ok := errors.AsType[*ResponseError](err); ok {
		return e.CorrelationID
	}
	return ""
}

// Unheard tells whether an error leaves open whether the control plane has done
// what it was asked for: the answer did not come. The same request with the same
// idempotency key finds out.
func Unheard(err error) bool {
	if _, ok := errors.AsType[*unheard](err); ok {
		return true
	}
	e, ok := errors.AsType[*ResponseError](err)
	return ok && (e.Status == http.StatusBadGateway || e.Status == http.StatusGatewayTimeout)
}

// unheard is the cause of an error without an answer.
type unheard struct{ error }

func (e *unheard) Unwrap() error { return e.error }

// tokenError is an error before anything was sent.
type tokenError struct{ error }

func (e *tokenError) Unwrap() error { return e.error }

// public makes the error that a caller gets of one that a try ended with.
func (c *Client) public(ctx context.Context, err error) error {
	if token, ok := errors.AsType[*tokenError](err); ok {
		return token.error
	}
	if e, ok := errors.AsType[*tenants.Error](err); ok {
		return e
	}
	if ctx.Err() != nil {
		return &tenants.Error{Code: tenants.CodeUnavailable, Cause: &unheard{ctx.Err()},
			Message: fmt.Sprintf("the request to the control plane at %s was given up before it was answered", c.base)}
	}
	cause := reason(err)
	why := cause.Error()
	if errors.Is(cause, context.DeadlineExceeded) {
		why = fmt.Sprintf("no answer within %s", c.opts.Timeout)
	}
	return &tenants.Error{Code: tenants.CodeUnavailable, Cause: &unheard{cause},
		Message: fmt.Sprintf("the control plane at %s cannot be reached: %s", c.base, why)}
}

// errNoAnswer stands for errors whose text may hold what the other side sent.
var errNoAnswer = errors.New("its answer is not HTTP, or breaks off")

// reason gives why a try had no answer: an error of the network, of TLS or of
// this package, and errNoAnswer for all others.
func reason(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the method and the address
	}
	_, network := errors.AsType[net.Error](err)
	if network || untrusted(err) || errors.Is(err, http.ErrSchemeMismatch) || errors.Is(err, errSilent) || errors.Is(err, errBroken) {
		return err
	}
	return errNoAnswer
}

// untrusted tells whether an error is that of a server that could not show who
// it is: another try would end as this one did.
func untrusted(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.UnknownAuthorityError](err)
	return ok
}

// refusal makes the error of an answer that is none of success.
func (c *Client) refusal(a answer) error {
	var p wire.Problem
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	said := kind == wire.ContentProblem && json.Unmarshal(a.body, &p) == nil
	cause := &ResponseError{Status: a.status, CorrelationID: p.CorrelationID, retryAfter: a.header.Get("Retry-After")}
	if cause.CorrelationID == "" {
		cause.CorrelationID = strings.TrimSpace(a.header.Get(wire.HeaderCorrelationID))
	}
	if a.status >= 300 && a.status < 400 {
		return &tenants.Error{Code: tenants.CodeFailedPrecondition, Cause: cause,
			Message: fmt.Sprintf("%s sends its clients to another address, %q, and the token goes nowhere else; if that is the control plane, use its address", c.base, shorten(a.header.Get("Location")))}
	}
	e := &tenants.Error{Code: code(a.status, p.Code), Message: p.Detail, Cause: cause}
	for _, f := range p.Errors {
		e.Fields = append(e.Fields, tenants.FieldError{Field: f.Field, Value: f.Value, Allowed: or(f.Allowed, f.Message)})
	}
	switch {
	case !said:
		e.Message = fmt.Sprintf("%s answered %d %s, and not in the control plane's form; is it its address?", c.base, a.status, http.StatusText(a.status))
	case e.Message == "" && len(e.Fields) == 0:
		e.Message = or(p.Title, fmt.Sprintf("the control plane answered %d %s", a.status, http.StatusText(a.status)))
	}
	if len(e.Fields) > 0 {
		e.Message = "" // it sums the fields up, which follow
	}
	if d, ok := retryAfter(cause.retryAfter, time.Now()); ok && d > c.opts.MaxPause {
		e.Message += fmt.Sprintf("; ask again in %s", d.Round(time.Second))
	}
	return e
}

// shorten cuts a text that somebody else wrote to what an error may hold of it.
func shorten(s string) string { return s[:min(len(s), 200)] }

// code gives the code of an answer: what its body says, where that is a code, or
// what its status means.
func code(status int, said string) tenants.Code {
	known := []tenants.Code{tenants.CodeInvalid, tenants.CodeNotFound, tenants.CodeConflict, tenants.CodeForbidden,
		tenants.CodeFailedPrecondition, tenants.CodeUnavailable, tenants.CodeInternal}
	if c := tenants.Code(said); slices.Contains(known, c) {
		return c
	}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return tenants.CodeForbidden
	case http.StatusNotFound, http.StatusGone:
		return tenants.CodeNotFound
	case http.StatusConflict, http.StatusPreconditionFailed:
		return tenants.CodeConflict
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return tenants.CodeUnavailable
	case http.StatusInternalServerError:
		return tenants.CodeInternal
	}
	if status >= 500 {
		return tenants.CodeInternal
	}
	return tenants.CodeInvalid
}
