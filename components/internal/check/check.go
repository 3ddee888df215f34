// Package check collects what is wrong with a component's arguments, so that a
// component can refuse them all at once and before anything is registered.
package check

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tenantform/tenantform/tenants"
)

// Args collects the faults of one component's arguments. Make it with New.
type Args struct {
	component string
	name      string
	fields    []tenants.FieldError
}

// New starts the checks of a component, "network" for example, that is to be
// registered under a logical name. An empty name is itself a fault.
func New(component, name string) *Args {
	a := &Args{component: component, name: name}
	if name == "" {
		a.Fault("name", "", "a logical name of 1 character or more")
	}
	return a
}

// Fault records that an argument has a value that is not allowed.
func (a *Args) Fault(argument, value, allowed string) {
	a.fields = append(a.fields, tenants.FieldError{Field: argument, Value: value, Allowed: allowed})
}

// Needs records a fault when a required argument is not given.
func (a *Args) Needs(argument string, given bool, allowed string) {
	if !given {
		a.Fault(argument, "", allowed)
	}
}

// Name checks a physical name against a service's rule: the characters that
// pattern allows and at most limit of them.
func (a *Args) Name(argument, value string, limit int, pattern *regexp.Regexp) {
	if value == "" || utf8.RuneCountInString(value) > limit || !pattern.MatchString(value) {
		a.Fault(argument, value, fmt.Sprintf("1 to %d characters that match %s", limit, pattern))
	}
}

// OneOf checks that a value is one of those listed.
func (a *Args) OneOf(argument, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		a.Fault(argument, value, "one of "+strings.Join(allowed, ", "))
	}
}

// Between checks an integer against inclusive limits; unit is for the message
// and may be empty.
func (a *Args) Between(argument string, value, low, high int, unit string) {
	if value < low || value > high {
		a.Fault(argument, strconv.Itoa(value), strings.TrimSpace(fmt.Sprintf("%d to %d %s", low, high, unit)))
	}
}

// Positive checks a rate, a number of requests for example.
func (a *Args) Positive(argument string, value float64) {
	if !(value > 0) {
		a.Fault(argument, strconv.FormatFloat(value, 'g', -1, 64), "more than 0")
	}
}

// Retention checks a log retention in days: one that CloudWatch Logs accepts.
func (a *Args) Retention(argument string, days int) {
	allowed := tenants.LogRetentionDays()
	if slices.Contains(allowed, days) {
		return
	}
	words := make([]string, len(allowed))
	for i, d := range allowed {
		words[i] = strconv.Itoa(d)
	}
	a.Fault(argument, strconv.Itoa(days), "one of "+strings.Join(words, ", ")+" days")
}

// Within adds the faults of a part, a group of arguments that checks itself,
// under the argument that holds it.
func (a *Args) Within(argument string, faults []tenants.FieldError) {
	for _, f := range faults {
		a.Fault(argument+"."+f.Field, f.Value, f.Allowed)
	}
}

// Add adds faults whose fields already name the argument.
func (a *Args) Add(faults []tenants.FieldError) { a.fields = append(a.fields, faults...) }

// Err gives one CodeInvalid error that names the component and every faulty
// argument with its value and what is allowed; nil when there is none.
func (a *Args) Err() error {
	if len(a.fields) == 0 {
		return nil
	}
	return &tenants.Error{
		Code:    tenants.CodeInvalid,
		Message: fmt.Sprintf("component %s %q is not made", a.component, a.name),
		Fields:  a.fields,
	}
}
