package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/tenants"
)

// TestLifecycle takes a tenant through its life with the real engine and the
// local cloud, by the commands that a user types.
func TestLifecycle(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	create := []string{"tenant", "create", "acme", "--tier", "standard", "--name", "Acme Ltd", "--email", "ops@acme.example"}

	if got := command(t, dir, create...); got.code != exitPrecondition || !strings.Contains(got.errors, `"tenantform stack up pool-a"`) {
		t.Fatalf("creation without its pool: exit code %d: %s", got.code, got.errors)
	}
	if got := command(t, dir, "stack", "outputs", "pool-a"); got.code != exitNotFound {
		t.Errorf("outputs of a stack that is not up: exit code %d: %s", got.code, got.errors)
	}
	if got := must(t, dir, "stack", "up", "pool-a"); !strings.Contains(got.out, "stack pool-a is up: ") || !strings.Contains(got.errors, "create   dynamodb.Table") {
		t.Errorf("up:\n%s%s", got.out, got.errors)
	}

	kept := []string{filepath.Join(dir, "store"), filepath.Join(dir, "cloud"), filepath.Join(dir, "runs"), filepath.Join(dir, "leases")}
	before := tree(t, kept...) + must(t, dir, "stack", "list").out
	if got := must(t, dir, append(create, "--dry-run")...); !strings.Contains(got.out, "+ create   iam.Role acme-pool-a") || !strings.Contains(got.out, "the policies would allow this") {
		t.Errorf("dry run of the creation:\n%s", got.out)
	}
	if tree(t, kept...)+must(t, dir, "stack", "list").out != before {
		t.Error("the dry run changed something")
	}

	must(t, dir, append(create, "--reason", "a new customer", "-q")...)
	view := decode[tenantView](t, must(t, dir, "tenant", "get", "acme", "-o", "json"))
	if view.Tenant.Status != tenants.StatusActive || view.LastOperation == nil || view.LastOperation.Reason != "a new customer" || view.LastOperation.Initiator != "tester" {
		t.Errorf("after the creation: %+v", view)
	}
	if got := command(t, dir, "function", "deploy", "acme", "greet", "--source", write(t, filepath.Join(t.TempDir(), "app.py"), "def handler(e, c): pass\n")); got.code != exitInvalid {
		t.Errorf("a source that is no archive: exit code %d", got.code)
	}
	if got := command(t, dir, "stack", "destroy", "pool-a", "--yes"); got.code != exitPrecondition || !strings.Contains(got.errors, "in use by 1 tenant: acme") {
		t.Errorf("destruction of a pool in use: exit code %d: %s", got.code, got.errors)
	}
	if got := command(t, dir, "stack", "destroy", "tenant-acme", "--yes"); got.code != exitPrecondition || !strings.Contains(got.errors, "tenantform tenant delete acme") {
		t.Errorf("destruction of a tenant's stack: exit code %d: %s", got.code, got.errors)
	}
	moveThereAndDelete(t, dir)
}

func moveThereAndDelete(t *testing.T, dir string) {
	t.Helper()
	if got := command(t, dir, "tenant", "move", "acme", "--tier", "premium", "--dry-run"); got.code != exitPrecondition || !strings.Contains(got.errors, `"tenantform stack up platform"`) {
		t.Errorf("a silo without the platform: exit code %d: %s", got.code, got.errors)
	}
	must(t, dir, "stack", "up", "platform", "-q")
	got := must(t, dir, "tenant", "move", "acme", "--tier", "premium", "--dry-run")
	for _, want := range []string{
		"move of tenant acme from standard to premium: 3 steps", "1. prepare:", "+ create   dynamodb.Table acme-silo", "2. transfer:",
		"3. retire:", "- delete   iam.Role acme-pool-a", "policies: allowed: ", "verdict: the policies would allow this; nothing was changed",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("the dry run of the move does not say %q:\n%s", want, got.out)
		}
	}
	out := decode[direct.Outcome](t, must(t, dir, "tenant", "move", "acme", "--tier", "premium", "--reason", "grew", "-o", "json"))
	if out.Tenant.ID != "acme" || out.Tenant.Tier != "premium" || placement(out.Tenant) != "silo" || len(out.Runs) != 2 || out.Tenant.NetworkCIDR != "10.64.16.0/20" {
		t.Errorf("after the move: %+v", out.Tenant)
	}
	if got := command(t, dir, "stack", "destroy", "platform", "--yes"); got.code != exitPrecondition || !strings.Contains(got.errors, "in use by 1 tenant: acme") {
		t.Errorf("destruction of the platform under a silo: exit code %d: %s", got.code, got.errors)
	}
	if got := must(t, dir, "stack", "refresh", "tenant-acme", "--dry-run"); !strings.Contains(got.out, "nothing to change") {
		t.Errorf("drift:\n%s", got.out)
	}
	if res := decode[automation.Result](t, must(t, dir, "stack", "up", "tenant-acme", "-o", "json")); !res.Plan.Empty() {
		t.Errorf("a second run has changes: %v", res.Changes)
	}
	if got := must(t, dir, "tenant", "delete", "acme", "--dry-run"); !strings.Contains(got.out, "deletionProtectionEnabled: true -> false") || !strings.Contains(got.out, "- delete   dynamodb.Table acme-silo") {
		t.Errorf("dry run of the deletion:\n%s", got.out)
	}
	must(t, dir, "tenant", "delete", "acme", "--yes")
	if got := must(t, dir, "tenant", "list"); got.out != "there are no tenants yet\n" {
		t.Errorf("list: %s", got.out)
	}
	must(t, dir, "stack", "destroy", "pool-a", "--yes")
	must(t, dir, "stack", "destroy", "platform", "--yes")
	if got := must(t, dir, "stack", "list", "-o", "json"); strings.TrimSpace(got.out) != "[]" {
		t.Errorf("stacks: %s", got.out)
	}
	if left := listFiles(filepath.Join(dir, "cloud")); len(left) > 0 {
		t.Errorf("the cloud holds %v", left)
	}
}
