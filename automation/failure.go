package automation

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// Failure is the cause of an error of a run that a resource or the engine
// failed: what, where, why, and what to do.
type Failure struct {
	Stack  string
	Phase  Phase
	URN    string // the resource that failed first; empty when it was none
	Type   string // its type; empty as above
	Name   string // its name; empty as above
	Reason string // what the provider, or the engine, said
	Advice string // what to do
	Others int    // how many more resources failed
	// Elsewhere says that somebody on another machine holds the stack's lock, of
	// whom nobody here can tell whether they are alive.
	Elsewhere bool
}

// Error gives it in one line.
func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "stack %s: %s failed", f.Stack, f.Phase)
	if f.URN != "" {
		fmt.Fprintf(&b, " at %s %q (%s)", f.Type, f.Name, f.URN)
	}
	fmt.Fprintf(&b, ": %s", f.Reason)
	switch {
	case f.Others == 1:
		b.WriteString(" (and one more resource failed)")
	case f.Others > 1:
		fmt.Fprintf(&b, " (and %d more resources failed)", f.Others)
	}
	if f.Advice != "" {
		b.WriteString("; " + f.Advice)
	}
	return b.String()
}

// failure classifies what the Automation API answered, together with what was
// seen in the event stream. It is the only place that reads the texts of
// others: from here on the code decides.
func (r *run) failure(phase Phase, err error, w *watcher) error {
	f := &Failure{Stack: r.spec.Name, Phase: phase}
	var code tenants.Code
	switch {
	case is(err, auto.IsConcurrentUpdateError) || strings.Contains(err.Error(), lockedText):
		locks := metLocks(err.Error())
		for _, l := range locks {
			if !l.dead() {
				return r.engine.held(phase, r.spec.Name, l)
			}
		}
		if len(locks) > 0 { // unlock could not take them away
			code, f.Reason = tenants.CodeFailedPrecondition, "the lock of process "+strconv.Itoa(locks[0].PID)+", which is dead, could not be taken away"
			f.Advice = "remove " + locks[0].path + " and run the same command again"
			break
		}
		code, f.Reason = tenants.CodeConflict, "another update of the stack is in progress"
		f.Advice = "wait for it to end; if you know that it is dead, run \"" + r.engine.cancelCommand(r.spec.Name) + "\" and then the same command again"
	case is(err, auto.IsSelectStack404Error):
		code, f.Reason = tenants.CodeNotFound, "the stack does not exist"
	default:
		r.blame(f, w, err)
		rule := classify(f.Reason)
		code, f.Advice = rule.code, rule.advice
	}
	return &tenants.Error{Code: code, Message: f.Error(), Cause: f}
}

// blame finds the resource that failed and what was said of it.
func (r *run) blame(f *Failure, w *watcher, err error) {
	if w != nil {
		var first *diagnostic
		seen := map[string]bool{}
		for i, d := range w.errors {
			if d.urn == "" || typeOf(d.urn) == "pulumi:pulumi:Stack" {
				continue
			}
			if first == nil {
				first = &w.errors[i]
			}
			seen[d.urn] = true
		}
		for _, urn := range w.failed {
			seen[urn] = true
		}
		if first == nil && len(w.errors) > 0 {
			first = &w.errors[0]
		}
		if first != nil {
			f.Reason = first.message
			if first.urn != "" && typeOf(first.urn) != "pulumi:pulumi:Stack" {
				f.URN, f.Type, f.Name = first.urn, typeOf(first.urn), nameOf(first.urn)
				f.Others = len(seen) - 1
			}
			return
		}
	}
	f.Reason = lastWords(err)
}

// class is what a provider's or the engine's words mean.
type class struct {
	pattern *regexp.Regexp
	code    tenants.Code
	advice  string
}

// classes are tried in order. The words are AWS's error codes as its providers
// hand them on, and those of Pulumi's engine.
var classes = []class{
	{regexp.MustCompile(`(?i)Throttl|Rate exceeded|TooManyRequests|RequestLimitExceeded|connection refused|connection reset|i/o timeout|no such host|ServiceUnavailable|InternalFailure|InternalError|context deadline exceeded|plugin .* exited|error reading from server: EOF|transport is closing`),
		tenants.CodeUnavailable, "this passes: run the same command again, it goes on where this one stopped"},
	{regexp.MustCompile(`(?i)AccessDenied|UnauthorizedOperation|not authorized|AuthFailure|ExpiredToken|InvalidClientTokenId|No valid credential sources`),
		tenants.CodeForbidden, "give the credentials that run this the missing permission, or renew them, then run the same command again"},
	{regexp.MustCompile(`(?i)DeletionProtection|deletion protection|DependencyViolation|DeleteConflict|ResourceInUse|BucketNotEmpty|is protected|cannot be deleted`),
		tenants.CodeFailedPrecondition, "something still protects or uses this resource: take that away first, then run the same command again"},
	{regexp.MustCompile(`(?i)LimitExceeded|quota`),
		tenants.CodeFailedPrecondition, "a quota of the account is used up: raise it in AWS Service Quotas or remove what is not needed, then run the same command again"},
	{regexp.MustCompile(`(?i)AlreadyExists|already exists|already owned|AlreadyOwnedByYou|ResourceConflict`),
		tenants.CodeConflict, "a resource of that name exists outside this stack: import it, rename it or remove it, then run the same command again"},
	{regexp.MustCompile(`(?i)InvalidParameter|ValidationException|ValidationError|InvalidInput|MalformedPolicy|BadRequest|property .* (invalid|value|has a problem)|Missing required|unrecognized|failed (its )?check|is not valid`),
		tenants.CodeInvalid, "correct the property it names, then run the same command again"},
	{regexp.MustCompile(`(?i)signal: killed|interrupt|cancell?ed|cancellation`),
		tenants.CodeUnavailable, "the run was stopped: run the same command again, it goes on where this one stopped"},
}

func classify(reason string) class {
	for _, c := range classes {
		if c.pattern.MatchString(reason) {
			return c
		}
	}
	return class{code: tenants.CodeInternal, advice: "what was done so far is recorded: once the cause is mended, run the same command again and it goes on from there"}
}

// denied makes the error for a plan that the gate refused.
func denied(stack string, report policies.Report) error {
	var lines []string
	for _, f := range report.Denials() {
		lines = append(lines, fmt.Sprintf("%s on %s: %s", f.Rule, nameOf(f.URN), f.Message))
	}
	if len(lines) == 0 {
		lines = []string{"no reason was given"}
	}
	return &tenants.Error{Code: tenants.CodeForbidden, Message: fmt.Sprintf("stack %s: refused by policy, nothing was changed: %s", stack, strings.Join(lines, "; "))}
}

// is asks each error of the chain: the Automation API's own predicates do not
// look behind a wrapped error.
func is(err error, pred func(error) bool) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if pred(err) {
			return true
		}
	}
	return false
}

var (
	colours = regexp.MustCompile(`<\{%[^%]*%\}>|\x1b\[[0-9;]*m`)
	spaces  = regexp.MustCompile(`\s+`)
	counted = regexp.MustCompile(`^\d+ errors? occurred: ?\*? ?`)
	leading = regexp.MustCompile(`^(error|warning): `)
)

// clean makes one line of a diagnostic, without colours, repeated heads and the
// values of properties, which may be secret.
func clean(s string) string {
	s = plan.WithoutValues(spaces.ReplaceAllString(colours.ReplaceAllString(s, ""), " "))
	s = strings.TrimSpace(s)
	s = leading.ReplaceAllString(s, "")
	return strings.TrimSpace(counted.ReplaceAllString(s, ""))
}

// lastWords gives what the CLI said before it ended, from an Automation API
// error: that is a record of the whole command with its standard error.
func lastWords(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, "\nstderr: "); i >= 0 {
		tail := clean(text[i+len("\nstderr: "):])
		if tail != "" {
			return tail
		}
	}
	head, _, _ := strings.Cut(text, "\ncode: ")
	return clean(head)
}
