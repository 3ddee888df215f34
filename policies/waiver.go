package policies

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Waivability says how a rule's findings may be waived.
type Waivability string

// The values. The zero value is none of them and refused.
const (
	WaivableYes   Waivability = "yes"   // for any pattern of resources
	WaivableExact Waivability = "exact" // for resources that are named in full, never by a wildcard
	WaivableNever Waivability = "never"
)

// maxWaiver is for how long a waiver may be given: long enough for a yearly
// review, not for ever.
const maxWaiver = 366 * 24 * time.Hour

// Waiver excuses some findings of a rule for some time.
type Waiver struct {
	Rule string `json:"rule"`
	// Stack and Resource are patterns in which "*" stands for any characters.
	// Resource is held against the URN and against "type name", such as
	// "aws:s3/bucketV2:BucketV2 acme-files".
	Stack    string `json:"stack"`
	Resource string `json:"resource"`
	Reason   string `json:"reason"`
	Owner    string `json:"owner"` // a person or team
	// Expires is the first day on which it no longer holds, at 00:00 UTC.
	Expires time.Time `json:"expires"`
	Source  string    `json:"source,omitempty"` // file and line
}

// WaiverUse is a waiver for the stack of a decision, and what it did there.
type WaiverUse struct {
	Waiver
	Findings int  `json:"findings"` // how many it excused
	Expired  bool `json:"expired"`
}

// Faults gives what is wrong with a waiver for a bundle's rules on a day; none
// when it can be used, also when it has expired. Paths begin with path.
func (w Waiver) Faults(path string, rules []Rule, today time.Time) []tenants.FieldError {
	var faults []tenants.FieldError
	fault := func(field, value, allowed string) {
		faults = append(faults, tenants.FieldError{Field: path + "." + field, Value: value, Allowed: allowed})
	}
	r, ok := find(rules, w.Rule)
	switch {
	case !ok:
		fault("rule", w.Rule, "the id of one rule; \"tenantform policy list\" shows them")
	case r.Waivable == WaivableNever:
		fault("rule", w.Rule, "a rule that may be waived; this one never is")
	case r.Waivable == WaivableExact && strings.Contains(w.Stack+w.Resource, "*"):
		fault("resource", w.Resource, "a stack and a resource named in full: "+w.Rule+" is not waived by a wildcard")
	}
	if strings.TrimSpace(w.Stack) == "" {
		fault("stack", w.Stack, "the name of a stack, or a pattern with *")
	}
	if !namesSomething(w.Resource) {
		fault("resource", w.Resource, "a URN, or a type and a name, or a pattern with a whole type or with 3 characters or more of a name's beginning or end")
	}
	if len([]rune(strings.TrimSpace(w.Reason))) < 10 {
		fault("reason", w.Reason, "why this is accepted, in 10 characters or more")
	}
	if strings.TrimSpace(w.Owner) == "" {
		fault("owner", w.Owner, "who answers for it: a person or team")
	}
	switch {
	case w.Expires.IsZero():
		fault("expires", "", "a day such as 2027-01-31")
	case w.Expires.Sub(today) > maxWaiver:
		fault("expires", w.Expires.Format(time.DateOnly), fmt.Sprintf("a day within a year, until %s", today.Add(maxWaiver).Format(time.DateOnly)))
	}
	return faults
}

// minNamed is how many characters of a name must be fixed.
const minNamed = 3

// wholeType is a resource's type within a pattern, in a URN or before a name.
var wholeType = regexp.MustCompile(`(?:^|::|[$*])([\w.-]+:[\w./-]+:\w+)(?:::| )`)

// namesSomething tells whether a pattern names something that not every resource of a stack
// has: a whole type, the end of a name, or after a space its beginning. The middle
// of a URN names nothing, because the stack's and the project's names are there.
func namesSomething(pattern string) bool {
	parts := strings.Split(strings.TrimSpace(pattern), "*")
	if len(parts) == 1 {
		return parts[0] != ""
	}
	long := func(s string) bool { return len([]rune(strings.TrimSpace(s))) >= minNamed }
	if long(parts[len(parts)-1]) {
		return true
	}
	if _, name, ok := strings.Cut(pattern, " "); ok && long(strings.SplitN(name, "*", 2)[0]) {
		return true
	}
	for _, found := range wholeType.FindAllStringSubmatch(pattern, -1) {
		if !strings.HasPrefix(found[1], "urn:pulumi:") {
			return true
		}
	}
	return false
}

func (w Waiver) expired(now time.Time) bool { return !now.Before(w.Expires) }

// excuses tells whether the waiver is for a finding.
func (w Waiver) excuses(f Finding) bool {
	return w.Rule == f.Rule && f.URN != "" && (matches(w.Resource, f.URN) || matches(w.Resource, TypeAndName(f.URN)))
}

// matches holds a text against a pattern in which "*" stands for any characters.
func matches(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

// TypeAndName gives type and name of a URN, "aws:s3/bucketV2:BucketV2 acme-files",
// and what is no URN as it is.
func TypeAndName(urn string) string {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) != 4 {
		return urn
	}
	return parts[2][strings.LastIndex(parts[2], "$")+1:] + " " + parts[3]
}

func element(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
