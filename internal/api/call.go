package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

// How many refused writes of a principal come into the audit journal; the others
// are counted.
const (
	refusedPerSecond = 0.1
	refusedBurst     = 10
)

// call is what is known of a request.
type call struct {
	method, path string
	route        string // as in the document; empty where there is none
	principal    auth.Principal
	role         auth.Role         // in which the principal may do it
	operation    tenants.Operation // of routes about an operation
	body         []byte            // of a write
	query        url.Values
}

type callKey struct{}

// callOf gives a request's call; handlers always have one.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

func (c *call) isWrite() bool { return c.method != http.MethodGet && c.method != http.MethodHead }

func (c *call) isDocs() bool { return c.route == documentPath || c.route == docsPath }

// hash gives a digest of what is asked for: method, path, query and body, however
// the body's JSON is written. A body that is no JSON stands for itself.
func (c *call) hash() string {
	body := c.body
	var parsed any
	decoder := json.NewDecoder(bytes.NewReader(c.body))
	decoder.UseNumber()
	if decoder.Decode(&parsed) == nil {
		if canonical, err := json.Marshal(parsed); err == nil {
			body = canonical
		}
	}
	query := url.Values{}
	for name, values := range c.query {
		if name != "dryRun" {
			query[name] = values
		}
	}
	h := sha256.New()
	for _, part := range []string{c.method, c.path, query.Encode(), string(body)} {
		n := sha256.Sum256([]byte(part))
		h.Write(n[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// about says what a request is about, and so for which tenant its sender needs the
// permission.
type about int

const (
	aboutAll       about = iota // no tenant, or all of them
	aboutTenant                 // that of the path
	aboutQuery                  // that of the query parameter tenant, or all
	aboutOperation              // that of the path's operation
	aboutFound                  // one that the handler finds, and authorises
)

// unknown stands for the tenant of an operation that there is not: whoever may
// not read every tenant's cannot tell it from that of another tenant.
const unknown = "(unknown)"

// guard lets a request through whose sender may do what it asks for, with its
// body read.
func (s *server) guard(rt route) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		c := callOf(ctx.Context())
		c.query = r.URL.Query()
		if err := s.authorise(ctx, rt, c); err != nil {
			s.writeProblem(w, r, err)
			return
		}
		if c.isWrite() {
			if err := s.readBody(w, r, c); err != nil {
				s.writeProblem(w, r, err)
				return
			}
		}
		next(&shaped{inner: ctx})
	}
}

// authorise looks the sender's permission up. What is refused of writes comes
// into the audit journal.
func (s *server) authorise(ctx huma.Context, rt route, c *call) error {
	tenantID := ""
	var missing error
	switch rt.about {
	case aboutTenant:
		tenantID = ctx.Param("id")
	case aboutQuery:
		tenantID = c.query.Get("tenant")
	case aboutOperation:
		var err error
		c.operation, err = s.Ledger.Operation(ctx.Context(), ctx.Param("id"))
		tenantID = c.operation.TenantID
		if tenants.CodeOf(err) == tenants.CodeNotFound {
			tenantID, missing = unknown, err
		} else if err != nil {
			return err
		}
	case aboutFound:
		return nil
	case aboutAll:
	}
	role, ok := c.principal.RoleFor(rt.permission, tenantID)
	if !ok {
		err := auth.Authorize(c.principal, rt.permission, tenantID)
		if rt.write {
			s.auditRefused(ctx.Context(), rt, c, tenantID)
		}
		return err
	}
	c.role = role
	return missing
}

// auditRefused records that somebody tried what they may not do.
func (s *server) auditRefused(ctx context.Context, rt route, c *call, tenantID string) {
	hidden, ok := s.refused.counted(c.principal.Subject)
	if !ok {
		return
	}
	details := map[string]any{"route": rt.method + " " + rt.path, "permission": rt.permission, "roles": c.principal.Roles}
	if hidden > 0 {
		details["notRecordedBefore"] = hidden
	}
	if tenants.ValidateID("id", tenantID) != nil {
		tenantID = ""
	}
	entry := tenants.AuditEntry{
		Actor: c.principal.Subject, Action: rt.action + ".refused", TenantID: tenantID, OperationID: c.operation.ID, CorrelationID: CorrelationID(ctx),
		Details: encoded(details),
	}
	if _, err := s.Ledger.AddAudit(ctx, entry); err != nil {
		s.logger(ctx).ErrorContext(ctx, "a refused write could not be recorded", "error", err)
	}
}

// encoded gives a value of ours as JSON; nil for nil.
func encoded(v any) json.RawMessage {
	if v == nil {
		return nil
	}
	data, err := json.Marshal(v)
	if err != nil { // our values are texts, numbers and lists of them
		return nil
	}
	return data
}

// readBody reads the body of a write, as far as it may be long.
func (s *server) readBody(w http.ResponseWriter, r *http.Request, c *call) error {
	control := http.NewResponseController(w)
	// A connection without deadlines, as tests have it, waits for the request's own end.
	_ = control.SetReadDeadline(time.Now().Add(s.limits.Timeout))
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, s.limits.BodyBytes))
	if err == nil {
		_ = control.SetReadDeadline(time.Time{})
		c.body, r.Body = body, io.NopCloser(bytes.NewReader(body))
		return nil
	}
	w.Header().Set("Connection", "close") // the rest is not read
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return refuse(http.StatusRequestEntityTooLarge, tenants.CodeInvalid, "the body is longer than %d bytes", s.limits.BodyBytes)
	}
	if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
		return refuse(http.StatusRequestTimeout, tenants.CodeUnavailable, "the body did not arrive within %s", s.limits.Timeout)
	}
	return refuse(http.StatusBadRequest, tenants.CodeInvalid, "the body could not be read to its end")
}

// entry makes the audit entry of what the call does.
func (c *call) entry(ctx context.Context, action, reason string, details json.RawMessage) tenants.AuditEntry {
	return tenants.AuditEntry{
		Actor: c.principal.Subject, Role: string(c.role), Action: action, Reason: reason, CorrelationID: CorrelationID(ctx),
		Details: details,
	}
}
