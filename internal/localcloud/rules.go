package localcloud

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// rule says what is wrong with a known value; empty when nothing is. Values of
// a type it does not speak of pass: the type's own check has refused them.
type rule func(v resource.PropertyValue) string

// all wants every rule; the first that is broken speaks.
func all(rules ...rule) rule {
	return func(v resource.PropertyValue) string {
		for _, r := range rules {
			if reason := r(v); reason != "" {
				return reason
			}
		}
		return ""
	}
}

// text makes a rule for strings.
func text(f func(s string) string) rule {
	return func(v resource.PropertyValue) string {
		if !v.IsString() {
			return ""
		}
		return f(v.StringValue())
	}
}

// length wants so many characters.
func length(least, most int) rule {
	return text(func(s string) string {
		if n := utf8.RuneCountInString(s); n < least || n > most {
			return fmt.Sprintf("expected length to be in the range (%d - %d), got %d characters", least, most, n)
		}
		return ""
	})
}

// items wants a list of so many elements.
func items(least, most int) rule {
	return func(v resource.PropertyValue) string {
		if !v.IsArray() {
			return ""
		}
		if n := len(v.ArrayValue()); n < least || n > most {
			return fmt.Sprintf("expected %d to %d items, got %d", least, most, n)
		}
		return ""
	}
}

// pattern wants a string that a regular expression matches; what says it in words.
func pattern(expr, what string) rule {
	re := regexp.MustCompile(expr)
	return text(func(s string) string {
		if !re.MatchString(s) {
			return fmt.Sprintf("must be %s, got %q", what, s)
		}
		return ""
	})
}

// between wants a number in a range, ends included.
func between(least, most float64) rule {
	return func(v resource.PropertyValue) string {
		if !v.IsNumber() || v.NumberValue() >= least && v.NumberValue() <= most {
			return ""
		}
		return fmt.Sprintf("expected to be in the range (%v - %v), got %v", least, most, v.NumberValue())
	}
}

// oneOf wants one of some strings or numbers.
func oneOf(allowed ...any) rule {
	return func(v resource.PropertyValue) string {
		got := plain(v)
		for _, a := range allowed {
			if normal(a) == got {
				return ""
			}
		}
		return fmt.Sprintf("expected to be one of %v, got %v", allowed, got)
	}
}

// cidr wants an IPv4 network in CIDR form without host bits, whose prefix is
// in a range.
func cidr(least, most int) rule {
	return text(func(s string) string {
		p, err := netip.ParsePrefix(s)
		switch {
		case err != nil:
			return fmt.Sprintf("%q is not a valid CIDR block", s)
		case p.Masked() != p:
			return fmt.Sprintf("%q is not a valid IPv4 CIDR block; did you mean %q?", s, p.Masked())
		case p.Bits() < least || p.Bits() > most:
			return fmt.Sprintf("expected %q to contain a network mask between /%d and /%d", s, least, most)
		}
		return ""
	})
}

// arn wants an ARN, of one of some services if any are named.
func arn(services ...string) rule {
	return text(func(s string) string {
		parts := strings.SplitN(s, ":", 6)
		if len(parts) != 6 || parts[0] != "arn" || parts[2] == "" || parts[5] == "" {
			return fmt.Sprintf("%q is not a valid ARN: arn: invalid prefix or not enough sections", s)
		}
		if len(services) == 0 {
			return ""
		}
		for _, service := range services {
			if parts[2] == service {
				return ""
			}
		}
		return fmt.Sprintf("%q is not the ARN of %s", s, strings.Join(services, " or "))
	})
}

// tagPattern is what keys and values of tags may be made of.
var tagPattern = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// tags wants a map of at most 50 tags in the form AWS's tagging allows.
func tags(v resource.PropertyValue) string {
	if !v.IsObject() {
		return ""
	}
	n := 0
	for key, value := range v.ObjectValue() {
		n++
		name := string(key)
		if strings.HasPrefix(strings.ToLower(name), "aws:") {
			return fmt.Sprintf("the key %q begins with aws:, which AWS keeps for itself", name)
		}
		if l := utf8.RuneCountInString(name); l < 1 || l > 128 || !tagPattern.MatchString(name) {
			return fmt.Sprintf("the key %q must have 1 to 128 letters, digits, spaces or _.:/=+-@", name)
		}
		if s := reveal(value); s.IsString() && (utf8.RuneCountInString(s.StringValue()) > 256 || !tagPattern.MatchString(s.StringValue())) {
			return fmt.Sprintf("the value of %q must have at most 256 letters, digits, spaces or _.:/=+-@", name)
		}
	}
	if n > 50 {
		return fmt.Sprintf("a resource can have 50 tags, got %d", n)
	}
	return ""
}

// jsonText wants JSON.
func jsonText(v resource.PropertyValue) string {
	if v.IsString() && !json.Valid([]byte(v.StringValue())) {
		return "contains an invalid JSON"
	}
	return ""
}

// policyDocument wants an IAM policy: its version, and statements with an
// effect, actions and, where it is not a trust policy, resources.
// Source: IAM User Guide, "IAM JSON policy reference".
func policyDocument(v resource.PropertyValue) string {
	var doc map[string]any
	switch {
	case v.IsString():
		if err := json.Unmarshal([]byte(v.StringValue()), &doc); err != nil {
			return "MalformedPolicyDocument: contains an invalid JSON policy: " + err.Error()
		}
	case v.IsObject():
		if hasUnknown(v) {
			return ""
		}
		doc = plainMap(v.ObjectValue())
	default:
		return ""
	}
	if version := doc["Version"]; version != "2012-10-17" && version != "2008-10-17" {
		return fmt.Sprintf("MalformedPolicyDocument: Version must be 2012-10-17 or 2008-10-17, got %v", version)
	}
	statements, ok := doc["Statement"].([]any)
	if one, isObject := doc["Statement"].(map[string]any); isObject {
		statements, ok = []any{one}, true
	}
	if !ok || len(statements) == 0 {
		return "MalformedPolicyDocument: Statement is missing"
	}
	for i, s := range statements {
		if reason := statement(s); reason != "" {
			return fmt.Sprintf("MalformedPolicyDocument: Statement %d %s", i, reason)
		}
	}
	return ""
}

func statement(v any) string {
	s, ok := v.(map[string]any)
	if !ok {
		return "is not an object"
	}
	if e := s["Effect"]; e != "Allow" && e != "Deny" {
		return fmt.Sprintf("has the Effect %v; it must be Allow or Deny", e)
	}
	if s["Action"] == nil && s["NotAction"] == nil {
		return "has neither Action nor NotAction"
	}
	if s["Resource"] == nil && s["NotResource"] == nil && s["Principal"] == nil && s["NotPrincipal"] == nil {
		return "has neither Resource nor Principal"
	}
	return ""
}

func hasUnknown(v resource.PropertyValue) bool {
	v = reveal(v)
	switch {
	case v.IsComputed():
		return true
	case v.IsArray():
		for _, e := range v.ArrayValue() {
			if hasUnknown(e) {
				return true
			}
		}
	case v.IsObject():
		for _, e := range v.ObjectValue() {
			if hasUnknown(e) {
				return true
			}
		}
	}
	return false
}

// keys wants a map whose keys a rule takes.
func keys(r rule) rule {
	return func(v resource.PropertyValue) string {
		if !v.IsObject() {
			return ""
		}
		for name := range v.ObjectValue() {
			if reason := r(resource.NewStringProperty(string(name))); reason != "" {
				return "a key " + reason
			}
		}
		return ""
	}
}

// period wants what an alarm's period may be, in seconds.
// Source: CloudWatch API reference, PutMetricAlarm.
func period(v resource.PropertyValue) string {
	if !v.IsNumber() {
		return ""
	}
	switch n := v.NumberValue(); {
	case n == 10, n == 20, n == 30, n >= 60 && int64(n)%60 == 0:
		return ""
	}
	return fmt.Sprintf("expected 10, 20, 30 or a multiple of 60 seconds, got %v", v.NumberValue())
}
