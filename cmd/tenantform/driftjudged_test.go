package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/automation/plan"
)

func TestJudgedAs(t *testing.T) {
	tagged := func(values ...any) plan.Plan {
		p := plan.Plan{Resources: []plan.Resource{{Inputs: map[string]any{"name": "a"}}, {Inputs: map[string]any{"tags": map[string]any{}}}}}
		for _, v := range values {
			p.Resources = append(p.Resources, plan.Resource{Inputs: map[string]any{"tags": map[string]any{"environment": v}}})
		}
		return p
	}
	said := &app{flags: globals{environment: "dev", environmentSaid: true}}
	unsaid := &app{flags: globals{environment: "dev"}}
	for name, tt := range map[string]struct {
		app  *app
		plan plan.Plan
		want string
	}{
		"said":               {said, tagged("production"), "dev"},
		"carried by all":     {unsaid, tagged("staging", "staging"), "staging"},
		"carried by none":    {unsaid, tagged(), "production"},
		"of two minds":       {unsaid, tagged("dev", "staging"), "production"},
		"in production":      {unsaid, tagged("production"), "production"},
		"another word":       {unsaid, tagged("test"), "production"},
		"one cannot be read": {unsaid, tagged("dev", map[string]any{"$secret": true}), "production"},
	} {
		if got := tt.app.judgedAs(tt.plan); got != tt.want {
			t.Errorf("%s: judged as %q, want %q", name, got, tt.want)
		}
	}
}

// TestDriftOfWhatIsNotKnown looks at a stack whose tenant's record cannot be read,
// and is gone: rules of tenancy do not pass it over in silence.
func TestDriftOfWhatIsNotKnown(t *testing.T) {
	dir := twoStacks(t)
	records, err := filepath.Glob(filepath.Join(dir, "store", "tenants", "acme*"))
	if err != nil || len(records) != 1 {
		t.Fatal(records, err)
	}
	record := records[0]
	kept := readFile(t, record)
	own := t.TempDir()
	must(t, dir, "policy", "new", "table_class", "--rules", own)

	write(t, record, strings.Replace(kept, "{", "{{", 1))
	got := command(t, dir, "drift", "--all", "-o", "json")
	if doc := decode[driftDocument](t, got); got.code == exitDone || got.code == exitRefused || doc.Allowed || doc.refusals("tenant-acme") != driftNotSeen+" " || doc.refusals("pool-a") != "" {
		t.Errorf("a record that cannot be read: exit code %d\n%s%s", got.code, got.out, got.errors)
	}
	got = command(t, dir, "policy", "impact", "--bundle", own)
	if got.code == exitDone || !strings.Contains(got.out, "stack tenant-acme: nothing is known of it") {
		t.Errorf("the impact on it: exit code %d\n%s%s", got.code, got.out, got.errors)
	}

	if err := os.Remove(record); err != nil {
		t.Fatal(err)
	}
	got = command(t, dir, "drift", "--all")
	if !strings.Contains(got.out, driftTenantGone+"  (advisory)") || strings.Contains(got.out, driftNotSeen) {
		t.Errorf("no record: exit code %d\n%s%s", got.code, got.out, got.errors)
	}
	if got := command(t, dir, "policy", "impact", "--bundle", own); !strings.Contains(got.out, "stack tenant-acme: the store does not know the tenant") {
		t.Errorf("the impact on it: exit code %d\n%s%s", got.code, got.out, got.errors)
	}

	// What is deployed for dev is judged as such, and as what is said.
	if got := command(t, dir, "drift", "pool-a"); got.code != exitDone || !strings.Contains(got.out, "(advisory)") {
		t.Errorf("judged as dev: exit code %d\n%s%s", got.code, got.out, got.errors)
	}
	if got := command(t, dir, "drift", "pool-a", "--environment", "production"); got.code != exitRefused {
		t.Errorf("judged as production: exit code %d\n%s", got.code, got.out)
	}
}

// TestAccountsOfTheLocalTarget gives the core the account that is the functions' default.
func TestAccountsOfTheLocalTarget(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "plan.json"), previewJSON(t, policyNarrow))
	if got := command(t, dir, "policy", "check", file, "--program", "functions", "--tenant", "acme", "--account", localFunctionsAccount); got.code == exitInvalid {
		t.Error(got.errors)
	}
	if got := command(t, dir, "policy", "check", file, "--account", localAccount, "--functions-account", localAccount); got.code != exitInvalid {
		t.Errorf("the same account twice: exit code %d", got.code)
	}
}
