package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tenantform/tenantform/tenants"
)

// SourceControlPlane is the source of the control plane's own events.
const SourceControlPlane = "/tenantform"

// SourceOf gives the source of a business service's events.
func SourceOf(service string) string { return "/services/" + service }

// Context is what an event takes from where it is made. The zero value is fine.
type Context struct {
	Time          time.Time // now, where it is zero
	CorrelationID string
	TraceParent   string
}

// NewRequested makes the event that asks services. The same operation and attempt
// give the same id. The error is CodeInvalid.
func NewRequested(c Context, r Requested) (Event, error) {
	if fields := r.Validate(); fields != nil {
		return Event{}, tenants.Invalid(fields...)
	}
	return c.event(SourceControlPlane, fmt.Sprintf("%s.requested.%d", r.OperationID, r.Attempt), RequestedType(r.Kind), r.Tenant.ID, r)
}

// NewAnswered makes the event of a service's answer for a tenant. The same
// operation, service and attempt give the same id. The error is CodeInvalid.
func NewAnswered(c Context, tenantID string, a Answer) (Event, error) {
	if fields := a.Validate(); fields != nil {
		return Event{}, tenants.Invalid(fields...)
	}
	return c.event(SourceOf(a.Service), fmt.Sprintf("%s.answered.%d", a.OperationID, a.Attempt), TypeAnswered, tenantID, a)
}

// NewFailed makes the event of an operation that failed. What would make the
// message too long is left out, and named in Omitted: first the request, then the
// tenant as it was, then the steps' errors. The error is CodeInvalid.
func NewFailed(c Context, f Failed) (Event, error) {
	if !operationID.MatchString(f.Operation.ID) || strings.TrimSpace(f.Cause.Message) == "" {
		return Event{}, tenants.Errorf(tenants.CodeInvalid, "the failure of the operation %q cannot be told: it needs the operation's id and a cause", f.Operation.ID)
	}
	f.Operation.Steps = append([]tenants.Step(nil), f.Operation.Steps...)
	if f.Operation.Steps == nil {
		f.Operation.Steps = []tenants.Step{}
	}
	if f.Request == nil {
		f.Request = f.Operation.Request
	}
	f.Operation.Request = nil // told once
	shorten := []struct {
		name string
		drop func()
	}{
		{"request", func() { f.Request = nil }},
		{"tenantBefore", func() { f.TenantBefore = nil }},
		{"operation.steps.error", func() {
			for i := range f.Operation.Steps {
				f.Operation.Steps[i].Error = ""
			}
			f.Operation.Error, f.Cause.Message = cut(f.Operation.Error, MaxErrorLength), cut(f.Cause.Message, MaxErrorLength)
		}},
	}
	for i := 0; ; i++ {
		e, err := c.event(SourceControlPlane, f.Operation.ID+".failed", TypeFailed, f.Operation.TenantID, f)
		if err != nil {
			return Event{}, err
		}
		_, err = e.Bytes()
		if err == nil || i == len(shorten) {
			return e, err
		}
		shorten[i].drop()
		f.Omitted = append(f.Omitted, shorten[i].name)
	}
}

// NewUndeliverable makes the event of a message that is given up; id names it
// among those of its queue. A body that is too long is cut. The error is
// CodeInvalid.
func NewUndeliverable(c Context, id string, u Undeliverable) (Event, error) {
	if len(u.Body) > MaxSize/2 {
		u.Body, u.Truncated = u.Body[:MaxSize/2], true
	}
	u.Reason = cut(u.Reason, MaxErrorLength)
	if size(u.Metadata) > MaxSize/8 {
		u.Metadata = nil
	}
	return c.event(SourceControlPlane, cut(id, maxText-len(".undeliverable"))+".undeliverable", TypeUndeliverable, "", u)
}

func size(m map[string]string) (n int) {
	for k, v := range m {
		n += len(k) + len(v) + 8
	}
	return n
}

func (c Context) event(source, id, kind, subject string, data any) (Event, error) {
	body, err := marshal(data)
	if err != nil {
		return Event{}, tenants.Errorf(tenants.CodeInvalid, "the data of the event %s cannot be written: %w", id, err)
	}
	at := c.Time
	if at.IsZero() {
		at = time.Now()
	}
	e := Event{
		SpecVersion: SpecVersion, ID: id, Source: source, Type: kind, Subject: subject, Time: at.UTC(),
		DataContentType: "application/json", CorrelationID: c.CorrelationID, TraceParent: c.TraceParent, Data: body,
	}
	if fields := e.Validate(); fields != nil {
		return Event{}, tenants.Invalid(fields...)
	}
	return e, nil
}

// Requested reads the data of an event of RequestedType. Every error is
// CodeInvalid.
func (e Event) Requested() (Requested, error) {
	var r Requested
	if err := e.decode(&r); err != nil {
		return Requested{}, err
	}
	fields := r.Validate()
	if e.Type != RequestedType(r.Kind) {
		fields = append(fields, tenants.FieldError{Field: "type", Value: e.Type, Allowed: "the type that goes with the kind of the operation"})
	}
	if e.Subject != r.Tenant.ID {
		fields = append(fields, tenants.FieldError{Field: "subject", Value: e.Subject, Allowed: "the tenant's id"})
	}
	if fields != nil {
		return Requested{}, tenants.Invalid(fields...)
	}
	return r, nil
}

// IsRequested says whether the event asks services.
func (e Event) IsRequested() bool {
	return strings.HasPrefix(e.Type, requestedPrefix) && strings.HasSuffix(e.Type, requestedSuffix)
}

// Answer reads the data of an event of TypeAnswered. The source must be that of
// the service that the answer names. Every error is CodeInvalid.
func (e Event) Answer() (Answer, error) {
	if e.Type != TypeAnswered {
		return Answer{}, tenants.Invalid(tenants.FieldError{Field: "type", Value: e.Type, Allowed: TypeAnswered})
	}
	var a Answer
	if err := e.decode(&a); err != nil {
		return Answer{}, err
	}
	fields := a.Validate()
	if e.Source != SourceOf(a.Service) {
		fields = append(fields, tenants.FieldError{Field: "source", Value: e.Source, Allowed: "that of the service that answers"})
	}
	fields = append(fields, tenants.ValidateID("subject", e.Subject)...)
	if fields != nil {
		return Answer{}, tenants.Invalid(fields...)
	}
	return a, nil
}

// decode reads the data; unknown fields are ignored.
func (e Event) decode(into any) error {
	if err := json.NewDecoder(bytes.NewReader(e.Data)).Decode(into); err != nil {
		return tenants.Errorf(tenants.CodeInvalid, "the data of the event %s of type %s cannot be read: %w", e.ID, e.Type, err)
	}
	return nil
}

// cut shortens a text to so many bytes, at a character's border.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const mark = "..."
	end := n - len(mark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}
