package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tenantform/tenantform/tenants"
	gomail "github.com/wneessen/go-mail"
)

// Sender sends mails.
type Sender interface {
	// Send sends a message, and returns nil once it is accepted. CodeInvalid means
	// that the message can never be sent, CodeFailedPrecondition that it was refused
	// for good (by the server's rules, or for the sender's address), CodeUnavailable
	// that it may be sent later; after that one the message may have been accepted,
	// unless the error is Untaken.
	Send(ctx context.Context, m Message) error
	// Once tells whether messages of the same ID are one for whoever receives them,
	// however often they are sent.
	Once() bool
}

// Untaken tells of an error of Send whether the message is known not to have been
// accepted: it was refused, or did not come as far as that.
func Untaken(err error) bool {
	switch tenants.CodeOf(err) {
	case tenants.CodeInvalid, tenants.CodeFailedPrecondition:
		return true
	}
	_, ok := errors.AsType[*untaken](err)
	return ok
}

// untaken is an error from before a message was accepted.
type untaken struct{ error }

func (u *untaken) Unwrap() error { return u.error }

// Message is a mail to one recipient. Each field is required but CorrelationID.
type Message struct {
	ID            string // names the mail; 1 to 128 letters, digits, dots, hyphens and underscores
	To            string // the recipient's address, without a name
	Subject       string // one line, at most 200 characters
	Text          string
	HTML          string
	CorrelationID string // of the operation; a header, for whoever looks for a mail
}

// Headers of the project's own.
const (
	HeaderID          = "X-Tenantform-Message-Id"
	HeaderCorrelation = "X-Correlation-Id"
)

const (
	maxSubject = 200     // characters
	maxBody    = 1 << 20 // bytes of a part
	maxAddress = 254     // RFC 5321, section 4.5.3.1.3, without the angle brackets
)

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// Validate gives what is wrong with the message, nil when nothing is.
func (m Message) Validate() []tenants.FieldError {
	var fields []tenants.FieldError
	refuse := func(field, value, allowed string) {
		fields = append(fields, tenants.FieldError{Field: field, Value: value, Allowed: allowed})
	}
	if !idForm.MatchString(m.ID) || strings.Contains(m.ID, "..") {
		refuse("id", m.ID, "1 to 128 letters, digits, single dots, hyphens and underscores")
	}
	if !plainAddress(m.To) {
		refuse("to", m.To, "one address without a name")
	}
	if strings.TrimSpace(m.Subject) == "" || utf8.RuneCountInString(m.Subject) > maxSubject || !oneLine(m.Subject) {
		refuse("subject", m.Subject, fmt.Sprintf("1 to %d characters on one line", maxSubject))
	}
	for field, part := range map[string]string{"text": m.Text, "html": m.HTML} {
		if strings.TrimSpace(part) == "" || len(part) > maxBody || !utf8.ValidString(part) || strings.ContainsRune(part, 0) {
			refuse(field, "", fmt.Sprintf("1 to %d bytes of text", maxBody))
		}
	}
	if !oneLine(m.CorrelationID) || len(m.CorrelationID) > tenants.MaxCorrelationLength {
		refuse("correlationId", m.CorrelationID, fmt.Sprintf("at most %d characters on one line", tenants.MaxCorrelationLength))
	}
	return fields
}

// plainAddress says whether a text is one address and nothing more.
func plainAddress(address string) bool {
	if len(address) > maxAddress || !oneLine(address) {
		return false
	}
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address
}

// oneLine refuses what could end a header or hide in one.
func oneLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || (r >= 0x7f && r < 0xa0) || r == '\u2028' || r == '\u2029'
	})
}

// From is who mails come from.
type From struct {
	Name    string // may be empty
	Address string
}

func (f From) validate() error {
	if !plainAddress(f.Address) || !oneLine(f.Name) {
		return tenants.Invalid(tenants.FieldError{Field: "from", Value: f.Address, Allowed: "one address, and a name on one line"})
	}
	return nil
}

// compose makes the MIME message, which goes out at a time.
func compose(m Message, from From, at time.Time) (*gomail.Msg, error) {
	if fields := m.Validate(); fields != nil {
		return nil, tenants.Invalid(fields...)
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(from.Name, from.Address); err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "the sender's address is refused: %w", err)
	}
	if err := msg.To(m.To); err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "the recipient's address is refused: %w", err)
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetDateWithValue(at)
	msg.Subject(m.Subject)
	msg.SetGenHeader(HeaderID, m.ID)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answers of machines
	if m.CorrelationID != "" {
		msg.SetGenHeader(HeaderCorrelation, m.CorrelationID)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}

// raw gives the MIME message's bytes.
func raw(m Message, from From, at time.Time) ([]byte, error) {
	msg, err := compose(m, from, at)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, tenants.Errorf(tenants.CodeInternal, "the mail %s cannot be written: %w", m.ID, err)
	}
	return b.Bytes(), nil
}
