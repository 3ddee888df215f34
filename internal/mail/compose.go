package mail

import (
	"bytes"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

//go:embed templates
var templates embed.FS

// Kind is what a mail is about.
type Kind string

// The kinds.
const (
	KindWelcome      Kind = "welcome"       // to the tenant's administrator: everything is ready
	KindMoveDeadline Kind = "move-deadline" // to the tenant's administrator: until when users have time
	KindDeletion     Kind = "deletion"      // to the tenant's administrator: the tenant is deleted
)

// MessageID gives the id of the mail of a kind in an operation.
func MessageID(operationID string, k Kind) string { return string(k) + "." + operationID }

// Product is what the mails are in the name of.
type Product struct {
	Name    string // of the SaaS
	Support string // where its users find help: an address or URL; may be empty
}

// Welcome composes the mail that tells a tenant's administrator that everything is
// ready. The error is CodeInvalid, here and below.
func (p Product) Welcome(o tenants.Operation, t tenants.Tenant) (Message, error) {
	return p.compose(KindWelcome, o, t.AdminEmail, fmt.Sprintf("%s is ready on %s", t.Name, p.Name), view{Tenant: t})
}

// MoveDeadline composes the mail that tells until when users sign in with the
// password that they have.
func (p Product) MoveDeadline(o tenants.Operation, t tenants.Tenant, deadline time.Time) (Message, error) {
	if deadline.IsZero() {
		return Message{}, tenants.Invalid(tenants.FieldError{Field: "deadline", Allowed: "a time"})
	}
	return p.compose(KindMoveDeadline, o, t.AdminEmail, fmt.Sprintf("%s moves on %s: sign in by %s", t.Name, p.Name, shown(deadline)), view{Tenant: t, When: shown(deadline)})
}

// Deletion composes the notice of a deletion that is done.
func (p Product) Deletion(o tenants.Operation, t tenants.Tenant) (Message, error) {
	return p.compose(KindDeletion, o, t.AdminEmail, fmt.Sprintf("%s has been deleted from %s", t.Name, p.Name), view{Tenant: t})
}

// view is what a template sees.
type view struct {
	Product   Product
	Subject   string
	Tenant    tenants.Tenant
	Operation tenants.Operation
	When      string // of the deadline of a move
}

// shown gives a time for people of any time zone.
func shown(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

func (p Product) compose(k Kind, o tenants.Operation, to, subject string, v view) (Message, error) {
	if o.ID == "" {
		return Message{}, tenants.Invalid(tenants.FieldError{Field: "operation.id", Allowed: "the id of an operation"})
	}
	subject = cutRunes(subject, maxSubject)
	v.Product, v.Subject, v.Operation = p, subject, o
	text, err := texttemplate.ParseFS(templates, "templates/"+string(k)+".txt")
	if err != nil {
		return Message{}, tenants.Errorf(tenants.CodeInternal, "the mail %s cannot be composed: %w", k, err)
	}
	html, err := htmltemplate.ParseFS(templates, "templates/layout.html", "templates/"+string(k)+".html")
	if err != nil {
		return Message{}, tenants.Errorf(tenants.CodeInternal, "the mail %s cannot be composed: %w", k, err)
	}
	var plain, rich bytes.Buffer
	if err := text.Execute(&plain, v); err != nil {
		return Message{}, tenants.Errorf(tenants.CodeInternal, "the mail %s cannot be composed: %w", k, err)
	}
	if err := html.ExecuteTemplate(&rich, "layout.html", v); err != nil {
		return Message{}, tenants.Errorf(tenants.CodeInternal, "the mail %s cannot be composed: %w", k, err)
	}
	m := Message{ID: MessageID(o.ID, k), To: to, Subject: subject, Text: strings.TrimSpace(plain.String()) + "\n", HTML: rich.String(), CorrelationID: o.CorrelationID}
	if fields := m.Validate(); fields != nil {
		return Message{}, tenants.Invalid(fields...)
	}
	return m, nil
}

// cutRunes shortens a text to so many characters.
func cutRunes(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-3]) + "..."
}
