package automation

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

func TestEnvironmentIsMadeNotInherited(t *testing.T) {
	for k, v := range map[string]string{
		"AWS_SECRET_ACCESS_KEY": "canary-secret", "AWS_PROFILE": "prod", "GITHUB_TOKEN": "canary-token",
		"PULUMI_CONFIG_PASSPHRASE": "canary-phrase", "PULUMI_ACCESS_TOKEN": "canary-access", "LC_ALL": "C", "HTTPS_PROXY": "http://127.0.0.1:1",
	} {
		t.Setenv(k, v)
	}
	e := &Engine{dir: t.TempDir(), backend: "file:///x", opts: Options{Home: "/h", Env: map[string]string{"MORE": "1"}}}
	env := e.environment()
	if i := slices.IndexFunc(env, func(kv string) bool { return strings.Contains(kv, "canary") || strings.HasPrefix(kv, "AWS_") }); i >= 0 {
		t.Errorf("the environment holds %s", strings.SplitN(env[i], "=", 2)[0])
	}
	for _, want := range []string{"LC_ALL=C", "HTTPS_PROXY=http://127.0.0.1:1", "MORE=1", "PULUMI_BACKEND_URL=file:///x", "PULUMI_HOME=/h"} {
		if !slices.Contains(env, want) {
			t.Errorf("the environment lacks %s", want)
		}
	}
	e.opts.Pass = AWSEnvironment()
	if env := e.environment(); !slices.Contains(env, "AWS_PROFILE=prod") {
		t.Error("a name that was asked for is not passed on")
	}
}

func TestClassify(t *testing.T) {
	for text, want := range map[string]tenants.Code{
		"ThrottlingException: Rate exceeded":                                                        tenants.CodeUnavailable,
		"api error AccessDenied: User is not authorized to perform: iam:CreateRole":                 tenants.CodeForbidden,
		"LimitExceededException: Cannot exceed quota for PoliciesPerRole: 10":                       tenants.CodeFailedPrecondition,
		"EntityAlreadyExists: Role with name x already exists.":                                     tenants.CodeConflict,
		"ValidationException: Table is protected against deletion. Turn deletion protection off":    tenants.CodeFailedPrecondition,
		"InvalidParameterValueException: The runtime parameter of python2.7 is no longer supported": tenants.CodeInvalid,
		"DependencyViolation: The vpc has dependencies and cannot be deleted.":                      tenants.CodeFailedPrecondition,
		"dial tcp 127.0.0.1:1: connect: connection refused":                                         tenants.CodeUnavailable,
		"something nobody has seen":                                                                 tenants.CodeInternal,
	} {
		c := classify(text)
		if c.code != want {
			t.Errorf("%q is %s, want %s", text, c.code, want)
		}
		if c.advice == "" {
			t.Errorf("%q has no advice", text)
		}
	}
}

func TestDeniedNamesEachFinding(t *testing.T) {
	err := denied("tenant-acme", policies.Report{Findings: []policies.Finding{
		{Rule: "a_rule", URN: "urn:pulumi:s::p::t::one", Message: "is open"},
		{Rule: "b_rule", URN: "urn:pulumi:s::p::t::two", Message: "is bare"},
	}})
	if tenants.CodeOf(err) != tenants.CodeForbidden {
		t.Errorf("code is %s", tenants.CodeOf(err))
	}
	for _, want := range []string{"tenant-acme", "a_rule on one: is open", "b_rule on two: is bare"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"<{%fg 1%}>error: <{%reset%}>1 error occurred:\n\t* creating X: no\n": "creating X: no",
		"  two\n lines ": "two lines",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLeases(t *testing.T) {
	l := leases{dir: t.TempDir()}
	first, err := l.take("a", "stack a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.take("a", "stack a"); tenants.CodeOf(err) != tenants.CodeConflict {
		t.Errorf("a second hold: %v, want conflict", err)
	}
	other, err := l.take("b", "stack b")
	if err != nil {
		t.Fatal(err)
	}
	other.release()
	first.release()
	if left, _ := os.ReadDir(l.dir); len(left) > 0 {
		t.Errorf("released leases leave %v", left)
	}
	again, err := l.take("a", "stack a")
	if err != nil {
		t.Fatalf("after release: %v", err)
	}
	again.release()
}

func TestFileStateRefusesWhatItCannotRead(t *testing.T) {
	s := newFileState("file://" + t.TempDir())
	if newFileState("s3://bucket") != nil {
		t.Error("an object store is taken for a directory")
	}
	dir := s.lockDir("tenant-a")
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "x.json"), []byte("{"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.locks("tenant-a"); tenants.CodeOf(err) != tenants.CodeFailedPrecondition {
		t.Errorf("half a lock: %v, want failed_precondition", err)
	}
	file := s.stackFile("tenant-a")
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte("{"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := readState(file); tenants.CodeOf(err) != tenants.CodeFailedPrecondition {
		t.Errorf("half a state: %v, want failed_precondition", err)
	}
}
