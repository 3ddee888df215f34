package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	got := must(t, t.TempDir(), "version", "-o", "json")
	v := decode[versionInfo](t, got)
	if v.Go == "" || v.Platform == "" || v.PulumiSDK == "" || v.MinPulumi == "" {
		t.Errorf("%+v", v)
	}
	if text := must(t, t.TempDir(), "version").out; !strings.HasPrefix(text, "tenantform ") || !strings.Contains(text, v.MinPulumi) {
		t.Errorf("%q", text)
	}
}

func TestAFlagWinsOverItsVariable(t *testing.T) {
	got := commandIn(t, t.TempDir(), "", []string{"TENANTFORM_OUTPUT=json"}, "tenant", "list")
	if decode[[]any](t, got); got.code != exitDone {
		t.Errorf("exit code %d", got.code)
	}
	got = commandIn(t, t.TempDir(), "", []string{"TENANTFORM_OUTPUT=json"}, "tenant", "list", "-o", "text")
	if got.out != "there are no tenants yet\n" {
		t.Errorf("%q", got.out)
	}
}

func TestHelpTellsVariablesAndCodes(t *testing.T) {
	got := must(t, t.TempDir(), "--help")
	for _, want := range []string{"TENANTFORM_FUNCTIONS_ACCOUNT", "Exit codes:", "AWS_ENDPOINT_URL", "demo", "doctor", "policy", "stack", "tenant", "function", "completion", "version"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%s is not in the help", want)
		}
	}
	if got.errors != "" {
		t.Errorf("standard error: %s", got.errors)
	}
}

func TestCompletion(t *testing.T) {
	dir := t.TempDir()
	settled(t, dir, "acme")
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := must(t, dir, "completion", shell); !strings.Contains(got.out, "tenantform") {
			t.Errorf("%s: no script", shell)
		}
	}
	if got := must(t, dir, "__complete", "tenant", "get", ""); !strings.HasPrefix(got.out, "acme\n") {
		t.Errorf("tenants: %q", got.out)
	}
	if got := must(t, dir, "__complete", "tenant", "move", "acme", "--tier", ""); !strings.HasPrefix(got.out, "free\nstandard\npremium\n") {
		t.Errorf("tiers: %q", got.out)
	}
}

func TestDoctor(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	got := must(t, dir, "doctor", "-o", "json")
	states := map[string]string{}
	for _, f := range decode[[]finding](t, got) {
		states[f.Name] = f.State
	}
	for _, name := range []string{"pulumi", "directory", "tiers", "policies", "target", "local cloud", "runs"} {
		if states[name] != stateOK {
			t.Errorf("%s is %q, want ok: %s", name, states[name], got.out)
		}
	}
}

func TestDoctorSaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "")
	t.Setenv("TENANTFORM_PULUMI", filepath.Join(dir, "nothing"))
	cases := []struct {
		name, check, do string
		args            []string
	}{
		{"pulumi", "pulumi", "make build", nil},
		{"directory", "directory", "--dir", []string{"--dir", filepath.Join(dir, "file", "below")}},
		{"tiers", "tiers", "correct the file", []string{"--tiers", filepath.Join(dir, "none.yaml")}},
		{"target", "target", "set what is named", []string{"--target", "aws"}},
	}
	for _, c := range cases {
		got := command(t, dir, append([]string{"doctor", "-o", "json"}, c.args...)...)
		if got.code != exitPrecondition {
			t.Errorf("%s: exit code %d", c.name, got.code)
		}
		found := false
		for _, f := range decode[[]finding](t, got) {
			found = found || f.Name == c.check && f.State == stateMissing && strings.Contains(f.Do, c.do)
		}
		if !found {
			t.Errorf("%s is not told to be missing: %s", c.name, got.out)
		}
	}
}

func TestDoctorSeesWhatAKilledRunLeft(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "leases", "tenant-acme.lease"), `{"pid": 1}`)
	write(t, filepath.Join(dir, "state", ".pulumi", "locks", "organization", "tenantform", "tenant-acme", "x.json"), "{}")
	write(t, filepath.Join(dir, "runs", "tenant-acme-1", "Pulumi.yaml"), "")
	before := tree(t, dir)
	got := must(t, dir, "doctor")
	for _, want := range []string{"were killed: tenant-acme", "of Pulumi, on: tenant-acme", "1 left in runs/"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is not told:\n%s", want, got.out)
		}
	}
	if tree(t, dir) != before {
		t.Error("doctor changed something")
	}
}
