package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestTypesAreCurrent fails when the SDK that go.mod names declares other types
// with tags than the bundle lists.
func TestTypesAreCurrent(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil || strings.TrimSpace(string(dir)) == "" {
		t.Skip("the SDK's sources are not in the module cache")
	}
	want, err := taggable(strings.TrimSpace(string(dir)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../bundle/tenantform/aws/data.json")
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Taggable map[string]bool }
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got.Taggable, want) {
		t.Errorf("the bundle lists %d types and the SDK has %d; run go generate ./policies", len(got.Taggable), len(want))
	}
}
