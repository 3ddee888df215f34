package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tenantform/tenantform/tenants"
)

// SpecVersion is the version of CloudEvents that is spoken.
const SpecVersion = "1.0"

// ContentType is the media type of an event as a message's body. Source:
// "JSON Event Format for CloudEvents", version 1.0.2, section 3.
const ContentType = "application/cloudevents+json"

// MaxSize is how many bytes an event's JSON may have. A message of SNS has
// 256 KiB with its attributes ("Publish", Amazon SNS API Reference); a part is
// left to those.
const MaxSize = 240 << 10

// maxText is how many characters an id, source, type or subject may have.
const maxText = 256

// Event is a CloudEvent whose data is JSON. The extension correlationid ties it to
// the request that began everything; traceparent is that of the extension
// "Distributed Tracing". The zero value is not valid.
type Event struct {
	SpecVersion string `json:"specversion" enum:"1.0"`
	// ID names the event among those of its source; one that is sent again has the same.
	ID string `json:"id" min:"1" max:"256"`
	// Source says who sent it: a URI reference, "/tenantform" or "/services/billing" for example.
	Source string `json:"source" min:"1" max:"256" format:"uri-reference"`
	// Type says what the data is.
	Type string `json:"type" min:"1" max:"256"`
	// Subject is the id of the tenant.
	Subject string `json:"subject,omitempty" max:"256"`
	// Time is when it was made.
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype" enum:"application/json"`
	// CorrelationID is the same in every event, log line and trace of one operation.
	CorrelationID string `json:"correlationid,omitempty" max:"128"`
	// TraceParent is a W3C trace context.
	TraceParent string          `json:"traceparent,omitempty" pattern:"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"`
	Data        json.RawMessage `json:"data"`
}

// Key gives what names the event among all.
func (e Event) Key() string { return e.Source + "\n" + e.ID }

// Validate gives what is wrong with the envelope, nil when nothing is. What the
// data must be depends on the type.
func (e Event) Validate() []tenants.FieldError {
	var fields []tenants.FieldError
	refuse := func(field, value, allowed string) {
		fields = append(fields, tenants.FieldError{Field: field, Value: value, Allowed: allowed})
	}
	if e.SpecVersion != SpecVersion {
		refuse("specversion", e.SpecVersion, SpecVersion)
	}
	text := func(field, value string, required bool) {
		if (required && value == "") || len(value) > maxText || !printable(value) {
			refuse(field, value, fmt.Sprintf("1 to %d printable characters", maxText))
		}
	}
	text("id", e.ID, true)
	text("source", e.Source, true)
	text("type", e.Type, true)
	text("subject", e.Subject, false)
	if _, err := url.Parse(e.Source); err != nil {
		refuse("source", e.Source, "a URI reference")
	}
	if e.Time.IsZero() {
		refuse("time", "", "when the event was made, as RFC 3339 has it")
	}
	if media, _, _ := strings.Cut(e.DataContentType, ";"); !strings.EqualFold(strings.TrimSpace(media), "application/json") {
		refuse("datacontenttype", e.DataContentType, "application/json")
	}
	if len(e.CorrelationID) > tenants.MaxCorrelationLength || !printable(e.CorrelationID) {
		refuse("correlationid", e.CorrelationID, fmt.Sprintf("at most %d printable characters", tenants.MaxCorrelationLength))
	}
	if e.TraceParent != "" && !traceParent.MatchString(e.TraceParent) {
		refuse("traceparent", e.TraceParent, "a W3C trace context")
	}
	if trimmed := bytes.TrimSpace(e.Data); len(trimmed) == 0 || trimmed[0] != '{' || !json.Valid(trimmed) {
		refuse("data", "", "a JSON object")
	}
	return fields
}

// Parse reads an event's JSON. Attributes that it does not know are ignored, as
// CloudEvents asks for. Every error is CodeInvalid; none repeats the data.
func Parse(body []byte) (Event, error) {
	if len(body) > MaxSize {
		return Event{}, tenants.Errorf(tenants.CodeInvalid, "a message has %d bytes; an event has at most %d", len(body), MaxSize)
	}
	var e Event
	if err := json.Unmarshal(body, &e); err != nil {
		return Event{}, tenants.Errorf(tenants.CodeInvalid, "a message is not a CloudEvent in JSON: %w", err)
	}
	if fields := e.Validate(); fields != nil {
		return Event{}, &tenants.Error{Code: tenants.CodeInvalid, Message: "a message is not a CloudEvent " + SpecVersion, Fields: fields}
	}
	return e, nil
}

// Bytes gives the event's JSON. The error is CodeInvalid: for an event that is not
// valid, or has more than MaxSize bytes.
func (e Event) Bytes() ([]byte, error) {
	if fields := e.Validate(); fields != nil {
		return nil, &tenants.Error{Code: tenants.CodeInvalid, Message: fmt.Sprintf("the event %q is not a valid CloudEvent", e.ID), Fields: fields}
	}
	body, err := marshal(e)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "the event %s cannot be written: %w", e.ID, err)
	}
	if len(body) > MaxSize {
		return nil, tenants.Errorf(tenants.CodeInvalid, "the event %s of type %s has %d bytes; a message holds at most %d", e.ID, e.Type, len(body), MaxSize)
	}
	return body, nil
}

// marshal writes JSON with <, > and & as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || (r >= 0x7f && r < 0xa0) })
}
