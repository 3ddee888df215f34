package settings

import (
	"encoding/json"
	"log/slog"
)

// masked is what a secret is shown as.
const masked = "(secret)"

// Secret is a text that shows itself to nobody who does not ask for it by
// Reveal: formatted, logged or encoded it is masked. The zero value is empty.
type Secret struct{ text string }

// NewSecret makes a secret.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal gives the text.
func (s Secret) Reveal() string { return s.text }

// Empty tells whether there is none.
func (s Secret) Empty() bool { return s.text == "" }

// String masks it.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return masked
}

// GoString masks it for %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue masks it in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON masks it in JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }
