package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/api/client"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// The exit codes; rootLong says what they mean.
const (
	exitDone         = 0
	exitFailed       = 1
	exitInvalid      = 2
	exitRefused      = 3
	exitNotFound     = 4
	exitConflict     = 5
	exitPrecondition = 6
	exitUntold       = 7
	exitInterrupted  = 130
)

// exitCode gives the exit code of an error.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	switch tenants.CodeOf(err) {
	case tenants.CodeInvalid:
		return exitInvalid
	case tenants.CodeForbidden:
		return exitRefused
	case tenants.CodeNotFound:
		return exitNotFound
	case tenants.CodeConflict:
		return exitConflict
	case tenants.CodeFailedPrecondition:
		return exitPrecondition
	}
	return exitFailed
}

// failed is an error with what had come of the command when it happened.
type failed struct {
	err    error
	result any
	report *policies.Report // of the run that was refused; nil when none was
	silent bool             // the result was shown and says what is wrong
	exit   int              // the exit code where it is not the error's own; 0 for none
}

func (f *failed) Error() string { return f.err.Error() }
func (f *failed) Unwrap() error { return f.err }

// withResult attaches what a run came to to its error.
func withResult(err error, result any, runs ...automation.Result) error {
	if err == nil {
		return nil
	}
	f := &failed{err: err, result: result}
	if tenants.CodeOf(err) == tenants.CodeForbidden && len(runs) > 0 {
		if last := runs[len(runs)-1].Report; len(last.Findings) > 0 && !last.Allowed() {
			f.report = &last
		}
	}
	return f
}

// denied is the error of a dry run that the gate would refuse.
func denied(what string) error {
	return &failed{err: tenants.Errorf(tenants.CodeForbidden, "%s would be refused by policy", what), silent: true}
}

// invalid is the error of one wrong flag, argument or value.
func invalid(field, value, allowed string) error {
	return tenants.Invalid(tenants.FieldError{Field: field, Value: value, Allowed: allowed})
}

// usage is the error of a command line that cannot be parsed.
func usage(err error) error {
	return &tenants.Error{Code: tenants.CodeInvalid, Message: err.Error() + `; see "tenantform --help"`}
}

// finish shows an error and gives the exit code.
func (a *app) finish(err error) int {
	if err == nil {
		return exitDone
	}
	code := exitCode(err)
	if a.signals.interrupted() && code == exitFailed {
		code = exitInterrupted
	}
	f, _ := errors.AsType[*failed](err)
	if f != nil && f.exit != 0 {
		code = f.exit
	}
	if f != nil && f.silent {
		return code
	}
	if a.flags.output == outputJSON {
		writeJSON(a.out, errorDocument(err, f))
		return code
	}
	for _, line := range problems(err) {
		fmt.Fprintln(a.err, "tenantform: "+line)
	}
	if f != nil && f.report != nil {
		writeFindings(a.err, "  ", f.report.Denials())
	}
	if id := client.CorrelationID(err); id != "" && code == exitFailed {
		fmt.Fprintln(a.err, "tenantform: the control plane's log has more under the correlation id "+id)
	}
	return code
}

// problems gives an error's lines: one for each field that is wrong, otherwise
// one for each error that was joined.
func problems(err error) []string {
	if f, ok := errors.AsType[*failed](err); ok && f.report != nil {
		// The findings follow, each with its reason; the error repeats them in one line.
		head, _, _ := strings.Cut(f.err.Error(), ": refused by policy")
		return []string{head + ": refused by policy, nothing was changed by this run"}
	}
	if joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err); ok {
		var lines []string
		for _, e := range joined.Unwrap() {
			lines = append(lines, problems(e)...)
		}
		return lines
	}
	e, ok := errors.AsType[*tenants.Error](err)
	if !ok || len(e.Fields) == 0 {
		return []string{oneLine(err.Error())}
	}
	var lines []string
	for _, f := range e.Fields {
		lines = append(lines, oneLine(f.String()))
	}
	return lines
}

// oneLine makes one line of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// errorBody is an error in JSON.
type errorBody struct {
	Code     tenants.Code         `json:"code"`
	Message  string               `json:"message"`
	Fields   []tenants.FieldError `json:"fields,omitempty"`
	Findings []policies.Finding   `json:"findings,omitempty"`
	// CorrelationID finds the request in the control plane's logs, where it refused one.
	CorrelationID string `json:"correlationId,omitempty"`
}

type errorAnswer struct {
	Error  errorBody `json:"error"`
	Result any       `json:"result,omitempty"`
}

func errorDocument(err error, f *failed) errorAnswer {
	doc := errorAnswer{Error: errorBody{Code: tenants.CodeOf(err), Message: strings.Join(problems(err), "; "), CorrelationID: client.CorrelationID(err)}}
	if e, ok := errors.AsType[*tenants.Error](err); ok {
		doc.Error.Fields = e.Fields
	}
	if f != nil {
		doc.Result = f.result
		if f.report != nil {
			doc.Error.Findings = f.report.Findings
		}
	}
	return doc
}

// writeJSON writes a value as indented JSON. The values are the command's own;
// one that cannot be encoded is a defect, and is said in place of it.
func writeJSON(w io.Writer, v any) {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		fmt.Fprintf(w, "{\"error\": {\"code\": \"internal\", \"message\": %q}}\n", err.Error())
	}
}

// show answers a command: the value as JSON, or what text writes.
func (a *app) show(v any, text func(io.Writer)) {
	a.progress.pause(func() {
		if a.flags.output == outputJSON {
			writeJSON(a.out, v)
			return
		}
		text(a.out)
	})
}
