package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

func TestExitCode(t *testing.T) {
	cases := map[tenants.Code]int{
		tenants.CodeInvalid: 2, tenants.CodeForbidden: 3, tenants.CodeNotFound: 4, tenants.CodeConflict: 5,
		tenants.CodeFailedPrecondition: 6, tenants.CodeUnavailable: 1, tenants.CodeInternal: 1,
	}
	for code, want := range cases {
		err := tenants.Errorf(code, "x")
		for _, e := range []error{err, fmt.Errorf("wrapped: %w", err), &failed{err: err}, errors.Join(err, errors.New("y"))} {
			if got := exitCode(e); got != want {
				t.Errorf("exitCode of %s (%T) = %d, want %d", code, e, got, want)
			}
		}
		if !strings.Contains(rootLong, fmt.Sprintf("\n  %d ", want)) {
			t.Errorf("the help does not tell exit code %d", want)
		}
	}
	if exitCode(nil) != 0 || exitCode(errors.New("x")) != 1 {
		t.Error("nil is not 0, or an error without a code is not 1")
	}
}

func TestProblems(t *testing.T) {
	field := tenants.FieldError{Source: "a.yaml:3", Field: "x", Value: "y", Allowed: "z"}
	cases := []struct {
		name string
		err  error
		want []string
	}{
		{"plain", errors.New("two\nlines"), []string{"two lines"}},
		{"fields", tenants.Invalid(field, field), []string{field.String(), field.String()}},
		{"joined", errors.Join(tenants.Invalid(field), tenants.Errorf(tenants.CodeConflict, "busy")), []string{field.String(), "busy"}},
		{"joined with a result", &failed{err: errors.Join(errors.New("a"), errors.New("b"))}, []string{"a", "b"}},
	}
	for _, c := range cases {
		if got := problems(c.err); strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestRefusalShowsItsFindingsOnce(t *testing.T) {
	err := withResult(tenants.Errorf(tenants.CodeForbidden, "stack x: refused by policy, nothing was changed: %s", "untrusted_function_role on y"), nil,
		automation.Result{Report: sampleReport()})
	var out, errs strings.Builder
	a := &app{out: &out, err: &errs, signals: &signals{}}
	if code := a.finish(err); code != exitRefused {
		t.Errorf("exit code %d", code)
	}
	if n := strings.Count(errs.String(), "untrusted_function_role"); n != 1 {
		t.Errorf("the rule is named %d times:\n%s", n, errs.String())
	}
	for _, want := range []string{"stack x", "aws:iam/role:Role acme-leak-role", "the role allows something", "Take it away."} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("%q is missing:\n%s", want, errs.String())
		}
	}
	a.flags.output = outputJSON
	a.finish(err)
	if !strings.Contains(out.String(), `"code": "forbidden"`) || !strings.Contains(out.String(), `"rule": "untrusted_function_role"`) {
		t.Errorf("JSON: %s", out.String())
	}
}

func TestInterruptedExitCode(t *testing.T) {
	var errs strings.Builder
	a := &app{err: &errs, signals: &signals{}}
	a.signals.count.Store(2)
	if code := a.finish(tenants.Errorf(tenants.CodeUnavailable, "stopped")); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	if code := a.finish(tenants.Errorf(tenants.CodeConflict, "busy")); code != exitConflict {
		t.Errorf("exit code %d, want %d: a signal does not hide what else is wrong", code, exitConflict)
	}
}

func TestNoReportForAPermission(t *testing.T) {
	err := withResult(tenants.Errorf(tenants.CodeForbidden, "AccessDenied"), nil, automation.Result{Report: policies.Report{Verdict: policies.VerdictAllow, Findings: []policies.Finding{}}})
	if f, ok := errors.AsType[*failed](err); !ok || f.report != nil {
		t.Error("an error of AWS is shown as a refusal by policy")
	}
}

func TestErrorsAreJSONWhereAskedFor(t *testing.T) {
	for _, args := range [][]string{
		{"stack", "up", "platform", "--bogus", "-o", "json"}, {"-o", "json", "stack", "up", "platform", "--bogus"},
		{"--output=json", "nonsense"}, {"tenant", "list", "-ojson", "--tiers", "missing.yaml"},
	} {
		var out, errw bytes.Buffer
		code := run(t.Context(), args, strings.NewReader(""), &out, &errw, []string{"TENANTFORM_DIR=" + t.TempDir(), "TENANTFORM_DIRECT=true"})
		var doc struct {
			Error struct {
				Code string `json:"code"`
			} `json:"error"`
		}
		if err := json.Unmarshal(out.Bytes(), &doc); err != nil || doc.Error.Code != "invalid" || code != exitInvalid {
			t.Errorf("%v: exit %d, %v, standard output %q, standard error %q", args, code, err, out.String(), errw.String())
		}
	}
}
