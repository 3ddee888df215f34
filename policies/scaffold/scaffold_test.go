package scaffold

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// TestWrite scaffolds two rules side by side, whose tests pass as they are.
func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "policies")
	for _, name := range []string{"topic_name", "other_2"} {
		at, err := Write(dir, name)
		if err != nil || at != filepath.Join(dir, "rules", name) {
			t.Fatal(at, err)
		}
		for _, part := range []string{"rule.rego", "rule_test.rego", "fixtures/pass.json", "fixtures/violates.json", "README.md"} {
			text, err := os.ReadFile(filepath.Join(at, part))
			if err != nil || strings.Contains(string(text), "NAME") {
				t.Errorf("%s: %v\n%s", part, err, text)
			}
		}
	}
	report, err := policies.Test(t.Context(), policies.Own{Name: dir, FS: os.DirFS(dir)})
	if err != nil || !report.Passed() || len(report.Rules) != 2 || len(report.Tests) != 16 {
		t.Fatalf("%+v, %v", report, err)
	}
	for _, r := range report.Rules {
		if r.Coverage != 100 || r.Tests != 6 || r.Passing != 1 || r.Refused != 1 {
			t.Errorf("%+v", r)
		}
	}
}

func TestWriteRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "rules", "mine"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(dir, "mine"); tenants.CodeOf(err) != tenants.CodeConflict {
		t.Errorf("a directory that exists: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "rules", "mine")); len(left) > 0 {
		t.Errorf("it now holds %v", left)
	}
	for _, name := range []string{"", "ab", "../up", "Upper", "a-b", "9lives", "a_test", "default", "a/b", strings.Repeat("a", 61)} {
		if _, err := Write(dir, name); tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("%q: %v", name, err)
		}
	}
}
