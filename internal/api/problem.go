package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

// refusal is an error with a status of its own, where the code does not tell it.
type refusal struct {
	status int
	header http.Header
	error
}

func (r *refusal) Unwrap() error { return r.error }

// refuse makes a refusal with a status of its own.
func refuse(status int, code tenants.Code, format string, args ...any) error {
	return &refusal{status: status, error: tenants.Errorf(code, format, args...)}
}

// statusOf gives the HTTP status of an error.
func statusOf(err error) int {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.status
	}
	if errors.Is(err, auth.ErrUnauthenticated) {
		return http.StatusUnauthorized
	}
	if errors.Is(err, tenants.ErrKeyUsed) {
		return http.StatusUnprocessableEntity
	}
	switch tenants.CodeOf(err) {
	case tenants.CodeInvalid:
		return http.StatusBadRequest
	case tenants.CodeNotFound:
		return http.StatusNotFound
	case tenants.CodeConflict, tenants.CodeFailedPrecondition:
		return http.StatusConflict
	case tenants.CodeForbidden:
		return http.StatusForbidden
	case tenants.CodeUnavailable:
		return http.StatusServiceUnavailable
	case tenants.CodeInternal:
	}
	return http.StatusInternalServerError
}

// problem is an error as it is answered: a handler's error that huma writes as it is.
type problem struct {
	wire.Problem
	header http.Header
}

var (
	_ huma.StatusError       = (*problem)(nil)
	_ huma.HeadersError      = (*problem)(nil)
	_ huma.ContentTypeFilter = (*problem)(nil)
)

// Error gives the detail.
func (p *problem) Error() string { return p.Detail }

// GetStatus gives the HTTP status.
func (p *problem) GetStatus() int { return p.Status }

// GetHeaders gives what else belongs to the answer.
func (p *problem) GetHeaders() http.Header { return p.header }

// ContentType gives that of problems.
func (p *problem) ContentType(string) string { return wire.ContentProblem }

// newProblem gives an error as it is answered, and logs what is not.
func (s *server) newProblem(ctx context.Context, err error) *problem {
	p := &problem{header: http.Header{}}
	p.Type, p.Status, p.Code, p.CorrelationID = "about:blank", statusOf(err), string(tenants.CodeOf(err)), CorrelationID(ctx)
	p.Title = http.StatusText(p.Status)
	if r, ok := errors.AsType[*refusal](err); ok {
		maps.Copy(p.header, r.header)
	}
	if who, ok := errors.AsType[*auth.UnauthenticatedError](err); ok {
		p.Code, p.Detail = wire.CodeUnauthenticated, who.Reason
		return p
	}
	switch {
	case p.Status == http.StatusServiceUnavailable:
		p.Detail = "the service cannot answer at the moment; try again in a few seconds, a write with the same Idempotency-Key"
		p.header.Set("Retry-After", "2")
	case p.Status >= http.StatusInternalServerError:
		p.Detail = "something went wrong in the server; its log has the cause under this correlation id"
	default:
		if known, ok := errors.AsType[*tenants.Error](err); ok {
			p.Detail, p.Errors = known.Message, problemFields(known.Fields)
		}
		if p.Detail == "" {
			p.Detail = "the request is wrong; see the errors of its fields"
		}
	}
	if p.Status >= http.StatusInternalServerError {
		s.logger(ctx).ErrorContext(ctx, "request failed", "status", p.Status, "error", err)
	}
	return p
}

// maxShown is how many characters of a value a problem repeats.
const maxShown = 80

func problemFields(fields []tenants.FieldError) []wire.ProblemField {
	var out []wire.ProblemField
	for _, f := range fields {
		field := wire.ProblemField{Field: f.Field, Value: shown(f.Value), Allowed: f.Allowed}
		switch {
		case f.Value == "" && f.Allowed == "":
			field.Message = "is wrong"
		case f.Value == "":
			field.Message = "is missing; allowed: " + f.Allowed
		default:
			field.Message = fmt.Sprintf("is %q; allowed: %s", field.Value, f.Allowed)
		}
		out = append(out, field)
	}
	return out
}

// shown cuts a long value.
func shown(value string) string {
	if r := []rune(value); len(r) > maxShown {
		return string(r[:maxShown]) + "..."
	}
	return value
}

// writeProblem answers with an error, outside what huma writes.
func (s *server) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := s.newProblem(r.Context(), err)
	header := w.Header()
	for name, values := range p.header {
		header[name] = values
	}
	body, err := json.Marshal(p.Problem)
	if err != nil { // it is made of texts and a number
		body = []byte(`{}`)
	}
	header.Set("Content-Type", wire.ContentProblem)
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	// Whoever went away needs no answer.
	_, _ = w.Write(append(body, '\n'))
}

var _ auth.ErrorWriter = (*server)(nil)

// WriteError answers a request that package auth refuses.
func (s *server) WriteError(w http.ResponseWriter, r *http.Request, err error) {
	s.writeProblem(w, r, err)
}

// transform makes problems of the errors that huma makes itself, when a request
// does not have the shape that the document says.
func (s *server) transform(ctx huma.Context, _ string, v any) (any, error) {
	if p, ok := v.(*problem); ok {
		return p.Problem, nil
	}
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	var err error
	switch model.Status {
	case http.StatusUnsupportedMediaType:
		err = refuse(model.Status, tenants.CodeInvalid, "the body is of a kind that is not read here; send application/json")
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		err = &tenants.Error{Code: tenants.CodeInvalid, Message: shapeMessage(model), Fields: shapeFields(model.Errors)}
	default:
		err = fmt.Errorf("huma answers %d: %s: %v", model.Status, model.Detail, model.Errors)
	}
	p := s.newProblem(ctx.Context(), err)
	if settable, ok := ctx.(*shaped); ok {
		settable.status = p.Status
	}
	for name, values := range p.header {
		ctx.SetHeader(name, values[0])
	}
	return p.Problem, nil
}

// shaped is a request's context in which the status of a problem that huma has
// chosen is replaced by ours.
type shaped struct {
	inner
	status int
}

// inner is embedded under another name than that of its method.
type inner = huma.Context

// Unwrap gives the context below.
func (c *shaped) Unwrap() huma.Context { return c.inner }

// SetStatus begins the answer.
func (c *shaped) SetStatus(status int) {
	if c.status != 0 {
		status = c.status
	}
	c.inner.SetStatus(status)
}

func shapeMessage(model *huma.ErrorModel) string {
	if len(model.Errors) == 0 {
		return model.Detail
	}
	return ""
}

// shapeFields names what does not have its shape by the fields of the body and
// the names of parameters.
func shapeFields(details []*huma.ErrorDetail) []tenants.FieldError {
	var fields []tenants.FieldError
	for _, d := range details {
		if d == nil {
			continue
		}
		_, field, _ := strings.Cut(d.Location, ".")
		value := ""
		switch v := d.Value.(type) {
		case string:
			value = v
		case bool, float64, int64:
			value = fmt.Sprint(v)
		}
		allowed := strings.TrimPrefix(d.Message, "expected ")
		switch {
		case d.Location == "body" || strings.HasPrefix(d.Location, "body."):
			field, value, allowed = bodyField(field, value, d.Message)
		case d.Message == "unknown query parameter":
			allowed = "no parameter of this name; see /openapi.json for those there are"
			value = field
		}
		fields = append(fields, tenants.FieldError{Field: field, Value: value, Allowed: allowed})
	}
	return fields
}

// bodyField says what is wrong with the shape of a body, or of a field of it.
func bodyField(field, value, message string) (name, shown, allowed string) {
	if rest, ok := strings.CutPrefix(message, "expected required property "); ok {
		name, _, _ := strings.Cut(rest, " ")
		if field != "" {
			name = field + "." + name
		}
		return name, "", "a value"
	}
	switch {
	case message == "unexpected property":
		return field, "(given)", "no field of this name; see /openapi.json for those there are"
	case field == "":
		// What a decoder says names types of this program.
		return "body", "", "a JSON object, as /openapi.json describes it"
	}
	return field, value, strings.TrimPrefix(message, "expected ")
}
