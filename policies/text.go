package policies

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/tenantform/tenantform/automation/plan"
)

// Text shows a value of a plan to a person: text as it is, everything else as
// JSON on one line, secrets as "[secret]", unknowns as "[unknown]", and the
// whole shortened to MaxValue characters. Nil is empty.
func Text(v any) string {
	if v == nil {
		return ""
	}
	v = shown(plan.Mark(v))
	s, ok := v.(string)
	if !ok {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			return "[unprintable]"
		}
		s = string(bytes.TrimSpace(b.Bytes()))
	}
	if utf8.RuneCountInString(s) > MaxValue {
		s = string([]rune(s)[:MaxValue-1]) + "…"
	}
	return s
}

// shown replaces marked values by what a person reads.
func shown(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v[plan.SecretKey] == true {
			return "[secret]"
		}
		if v[plan.UnknownKey] == true {
			return "[unknown]"
		}
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = shown(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = shown(e)
		}
		return out
	}
	return v
}

// digest makes the digest of a finding of its value and message.
func digest(value any, message string) string {
	text, err := json.Marshal([]any{plan.Mark(value), message})
	if err != nil {
		return "" // of what is no JSON; such a finding is in no baseline
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// strict decodes one JSON value and refuses unknown fields and what follows it.
func strict(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the value")
	}
	return nil
}
