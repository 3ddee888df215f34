package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/tenantform/tenantform/tenants"
)

// noToken is the reason where a request says nothing of who sends it.
const noToken = "send a token in the header Authorization: Bearer <token>"

// TokenVerifier makes a Principal of a token, as a Verifier does.
type TokenVerifier interface {
	Verify(ctx context.Context, token string) (Principal, error)
}

var _ TokenVerifier = (*Verifier)(nil)

// ErrorWriter answers a request that is refused. The headers that the refusal
// needs (WWW-Authenticate, Retry-After, Cache-Control) are set already; it writes
// the status, as StatusOf says, and a body that shows nothing but the error's
// public message.
type ErrorWriter interface {
	WriteError(w http.ResponseWriter, r *http.Request, err error)
}

type principalKey struct{}

// NewContext gives a context that carries the principal.
func NewContext(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// FromContext gives the principal that Middleware put into a request's context;
// false, and the zero Principal, which may do nothing, when there is none.
func FromContext(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}

// BearerToken gives the token of a request's header (RFC 6750, section 2.1). It is
// an *UnauthenticatedError when there is none, or more than one Authorization
// header, another scheme, or a token that is longer than MaxTokenLength. Tokens
// in the query or the body are not looked for: they come into logs.
func BearerToken(header http.Header) (string, error) {
	values := header.Values("Authorization")
	switch {
	case len(values) == 0:
		return "", &UnauthenticatedError{Reason: noToken}
	case len(values) > 1:
		return "", malformed("there is more than one Authorization header")
	case len(values[0]) > MaxTokenLength+len("Bearer "):
		return "", malformed("the token is too long")
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", &UnauthenticatedError{Reason: "the scheme of the header Authorization is not Bearer; " + noToken}
	}
	if token == "" {
		return "", malformed("the token is empty; " + noToken)
	}
	return token, nil
}

// Middleware lets requests through whose token the verifier accepts, with the
// Principal in their context. The writer answers the others; nil is ProblemWriter.
func Middleware(verifier TokenVerifier, writer ErrorWriter) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, err := BearerToken(r.Header)
			if err != nil {
				Refuse(w, r, writer, err)
				return
			}
			p, err := verifier.Verify(r.Context(), token)
			if err != nil {
				Refuse(w, r, writer, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), p)))
		})
	}
}

// Require lets requests through whose principal has a permission for the tenant
// that the request is about; tenantOf names it, nil or an empty text is none. It
// belongs inside Middleware: a request without a principal is unauthenticated.
func Require(permission Permission, tenantOf func(*http.Request) string, writer ErrorWriter) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tenantID := ""
			if tenantOf != nil {
				tenantID = tenantOf(r)
			}
			p, _ := FromContext(r.Context())
			if err := Authorize(p, permission, tenantID); err != nil {
				Refuse(w, r, writer, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Refuse answers a request with an error of this package: it sets the headers that
// the error needs and lets the writer do the rest; nil is ProblemWriter.
func Refuse(w http.ResponseWriter, r *http.Request, writer ErrorWriter, err error) {
	w.Header().Set("Cache-Control", "no-store")
	if who, ok := errors.AsType[*UnauthenticatedError](err); ok {
		challenge := `Bearer realm="tenantform"`
		if who.Code != "" {
			challenge += `, error="` + who.Code + `", error_description="` + description(who.Reason) + `"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
	}
	if tenants.CodeOf(err) == tenants.CodeUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	if writer == nil {
		writer = ProblemWriter{}
	}
	writer.WriteError(w, r, err)
}

// description keeps the characters that RFC 6750, section 3, allows in error_description.
func description(reason string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return '\''
		}
		return r
	}, reason)
}

// StatusOf gives the HTTP status of an error of this package: 401, 403, 503, and
// 500 for any other.
func StatusOf(err error) int {
	switch {
	case errors.Is(err, ErrUnauthenticated):
		return http.StatusUnauthorized
	case tenants.CodeOf(err) == tenants.CodeForbidden:
		return http.StatusForbidden
	case tenants.CodeOf(err) == tenants.CodeUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// ProblemWriter answers with problem details (RFC 9457).
type ProblemWriter struct{}

var _ ErrorWriter = ProblemWriter{}

// WriteError writes the status, title and public message of an error.
func (ProblemWriter) WriteError(w http.ResponseWriter, _ *http.Request, err error) {
	problem := struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
		Code   string `json:"code"`
	}{Type: "about:blank", Status: StatusOf(err), Code: string(tenants.CodeOf(err))}
	problem.Title = http.StatusText(problem.Status)
	if who, ok := errors.AsType[*UnauthenticatedError](err); ok {
		problem.Detail, problem.Code = who.Reason, "unauthenticated"
	} else if known, ok := errors.AsType[*tenants.Error](err); ok {
		problem.Detail = known.Message
	}
	body, err := json.Marshal(problem)
	if err != nil {
		http.Error(w, problem.Title, problem.Status)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(problem.Status)
	// Whoever went away needs no answer.
	_, _ = w.Write(append(body, '\n'))
}
